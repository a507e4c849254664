//! Node's http.

use super::running::Script;
use crate::ours::{
    Ours, Settings, ask, client, fault, field, get, number, on_every_runtime, request, run, talk, text, with_trailers,
};
use crate::pattern;
use crate::service::Pattern;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_driver::{Body, ClientExchange, Informed, RequestError};
use http_proto::RecvErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

on_every_runtime! {
    n37_many_kinds_of_exchanges_on_one_connection,
    heads_are_told_as_they_are,
    n20_content_of_either_framing_both_ways,
    x3_trailers_both_ways,
    x1_interim_responses_are_told,
    x2_content_waits_to_be_asked_for,
    an_early_answer_ends_the_upload,
    an_early_answer_lets_the_upload_go_on,
    a_request_may_be_the_last_of_its_connection,
    i10_an_answer_that_is_dropped_ends_its_connection,
    n37_a_server_that_closes_idle_connections_loses_no_request,
    n37_a_connection_that_closes_is_not_used_again,
    x5_pipelined_requests_keep_their_order,
    i15_i16_another_protocol_with_its_first_octets,
    x4_a_tunnel,
    n31_what_breaks_off_is_an_error,
    many_at_once,
}

// N37: HEAD, 204, 304 and 404 have ends that both know.
fn n37_many_kinds_of_exchanges_on_one_connection<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        let mut asked = 0;
        for round in 0..20 {
            let mut exchange = async |method: Method, path: &str, content: Vec<u8>| {
                let answer = ask(&client, request(method, &server.url(path), content)).await;
                asked += 1;
                assert_eq!(number(&answer), asked, "{path}");
                answer
            };
            let answer = exchange(Method::GET, "/", vec![]).await;
            assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::OK, &b"Hello, World!"[..]));
            let answer = exchange(Method::HEAD, "/", vec![]).await;
            assert_eq!((answer.status(), answer.body().len()), (StatusCode::OK, 0));
            let answer = exchange(Method::HEAD, "/sized/1000", vec![]).await;
            assert_eq!((field(&answer, "content-length"), answer.body().len()), (Some("1000"), 0));
            let answer = exchange(Method::GET, "/empty", vec![]).await;
            assert_eq!((answer.status(), answer.body().len()), (StatusCode::NO_CONTENT, 0));
            let answer = exchange(Method::GET, "/unchanged", vec![]).await;
            assert_eq!((answer.status(), field(&answer, "etag")), (StatusCode::NOT_MODIFIED, Some("\"1\"")));
            let answer = exchange(Method::GET, "/nowhere", vec![]).await;
            assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::NOT_FOUND, &b"nothing here"[..]));
            let answer = exchange(Method::POST, "/count", pattern(round * 97)).await;
            assert_eq!(answer.body(), format!("{} true none", round * 97).as_bytes());
            for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH"] {
                let answer = exchange(method.parse().unwrap(), "/method", vec![]).await;
                assert_eq!(answer.body(), method.as_bytes());
            }
        }
        let state = client.state();
        assert_eq!((state.connections, state.idle), (1, 1));
        // Both have counted the same.
        assert_eq!(text(&client, &server.url("/connection")).await, "1 1");
    });
}

fn heads_are_told_as_they_are<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        assert_eq!(text(&client, &server.url("/target?a=%20b&c#fragment")).await, "/target?a=%20b&c");
        let answer = ask(&client, get(&server.url("/phrase"))).await;
        assert_eq!(answer.status(), 299);
        let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["b", "c"]);
        let mut request = get(&server.url("/fields"));
        for value in ["one", "two", "thr\u{e9}e"] {
            request.headers_mut().append("x-many", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let answer = ask(&client, request).await;
        let expected = format!(r#"["Host","{}","x-many","one","x-many","two","x-many","thrÃ©e"]"#, server.address());
        assert_eq!(std::str::from_utf8(answer.body()).unwrap(), expected);
    });
}

// N20, N14
fn n20_content_of_either_framing_both_ways<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for length in [0, 1, 65_535, 65_536, 1_000_000] {
            for (path, announced) in [("sized", true), ("chunked", false)] {
                let answer = ask(&client, get(&server.url(&format!("/{path}/{length}")))).await;
                // Of nothing it knows the length all the same.
                assert_eq!(field(&answer, "content-length").is_some(), announced || length == 0);
                assert!(*answer.body() == pattern(length), "{path} {length}");
            }
            for sized in [true, false] {
                let post = |path| request(Method::POST, &server.url(path), Body::new(Pattern::new(length, sized)));
                let answer = ask(&client, post("/count")).await;
                assert_eq!(*answer.body(), format!("{length} true none"), "sized: {sized}");
                // Both directions at once.
                let answer = ask(&client, post("/echo")).await;
                assert!(*answer.body() == pattern(length), "{length}, sized: {sized}");
            }
        }
        assert_eq!(client.state().connections, 1);
    });
}

