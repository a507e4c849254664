//! An unmodified axum `Router` on the servers of all runtimes, with layers of tower-http.

use crate::app;
use crate::child::succeed;
use crate::curl::{curl, curl_text};
use crate::hyper_bodies::{channel, send_pattern};
use crate::hyper_client::{Client, empty, full, whole};
use crate::{pattern, until, within};
use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use http_tokio::ServerHandle;
use std::net::SocketAddr;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cases_public.jsonl");

type Server = (ServerHandle<axum::Router>, SocketAddr);

fn started(server: ServerHandle<axum::Router>) -> Server {
    let address = server.local_addr().tcp().expect("a TCP address");
    (server, address)
}

fn on_tokio() -> Server {
    let listener = http_tokio::ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).expect("a port");
    started(http_tokio::serve(listener, app::router_on_tokio()).spawn())
}

fn on_smol() -> Server {
    let listener = http_smol::ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).expect("a port");
    started(http_smol::serve(listener, app::router()).spawn())
}

fn on_async_std() -> Server {
    let listener = http_std::async_std::ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).expect("a port");
    started(http_std::async_std::serve(listener, app::router()).spawn())
}

fn on_threads() -> Server {
    let listener = http_std::ListenOptions::new().bind(([127, 0, 0, 1], 0).into()).expect("a port");
    started(http_std::serve(listener, app::router()).spawn().expect("threads").into_inner())
}

fn on_all() -> [Server; 4] {
    [on_tokio(), on_smol(), on_async_std(), on_threads()]
}

