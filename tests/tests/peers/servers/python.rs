//! Python's http.server, of HTTP/1.0 and of HTTP/1.1.

use super::running::Script;
use crate::ours::{Ours, ask, client, fault, field, get, number, on_every_runtime, request, run, text};
use crate::pattern;
use crate::service::Pattern;
use http::{Method, StatusCode, Version};
use http_driver::{Body, RequestError};
use http_proto::RecvErrorKind;

on_every_runtime! {
    n35_http10_has_a_connection_for_each_request,
    n20_content_until_the_close,
    n35_http11_keeps_its_connection,
    folded_lines_are_unfolded,
    n31_what_breaks_off_is_an_error,
    what_it_does_not_know_is_refused_before_it_is_read,
}

// N35
fn n35_http10_has_a_connection_for_each_request<O: Ours>() {
    let server = Script::python("HTTP/1.0");
    run::<O>(async move {
        let client = client::<O>();
        for _ in 0..10 {
            let answer = ask(&client, get(&server.url("/"))).await;
            assert_eq!((answer.version(), number(&answer)), (Version::HTTP_10, 1));
            assert_eq!(answer.body(), "Hello, World!");
            let answer = ask(&client, request(Method::HEAD, &server.url("/sized/1000"), "")).await;
            assert_eq!((field(&answer, "content-length"), answer.body().len()), (Some("1000"), 0));
            assert_eq!(ask(&client, get(&server.url("/empty"))).await.status(), StatusCode::NO_CONTENT);
            assert_eq!(ask(&client, get(&server.url("/unchanged"))).await.status(), StatusCode::NOT_MODIFIED);
            let post = request(Method::POST, &server.url("/"), pattern(100_000));
            assert_eq!(ask(&client, post).await.body(), "100000 True");
            assert_eq!(client.state().connections, 0);
        }
    });
}

fn n20_content_until_the_close<O: Ours>() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let server = Script::python(version);
        run::<O>(async move {
            let client = client::<O>();
            for length in [0, 1, 3_000_000] {
                let answer = ask(&client, get(&server.url(&format!("/until-close/{length}")))).await;
                assert_eq!(field(&answer, "content-length"), None);
                assert!(*answer.body() == pattern(length), "{version}");
                assert_eq!(client.state().connections, 0);
            }
        });
    }
}

// N35, N37
fn n35_http11_keeps_its_connection<O: Ours>() {
    let server = Script::python("HTTP/1.1");
    run::<O>(async move {
        let client = client::<O>();
        for round in 0..10 {
            assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
            let post = request(Method::POST, &server.url("/"), Body::new(Pattern::new(100_000, true)));
            assert_eq!(ask(&client, post).await.body(), "100000 True");
            let answer = ask(&client, get(&server.url("/empty"))).await;
            assert_eq!((answer.status(), number(&answer)), (StatusCode::NO_CONTENT, 3 * round + 3));
        }
        assert_eq!(client.state().connections, 1);
    });
}

fn folded_lines_are_unfolded<O: Ours>() {
    let server = Script::python("HTTP/1.1");
    run::<O>(async move {
        let client = client::<O>();
        for _ in 0..2 {
            let answer = ask(&client, get(&server.url("/folded"))).await;
            let words: Vec<_> = field(&answer, "x-long").unwrap().split_whitespace().collect();
            assert_eq!((words, &answer.body()[..]), (vec!["one", "two"], &b"ok"[..]));
        }
        assert_eq!(client.state().connections, 1);
    });
}

// N31: less than was announced; and no end of what has none but the close.
fn n31_what_breaks_off_is_an_error<O: Ours>() {
    let server = Script::python("HTTP/1.0");
    run::<O>(async move {
        let client = client::<O>();
        let answer = client.execute(get(&server.url("/short"))).await.unwrap();
        assert_eq!(fault(answer).await, RecvErrorKind::IncompleteBody);
        match client.execute(get(&server.url("/reset"))).await {
            Ok(answer) => assert_eq!(fault(answer).await, RecvErrorKind::Aborted),
            // The reset may overtake the head.
            Err(RequestError::Broken(_)) => {}
            Err(other) => panic!("{other}"),
        }
        assert_eq!(client.state().connections, 0);
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}

// N8: it answers, and closes in front of content that it has not read. The answer may be lost by that, but no part of it
// is taken for more.
fn what_it_does_not_know_is_refused_before_it_is_read<O: Ours>() {
    let server = Script::python("HTTP/1.1");
    run::<O>(async move {
        let client = client::<O>();
        for _ in 0..20 {
            let put = request(Method::PUT, &server.url("/"), Body::new(Pattern::new(10_000_000, true)));
            match client.execute(put).await {
                Ok(answer) => assert_eq!(answer.status(), StatusCode::NOT_IMPLEMENTED),
                Err(RequestError::Broken(_)) => {}
                Err(other) => panic!("{other}"),
            }
            assert_eq!(client.state().connections, 0);
        }
        assert_eq!(text(&client, &server.url("/")).await, "Hello, World!");
    });
}
