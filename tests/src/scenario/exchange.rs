//! What a handler can see and do of one exchange beyond the request itself.

use super::routes::Frames;
use super::{Build, GET, Permits, Rig, app, exchange_of, get, post, serve, start, start_routes, text, within};
use http::header::{HeaderName, HeaderValue, LINK};
use http::{HeaderMap, Response, StatusCode};
use http_body::Frame;
use http_driver::Body;
use http_proto::ReasonPhrase;
use std::sync::Arc;
use std::time::SystemTime;

// I6
pub fn the_handler_starts_at_the_complete_head(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    let (last, before) = (&GET[GET.len() - 1..], &GET[..GET.len() - 1]);
    client.send(before);
    within(|| server.handle.connections().iter().any(|one| one.statistics().read == before.len() as u64));
    assert_eq!(probe.calls(), 0);
    client.send(last);
    assert_eq!(client.answer().status(), "200");
    assert_eq!(probe.calls(), 1);
}

// X1
pub fn interim_responses_go_out_before_the_answer(rig: impl Rig) {
    let gate = Arc::new(Permits::default());
    let opened = Arc::clone(&gate);
    let hints = move |request| {
        let gate = Arc::clone(&opened);
        async move {
            let exchange = exchange_of(&request);
            for link in ["</a.css>; rel=preload", "</b.js>; rel=preload"] {
                exchange
                    .inform(StatusCode::EARLY_HINTS, HeaderMap::from_iter([(LINK, HeaderValue::from_static(link))]));
            }
            // What is no interim response is left out.
            exchange.inform(StatusCode::OK, HeaderMap::new());
            gate.taken().await;
            text("page")
        }
    };
    let server = serve(rig, app(hints));
    let mut client = server.client();
    client.send(GET);
    for link in ["</a.css>; rel=preload", "</b.js>; rel=preload"] {
        assert_eq!(client.head(), format!("HTTP/1.1 103 Early Hints\r\nlink: {link}\r\n\r\n"));
    }
    gate.add(2);
    assert_eq!(client.answer().text(), "page");
    // An HTTP/1.0 client knows of no interim responses.
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().status(), "200");
}

// X2
pub fn a_handler_may_ask_for_the_content_before_it_reads_it(rig: impl Rig) {
    let gate = Arc::new(Permits::default());
    let opened = Arc::clone(&gate);
    let server = serve(
        rig,
        app(move |mut request| {
            let gate = Arc::clone(&opened);
            async move {
                exchange_of(&request).proceed();
                gate.taken().await;
                text(request.body_mut().collect(100).await?)
            }
        }),
    );
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    gate.add(1);
    assert_eq!(client.answer().text(), "abc");
    // Where nobody holds anything back, it says nothing.
    client.send(post("/", 2) + "ab");
    gate.add(1);
    assert_eq!(client.answer().text(), "ab");
}