#[tokio::test]
async fn extractors_and_answers() {
    for (server, address) in on_all() {
        let mut client = Client::connect(address).await;
        for (path, status, content) in [
            ("/", 200, "Hello, World!"),
            ("/users/7/a%20b/c", 200, "user 7, a b/c"),
            ("/search?q=a+b%26c&n=1", 200, "n is 1\nq is a b&c\n"),
            ("/method", 200, "GET"),
            ("/nowhere", 404, ""),
            ("/json", 405, ""),
            ("/panics", 500, ""),
        ] {
            let (response, found) = client.get(path).await;
            assert_eq!((response.status().as_u16(), &found[..]), (status, content.as_bytes()), "{path}");
        }
        assert_eq!(client.get("/users/many/x").await.0.status(), StatusCode::BAD_REQUEST);
        for visit in 1..4 {
            let request = client.request(Method::POST, "/visits", empty());
            assert_eq!(whole(client.send(request).await).await.1, visit.to_string());
        }
        let mut request = client.request(Method::POST, "/json", full(r#"{"why": [1, "ü"]}"#.as_bytes()));
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        let (response, content) = whole(client.send(request).await).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(content, r#"{"answer":42,"question":{"why":[1,"ü"]}}"#);
        let mut request = client.request(Method::GET, "/headers", empty());
        for value in ["one", "two"] {
            request.headers_mut().append("x-many", value.parse().unwrap());
        }
        assert_eq!(whole(client.send(request).await).await.1, "one|two");
        let request = client.request(Method::HEAD, "/", empty());
        let (response, content) = whole(client.send(request).await).await;
        assert_eq!((response.headers()[header::CONTENT_LENGTH].as_bytes(), content.len()), (&b"13"[..], 0));
        assert_eq!(server.connections().len(), 1);
    }
}

#[tokio::test]
async fn bodies() {
    for (server, address) in on_all() {
        let mut client = Client::connect(address).await;
        let lines: String = (0..20_000).map(|line| format!("line {line}\n")).collect();
        assert_eq!(client.get("/stream/20000").await.1, lines);
        let sent = pattern(1 << 20);
        let request = client.request(Method::POST, "/echo", full(&sent));
        assert!(whole(client.send(request).await).await.1 == sent);
        let (sender, content) = channel();
        let request = client.request(Method::POST, "/upload", content);
        let upload = async {
            send_pattern(&sender, 5_000_000).await;
            drop(sender);
        };
        let (response, ()) = tokio::join!(client.send(request), upload);
        assert_eq!(whole(response).await.1, "5000000");
        // The limit, told beforehand and found out.
        for (length, status) in [(app::LIMIT, 200), (app::LIMIT + 1, 413)] {
            let request = client.request(Method::POST, "/limited", full(&pattern(length)));
            assert_eq!(whole(client.send(request).await).await.0.status(), status);
            let (sender, content) = channel();
            let request = client.request(Method::POST, "/limited", content);
            let upload = async {
                send_pattern(&sender, length).await;
                drop(sender);
            };
            let (response, ()) = tokio::join!(client.send(request), upload);
            assert_eq!(whole(response).await.0.status(), status);
        }
        assert_eq!(server.connections().len(), 1);
    }
}

#[tokio::test]
async fn events() {
    for (_server, address) in on_all() {
        let mut client = Client::connect(address).await;
        let (response, content) = client.get("/events").await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let events: String =
            (0..3).map(|id| format!("id: {id}\nevent: count\ndata: {id}\ndata: two lines\n\n")).collect();
        assert_eq!(content, events);
    }
}

#[tokio::test]
async fn an_endless_stream_is_kept_alive() {
    let (server, address) = on_tokio();
    let mut client = Client::connect(address).await;
    // What keeps the stream alive arrives without an event, and its end is noticed.
    let request = client.request(Method::GET, "/ticks", empty());
    let mut response = client.send(request).await;
    for _ in 0..5 {
        let frame = within(response.frame()).await.expect("more").expect("no error");
        assert_eq!(frame.into_data().expect("content"), ": still here\n\n");
    }
    drop((response, client));
    until(|| server.connections().is_empty()).await;
}

#[tokio::test]
async fn layers() {
    for (_server, address) in on_all() {
        let url = format!("http://{address}");
        let lines: String = (0..1000).map(|line| format!("line {line}\n")).collect();
        let stream = format!("{url}/stream/1000");
        let compressed = ["--compressed", "--write-out", "%header{content-encoding} %{size_download}", &stream];
        let told = curl_text(&compressed).await;
        let (encoding, size) = told.strip_prefix(&lines).expect("the lines").split_once(' ').expect("two words");
        assert_eq!(encoding, "gzip");
        assert!(size.parse::<usize>().expect("a number") < lines.len());

        let preflight = ["--include", "--request", "OPTIONS", "--header", "Origin: http://elsewhere.example"];
        let told =
            curl_text(&[&preflight[..], &["--header", "Access-Control-Request-Method: PUT", &url]].concat()).await;
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
        assert!(told.to_lowercase().contains("\r\naccess-control-allow-origin: *\r\n"), "{told}");
    }
}

#[tokio::test]
async fn timeouts() {
    let (_server, address) = on_tokio();
    let mut client = Client::connect(address).await;
    assert_eq!(client.get("/slow").await.0.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn files() {
    let (_server, address) = on_tokio();
    let url = format!("http://{address}/files/cases_public.jsonl");
    let file = std::fs::read(FILE).expect("the file");
    assert!(curl(&[&url], b"").await == file);
    assert!(curl(&["--range", "1000-149999", &url], b"").await == file[1000..150_000]);
    let head = curl_text(&["--head", &url]).await;
    assert!(head.to_lowercase().contains(&format!("\r\ncontent-length: {}\r\n", file.len())), "{head}");
    let modified = head
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("last-modified")));
    let none = ["--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"];
    let since = format!("If-Modified-Since: {}", modified.expect("a date").1);
    let since = ["--header", &since, &url];
    assert_eq!(curl_text(&[&none[..], &since].concat()).await, "304 0");
    let outside = ["--path-as-is", &format!("http://{address}/files/../Cargo.toml")];
    assert_eq!(curl_text(&[&none[..], &outside].concat()).await, "404 0");
}

#[tokio::test]
async fn fetch_of_node() {
    let (_server, address) = on_tokio();
    let told = succeed("node", &["app.mjs", &address.port().to_string()], b"").await;
    assert_eq!(String::from_utf8_lossy(&told), "done\n");
}