fn x3_trailers_both_ways<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        let (content, trailers) = with_trailers(client.execute(get(&server.url("/trailers"))).await.unwrap()).await;
        assert_eq!((content, &trailers["checksum"]), (b"onetwo".to_vec(), &HeaderValue::from_static("12")));
        let (mut sender, body) = Body::channel();
        client.spawn(async move {
            sender.send(pattern(3)).await.unwrap();
            let trailers = HeaderMap::from_iter([(header::HeaderName::from_static("checksum"), "3".parse().unwrap())]);
            sender.trailers(trailers).unwrap();
        });
        let answer = ask(&client, request(Method::POST, &server.url("/count"), body)).await;
        assert_eq!(answer.body(), "3 true 3");
        assert_eq!(client.state().connections, 1);
    });
}

/// Adds somebody who notes the interim responses.
fn noted(mut request: Request<Body>) -> (Request<Body>, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let noting = Arc::clone(&seen);
    request.extensions_mut().insert(Informed::new(move |interim| {
        let link = interim.headers().get(header::LINK).map_or("", |link| link.to_str().unwrap());
        noting.lock().unwrap().push(format!("{} {link}", interim.status().as_u16()));
    }));
    (request, seen)
}

fn x1_interim_responses_are_told<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for _ in 0..2 {
            let (request, seen) = noted(get(&server.url("/hints")));
            let answer = ask(&client, request).await;
            assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::OK, &b"page"[..]));
            let expected = ["103 </a.css>; rel=preload", "102 ", "103 </b.css>; rel=preload"];
            assert_eq!(*seen.lock().unwrap(), expected);
        }
        assert_eq!(client.state().connections, 1);
    });
}

// X2: Node says that it wants the content, or does not.
fn x2_content_waits_to_be_asked_for<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for (path, sized) in [("/count", true), ("/count", false), ("/echo", false)] {
            let mut request = request(Method::PUT, &server.url(path), Body::new(Pattern::new(200_000, sized)));
            request.headers_mut().insert(header::EXPECT, HeaderValue::from_static("100-continue"));
            let (request, seen) = noted(request);
            let answer = ask(&client, request).await;
            assert_eq!(*seen.lock().unwrap(), ["100 "], "{path}");
            let whole = if path == "/echo" { pattern(200_000) } else { b"200000 true none".to_vec() };
            assert!(*answer.body() == whole, "{path}");
        }
        assert_eq!(client.state().connections, 1);

        let (_sender, never) = Body::channel();
        let mut request = request(Method::PUT, &server.url("/refuse"), never);
        request.headers_mut().insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        let (request, seen) = noted(request);
        let answer = ask(&client, request).await;
        assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::FORBIDDEN, &b"not wanted"[..]));
        assert_eq!(*seen.lock().unwrap(), [""; 0]);
        // Nobody could tell what would come next on it.
        assert_eq!(client.state().connections, 0);
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}

// N8: content without an end, which nobody reads.
fn an_early_answer_ends_the_upload<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        let (mut sender, endless) = Body::channel();
        client.spawn(async move { while sender.send(vec![b'x'; 65_536]).await.is_ok() {} });
        let answer = ask(&client, request(Method::POST, &server.url("/refuse"), endless)).await;
        assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::PAYLOAD_TOO_LARGE, &b"refused"[..]));
        assert_eq!(client.state().connections, 0);
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}

// N8, N37: what is left of the request goes out beside the answer; then the connection is free.
fn an_early_answer_lets_the_upload_go_on<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for (turn, sized) in [(1, true), (2, false)] {
            let post = request(Method::POST, &server.url("/nowhere"), Body::new(Pattern::new(5_000_000, sized)));
            let answer = ask(&client, post).await;
            assert_eq!((answer.status(), number(&answer)), (StatusCode::NOT_FOUND, turn));
            while client.state().idle < client.state().connections {
                O::sleep(Duration::from_millis(1)).await;
            }
        }
        assert_eq!(number(&ask(&client, get(&server.url("/"))).await), 3);
    });
}

fn a_request_may_be_the_last_of_its_connection<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for turn in 1..=3 {
            let mut last = get(&server.url("/connection"));
            last.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            assert_eq!(*ask(&client, last).await.body(), format!("{turn} 1"));
            assert_eq!(client.state().connections, 0);
        }
    });
}

// I10: unread, or in the middle; it does not hold Node up either.
fn i10_an_answer_that_is_dropped_ends_its_connection<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for reads in [0, 1, 10] {
            let mut body = client.execute(get(&server.url("/flood/10000"))).await.unwrap().into_body();
            for _ in 0..reads {
                body.chunk().await.unwrap().unwrap();
            }
            drop(body);
            assert_eq!(client.state().connections, 0);
            let answer = ask(&client, get(&server.url("/bye"))).await;
            assert_eq!((number(&answer), &answer.body()[..]), (1, &b"bye"[..]));
        }
    });
}