// X2, R9110-10.1.1-08
pub fn a_handler_that_fails_behind_100_still_answers(rig: impl Rig) {
    let server = serve(
        rig,
        app(|mut request| async move {
            let content = request.body_mut().collect(100).await?;
            match request.uri().path() {
                "/error" => Err(format!("cannot use {} octets", content.len()).into()),
                _ => panic!("{} octets too many", content.len()),
            }
        }),
    );
    for target in ["/error", "/panic"] {
        let mut client = server.client();
        client.send(format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
        assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("abc");
        assert_eq!(client.answer().status(), "500");
    }
    // So does one that waits for content that never comes.
    let (server, _) = start_routes(rig, |config| config.timeouts.body = super::SHORT);
    let mut client = server.client();
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    let answer = client.answer();
    assert!(answer.status() == "408" && answer.closes(), "{answer:?}");
}

// X3
pub fn trailers_go_both_ways_without_forbidden_fields(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    // They come apart from the head, and mean nothing to the server.
    client.send("3\r\nabc\r\n0\r\nChecksum: 1\r\nContent-Length: 7\r\nChecksum: 2\r\nHost: x\r\n\r\n");
    assert_eq!(client.answer().text(), "3 checksum=1 checksum=2 content-length=7 host=x");

    let server = serve(
        rig,
        app(|_| async {
            let names = ["checksum", "content-length", "transfer-encoding", "host", "set-cookie", "x-more"];
            let fields = names.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1")));
            let frames = [Frame::data("abc".into()), Frame::trailers(HeaderMap::from_iter(fields))].map(Ok);
            text(Body::new(Frames(Vec::from(frames).into_iter())))
        }),
    );
    let mut client = server.client();
    client.send(format!("{GET}GET / HTTP/1.0\r\n\r\n"));
    assert!(client.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
    let chunks = "3\r\nabc\r\n0\r\nchecksum: 1\r\nx-more: 1\r\n\r\n";
    assert_eq!(client.octets(chunks.len()), chunks.as_bytes());
    // Until the close there is no place for trailers.
    assert!(client.rest().ends_with("\r\n\r\nabc"));
}

// N25
pub fn the_head_is_kept_as_received(rig: impl Rig) {
    let service = app(|request| async move {
        let exchange = exchange_of(&request);
        let Some(head) = exchange.original_head() else { return text("not kept") };
        let mut lines = format!("{} {}\n", head.method(), head.target());
        for (name, value) in head.fields().iter() {
            lines += &format!("{name}:{}\n", value.escape_ascii());
        }
        assert_eq!(request.headers()["x-lAsT"], "1");
        text(lines)
    });
    let asked = "GET /A?b HTTP/1.1\r\nHOST:h\r\nX-lAsT:1\r\naccept:*/*\r\nX-LAST:2\r\n\r\n";
    let kept = start(rig, service.clone(), |server| server.keep_heads());
    let mut client = kept.client();
    client.send(asked);
    assert_eq!(client.answer().text(), "GET /A?b\nHOST:h\nX-lAsT:1\naccept:*/*\nX-LAST:2\n");
    let server = serve(rig, service);
    let mut client = server.client();
    client.send(asked);
    assert_eq!(client.answer().text(), "not kept");
}

// N26
pub fn the_connection_is_known_in_the_handler(rig: impl Rig) {
    let begun = SystemTime::now();
    let server = serve(
        rig,
        app(move |request| async move {
            let exchange = exchange_of(&request);
            let info = exchange.connection();
            assert!(info.opened() >= begun && info.opened() <= SystemTime::now());
            let (read, requests) = (info.statistics().read, info.statistics().requests);
            text(format!("{} {} {} {} {requests} {read}", info.id(), exchange.number(), info.local(), info.peer()))
        }),
    );
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut client = server.client();
        for number in 1..=3 {
            client.send(GET);
            let answer = client.answer();
            let (id, rest) = answer.text().split_once(' ').unwrap();
            ids.push(id.to_owned());
            let peer = client.stream.local_addr().unwrap();
            // As of the poll before: the request itself may not have been counted in.
            assert!(rest.starts_with(&format!("{number} {} {peer} {number} ", server.address)), "{rest}");
        }
    }
    assert!(ids[0] == ids[1] && ids[0] == ids[2] && ids[0] != ids[3] && ids[3] == ids[5], "{ids:?}");
}

// N29
pub fn a_reason_phrase_of_its_own(rig: impl Rig) {
    let server = serve(
        rig,
        app(|_| async {
            let mut response = Response::new(Body::from("fine"));
            response.extensions_mut().insert(ReasonPhrase("Quite So".into()));
            Ok(response)
        }),
    );
    let mut client = server.client();
    client.send(GET);
    let answer = client.answer();
    assert!(answer.head.starts_with("HTTP/1.1 200 Quite So\r\n") && answer.text() == "fine", "{answer:?}");
}

// N45
pub fn an_answer_whose_sender_is_gone_never_hangs(rig: impl Rig) {
    let server = serve(
        rig,
        app(|request| async move {
            let (mut sender, body) = Body::channel();
            match request.uri().path() {
                "/at-once" => {}
                "/abort" => {
                    sender.send("first").await?;
                    sender.abort("no more of it");
                }
                _ => sender.send("first").await?,
            }
            text(body)
        }),
    );
    for target in ["/at-once", "/later", "/abort"] {
        let mut client = server.client();
        client.send(get(target));
        client.rest_until_reset();
    }
}

// R9110-9.1-01
pub fn get_and_head_of_the_same_resource(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(format!("{GET}HEAD / HTTP/1.1\r\nHost: h\r\n\r\n{GET}"));
    let answer = client.answer();
    assert_eq!(answer.text(), "Hello, World!");
    let head = client.head();
    let undated = |head: &str| head.lines().filter(|line| !line.starts_with("Date: ")).collect::<Vec<_>>().join("\n");
    assert_eq!(undated(&head), undated(&answer.head));
    assert_eq!(client.answer().text(), "Hello, World!");
}
