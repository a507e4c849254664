//! The examples of the runtime crates, started as people start them, with the requests that their comments propose.

mod client;
mod files;
mod reverse_proxy;
#[cfg(feature = "tls")]
mod secure;
mod server;

#[cfg(target_os = "linux")]
use files::n23_a_large_file_needs_little_memory;
use files::{nothing_outside_of_the_directory_is_served, static_files};
use server::Server;

/// Tests of all examples, of the crate of every runtime.
macro_rules! examples {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {
        examples! { in http_tokio: "http-tokio" => $($(#[$attribute])* $name),+ }
        examples! { in http_smol: "http-smol" => $($(#[$attribute])* $name),+ }
        examples! { in http_std: "http-std" => $($(#[$attribute])* $name),+ }
    };
    (in $module:ident: $package:literal => $($(#[$attribute:meta])* $name:ident),+) => {
        mod $module {
            $(
                #[test]
                $(#[$attribute])*
                fn $name() {
                    super::$name($package);
                }
            )+
        }
    };
}

examples! {
    hello,
    echo_stream,
    axum_app,
    #[cfg(unix)]
    graceful,
    early_hints,
    raw_tcp_upgrade,
    set_service,
    static_files,
    nothing_outside_of_the_directory_is_served,
    #[cfg(target_os = "linux")]
    n23_a_large_file_needs_little_memory,
}

/// Those of who asks.
macro_rules! clients {
    ($module:ident: $package:literal) => {
        mod $module {
            use super::{client::*, reverse_proxy::*};

            examples! { in clients: $package =>
                client_get,
                client_get_says_what_is_wrong,
                upload,
                upload_waits_to_be_asked_for,
                pipelining_client,
                messages_go_through_as_they_are,
                content_streams_both_ways,
                a_slow_end_slows_the_other_down,
                interim_responses_go_through,
                upgrades_become_tunnels,
                offers_of_other_protocols_go_no_further,
                connect_leads_where_it_may,
                a_server_that_fails_is_answered_for,
                a_client_that_goes_away_takes_its_request_along,
                max_forwards_is_counted_down,
                connections_to_the_server_are_used_again
            }
        }
    };
}

clients! { http_tokio_clients: "http-tokio" }
clients! { http_smol_clients: "http-smol" }
clients! { http_std_clients: "http-std" }

fn hello(package: &str) {
    let server = Server::start(package, "hello", &[]);
    assert_eq!(server.curl(&[], "/"), "Hello, World!");
    assert_eq!(server.curl(&["--data-binary", "some words"], "/echo"), "some words");
    assert_eq!(server.ask("PUT", "/echo", "").field("allow"), Some("POST"));
    assert_eq!(server.ask("GET", "/elsewhere", "").status(), "404");
}

fn echo_stream(package: &str) {
    let server = Server::start(package, "echo_stream", &[]);
    assert_eq!(server.curl(&["--data-binary", "some words"], "/echo"), "some words");
    assert_eq!(server.curl(&["--data-binary", "some words"], "/count"), "10\n");

    // Each piece comes back while the request goes on.
    let mut client = server.connect();
    client.send("POST /upper HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (word, answer) in [("one", "ONE"), ("two", "TWO")] {
        client.send(format!("3\r\n{word}\r\n"));
        if word == "one" {
            assert!(client.head().starts_with("HTTP/1.1 200 "));
        }
        client.expect(&format!("3\r\n{answer}\r\n"));
    }
    client.send("0\r\n\r\n");
    client.expect("0\r\n\r\n");

    // Content that is no valid message is answered for by the server.
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
    assert!(client.head().starts_with("HTTP/1.1 400 "));
    assert_eq!(client.rest(), "");

    // Content that breaks off makes no whole of the answer.
    let mut client = server.connect();
    client.send("POST /upper HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    client.head();
    client.expect("4\r\nHALF\r\n");
    client.half_close();
    let mut room = [0; 16];
    assert!(!matches!(client.read(&mut room), Ok(1..)), "more than has come");
}

fn axum_app(package: &str) {
    let server = Server::start(package, "axum_app", &[]);
    assert_eq!(server.curl(&[], "/hello/world"), "Hello, world!\n");
    let note = r#"{"text":"buy milk"}"#;
    let created = server.curl(&["--include", "--header", "Content-Type: application/json", "--data", note], "/notes");
    assert!(created.starts_with("HTTP/1.1 201 ") && created.ends_with(note), "{created}");
    assert_eq!(server.curl(&[], "/notes"), format!("[{note}]"));
    assert_eq!(server.ask("DELETE", "/notes", "").status(), "405");

    let mut client = server.connect();
    client.send("GET /ticks HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(client.head().contains("\r\ncontent-type: text/event-stream\r\n"));
    for tick in ["1", "2"] {
        let event = format!("event: tick\ndata: {tick}\n\n");
        client.expect(&format!("{:x}\r\n{event}\r\n", event.len()));
    }
}

#[cfg(unix)]
fn graceful(package: &str) {
    for signal in ["INT", "TERM"] {
        let mut server = Server::start(package, "graceful", &[]);
        let mut client = server.connect();
        client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(server.line(), "working for 1 s");
        server.signal(signal);
        assert_eq!(server.line(), "ending");
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("\r\nConnection: close\r\n"), "{head}");
        assert_eq!(client.rest(), "That took 1 s.\n");
        assert_eq!(server.line(), "1 connections were open, 0 of them were cut off");
        server.ends();
    }

    // The second signal.
    let mut server = Server::start(package, "graceful", &[]);
    let mut client = server.connect();
    client.send("GET /1000 HTTP/1.1\r\nHost: h\r\n\r\n");
    server.line();
    server.signal("INT");
    assert_eq!(server.line(), "ending");
    server.signal("INT");
    assert_eq!(server.line(), "1 connections were open, 1 of them were cut off");
    server.ends();
}

fn early_hints(package: &str) {
    let server = Server::start(package, "early_hints", &[]);
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    let hints = client.head();
    assert!(hints.starts_with("HTTP/1.1 103 "), "{hints}");
    assert!(hints.contains("\r\nlink: </style.css>; rel=preload; as=style\r\n"), "{hints}");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("\r\ntrailer: server-timing\r\n"), "{head}");
    let (mut rows, mut line) = (0, client.line());
    while line != "0\r\n" {
        rows += usize::from(line.starts_with("<tr>"));
        line = client.line();
    }
    assert_eq!(rows, 3);
    assert!(client.line().starts_with("server-timing: page;dur="));
    assert_eq!(client.line(), "\r\n");

    // A client of HTTP/1.0 knows neither hints nor trailers.
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    assert!(client.rest().ends_with("</table>\n"));
}

fn raw_tcp_upgrade(package: &str) {
    let server = Server::start(package, "raw_tcp_upgrade", &[]);
    let request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: other, Lines\r\n\r\n";
    let mut client = server.connect();
    // The first line comes together with the request.
    client.send(format!("{request}first\n"));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.expect("1 first\n");
    client.send("second\nquit\n");
    assert_eq!(client.rest(), "2 second\n");

    let answer = server.ask("GET", "/", "");
    assert_eq!((answer.status(), answer.field("upgrade")), ("426", Some("lines")));

    // Through itself to itself.
    let proxy = format!("http://{}", server.address());
    let through = ["--proxytunnel", "--proxy", &proxy, "--noproxy", "", "--write-out", "%{http_connect} %{http_code}"];
    assert_eq!(server.curl(&through, "/"), "This server speaks in lines.\n200 426");
    let mut client = server.connect();
    client.send(format!("CONNECT {} HTTP/1.1\r\nHost: h\r\n\r\n{request}through\n", server.address()));
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.expect("1 through\n");
    client.half_close();
    assert_eq!(client.rest(), "");

    let mut client = server.connect();
    client.send("CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 403 "));
}

fn set_service(package: &str) {
    let server = Server::start(package, "set_service", &[]);
    let mut client = server.connect();
    let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let put = |path: &str, content: &str| {
        format!("PUT {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{content}", content.len())
    };
    client.send(get);
    assert!(client.head().contains("\r\nContent-Length: 9\r\n"));
    client.expect("Welcome.\n");
    client.send(put("/page", "Back soon."));
    assert!(client.head().starts_with("HTTP/1.1 202 "));
    // On the same connection; the change is made by another task, which may not have had its turn.
    while {
        client.send(get);
        let head = client.head();
        client.line() != "Back soon.\n" && head.starts_with("HTTP/1.1 200 ")
    } {}
    client.send(put("/log", "on"));
    client.head();
    let line = loop {
        client.send(get);
        client.head();
        client.expect("Back soon.\n");
        if let Some(line) = server.said() {
            break line;
        }
    };
    assert!(line.starts_with("127.0.0.1 - - [") && line.ends_with("] \"GET / HTTP/1.1\" 200 11"), "{line}");
}