// N37: its closes cross requests.
fn n37_a_server_that_closes_idle_connections_loses_no_request<O: Ours>() {
    // Node adds a second to it in some versions; then its closes are seen in time.
    let server = Script::node(Some(5));
    run::<O>(async move {
        let client = client::<O>();
        let mut connections = 0;
        for round in 0..100 {
            let answer = ask(&client, get(&server.url("/connection"))).await;
            connections += usize::from(number(&answer) == 1);
            let pause =
                if round % 25 == 0 { Duration::from_millis(1100) } else { Duration::from_micros(4500 + 20 * round) };
            O::sleep(pause).await;
        }
        assert!(connections > 1, "it has closed none");
    });
}

fn n37_a_connection_that_closes_is_not_used_again<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for _ in 0..3 {
            let answer = ask(&client, get(&server.url("/bye"))).await;
            assert_eq!((number(&answer), &answer.body()[..]), (1, &b"bye"[..]));
            assert_eq!(client.state().connections, 0);
        }
    });
}

// X5: those that take longer hold up those behind them.
fn x5_pipelined_requests_keep_their_order<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let mut settings = Settings { pipelining: 8, ..Settings::default() };
        settings.limits.per_target = 1;
        let client = O::with(settings);
        let asked = (0..32).map(|at| {
            let uri = server.url(&format!("/later/{}/{at}", [30, 0, 10, 1][at % 4]));
            let client = client.clone();
            async move {
                assert_eq!(text(&client, &uri).await, uri[uri.find("/later").unwrap()..]);
            }
        });
        futures_util::future::join_all(asked).await;
        // All of them, and this one.
        assert_eq!(text(&client, &server.url("/connection")).await, "1 1");
        assert_eq!(client.state().connections, 1);
    });
}

fn i15_i16_another_protocol_with_its_first_octets<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        let offer = |protocol| {
            let mut request = get(&server.url("/"));
            request.headers_mut().insert(header::UPGRADE, HeaderValue::from_static(protocol));
            client.execute(request)
        };
        let answer = offer("shout").await.unwrap();
        assert_eq!((answer.status(), field(&answer, "upgrade")), (StatusCode::SWITCHING_PROTOCOLS, Some("shout")));
        assert_eq!(client.state().connections, 0);
        assert_eq!(talk(answer, b"and goodbye").await, "HELLO AND GOODBYE");
        // Declined by a server that closes then.
        let answer = offer("whisper").await.unwrap();
        assert_eq!(answer.status(), StatusCode::UPGRADE_REQUIRED);
        assert!(answer.extensions().get::<ClientExchange>().unwrap().take_upgraded().is_none());
        drop(answer);
        assert_eq!(client.state().connections, 0);
    });
}

// X4: to another server, through this one.
fn x4_a_tunnel<O: Ours>() {
    let (proxy, server) = (Script::node(None), Script::node(None));
    run::<O>(async move {
        let client = O::with(Settings { proxy: Some(proxy.url("/")), ..Settings::default() });
        let connect = |to: &str| {
            let request = Request::builder().method(Method::CONNECT).uri(to).body(Body::empty()).unwrap();
            client.execute(request)
        };
        let answer = connect(&server.address().to_string()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let heard = talk(answer, b"GET /target/inside HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.contains("/target/inside"), "{heard}");
        let answer = connect("closed.invalid:80").await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        drop(answer);
        // What is no tunnel goes to the proxy with its whole URI.
        let uri = "http://elsewhere.invalid/target";
        let answer = ask(&client, get(uri)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "it is no proxy for that");
    });
}

// N31: with a length, in chunks, with a reset; and before the content.
fn n31_what_breaks_off_is_an_error<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let client = client::<O>();
        for how in ["sized", "chunked", "reset"] {
            let answer = client.execute(get(&server.url(&format!("/cut/{how}")))).await;
            match answer {
                Ok(answer) if how == "reset" => assert_eq!(fault(answer).await, RecvErrorKind::Aborted),
                Ok(answer) => assert_eq!(fault(answer).await, RecvErrorKind::IncompleteBody, "{how}"),
                // A reset may overtake the head.
                Err(RequestError::Broken(error)) => assert_eq!(how, "reset", "{error}"),
                Err(other) => panic!("{how}: {other}"),
            }
            assert_eq!(client.state().connections, 0);
        }
        for (how, may_retry) in [("nothing", true), ("head", false)] {
            let error = client.execute(get(&server.url(&format!("/cut/{how}")))).await.unwrap_err();
            assert!(matches!(error, RequestError::Broken(_)), "{how}: {error}");
            assert_eq!(error.may_retry(), may_retry, "{how}");
        }
        assert_eq!(client.state().connections, 0);
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}

fn many_at_once<O: Ours>() {
    let server = Script::node(None);
    run::<O>(async move {
        let mut settings = Settings::default();
        settings.limits.per_target = 8;
        let client = O::with(settings);
        let asked = (0..64).map(|number| {
            let (client, uri) = (client.clone(), server.url("/echo"));
            async move {
                for round in 0..5 {
                    let sent = pattern(number * 1000 + round);
                    let answer = ask(&client, request(Method::POST, &uri, sent.clone())).await;
                    assert!(*answer.body() == sent);
                }
            }
        });
        futures_util::future::join_all(asked).await;
        let state = client.state();
        assert_eq!((state.connections, state.idle, state.waiting), (8, 8, 0));
    });
}
