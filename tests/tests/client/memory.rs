//! What an exchange of a client costs in memory, counted.

use super::site::Site;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue, USER_AGENT};
use http::{Response, Uri};
use http_driver::{Body, RequestError};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// The allocations that a client makes for a request of three fields, and an answer of three with content that is
/// collected.
const ALLOCATIONS: u64 = 12;

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn answered(answer: Poll<Result<Response<Body>, RequestError>>) -> Body {
    match answer {
        Poll::Ready(Ok(response)) => response.into_body(),
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => panic!("no answer"),
    }
}

// I23, level 2: few allocations an exchange, most of them what the types of `http` demand.
#[test]
fn i23_an_exchange_allocates_little() {
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\
                          Date: Tue, 15 Oct 2024 08:12:31 GMT\r\n\r\nhello";
    let mut site = Site::new();
    let peer = site.idle();
    let uri = Uri::from_static("http://example.com/path?query");
    let round = || {
        let request = site
            .client
            .get(uri.clone())
            .header(USER_AGENT, HeaderValue::from_static("test"))
            .header(ACCEPT, HeaderValue::from_static("*/*"))
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut sending = pin!(request.send());
        assert!(poll(sending.as_mut()).is_pending());
        assert!(peer.swallow() > 50);
        peer.send(ANSWER);
        let mut body = answered(poll(sending));
        let collected = poll(pin!(body.collect(Body::LIMIT)));
        assert!(matches!(collected, Poll::Ready(Ok(content)) if content == "hello"));
    };
    (0..10).for_each(|_| round());
    let count = allocation_counter::measure(|| (0..100).for_each(|_| round())).count_total;
    println!("{} allocations an exchange", count as f64 / 100.0);
    assert!(count <= 100 * ALLOCATIONS, "{count} for a hundred exchanges");
    assert_eq!(site.client.connections().idle, 1);
}
