//! The client of level 2 on real sockets, where something goes wrong: addresses, deadlines, ends of either side.

use super::dialing::{black_hole, run, socket, to};
use super::requests::{at_once, client, client_with, content, dialer, get};
use super::running::listener;
use super::{DEADLINE, Rig, SHORT, start_routes, within};
use http_driver::{BodyError, ClientTimeouts, Dialer, Phase, PoolLimits, RequestError};
use http_proto::{Config, RecvErrorKind};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

// N50: one that refuses, one that is silent.
pub fn a_first_address_that_fails_is_passed_over(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let (_refuses, refusing) = socket();
    let (_hole, _full, silent) = black_hole();
    let good = server.address;
    run(rig, async move {
        let dialer = || Dialer::new(rig.runtime()).attempt_delay(SHORT);
        let through =
            |addresses: Vec<SocketAddr>| client_with(rig, |client| client.connector(dialer().resolver(to(addresses))));
        for addresses in [vec![refusing, good], vec![silent, good], vec![silent, refusing, good]] {
            assert_eq!(get(&through(addresses), "http://name/").await, "Hello, World!");
        }
        let error = through(vec![refusing]).get("http://name/").send().await.unwrap_err();
        assert!(matches!(&error, RequestError::Connect(_)) && error.may_retry(), "{error}");
    });
}

// N31
pub fn an_answer_that_is_cut_off_is_an_error(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let [cut, fine] = ["/cut", "/"].map(|path| server.url(path));
    run(rig, async move {
        let client = client(rig);
        // The reset may overtake the head.
        match client.get(cut).send().await {
            Ok(mut response) => match response.body_mut().collect(100).await {
                Err(BodyError::Received(_)) => {}
                other => panic!("{other:?}"),
            },
            Err(RequestError::Broken(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(client.connections().connections, 0);
        assert_eq!(get(&client, fine).await, "Hello, World!");
    });
}

// L12
pub fn a_request_that_is_dropped_cancels_its_handler(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let uri = server.url("/gate");
    let seen = Arc::clone(&probe);
    run(rig, async move {
        let client = client(rig);
        let mut asking = Box::pin(client.get(uri).send());
        poll_fn(|cx| {
            assert!(asking.as_mut().poll(cx).is_pending());
            seen.arrived.poll_taken(cx)
        })
        .await;
        drop(asking);
        assert_eq!(client.connections().connections, 0);
    });
    probe.dropped.take();
}

// P15, N37: what is idle is closed, and whoever comes later is told so.
pub fn a_server_that_shuts_down_answers_what_it_has_begun(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let [fine, gate] = ["/", "/gate"].map(|path| server.url(path));
    let client = std::thread::spawn(move || {
        run(rig, async move {
            let client = client(rig);
            at_once(rig, 2, |_| {
                let (client, gate) = (client.clone(), gate.clone());
                async move { assert_eq!(get(&client, gate).await, "passed") }
            })
            .await;
            assert_eq!(client.connections().idle, 2);
            assert_eq!(get(&client, gate).await, "passed");
            loop {
                match client.get(fine.as_str()).send().await {
                    // The listener may still be there.
                    Ok(response) => assert_eq!(content(Ok(response)).await, "Hello, World!"),
                    Err(RequestError::Connect(_)) => break,
                    Err(other) => panic!("{other:?}"),
                }
            }
        });
    });
    for _ in 0..2 {
        probe.arrived.take();
    }
    probe.gate.add(2);
    probe.arrived.take();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(server.shutdown(DEADLINE), 0));
        within(|| server.handle.connections().len() == 1);
        probe.gate.add(1);
    });
    client.join().unwrap();
}

/// A server of one connection, which says this to whatever it hears first, and reads no more.
fn saying(what: &'static str) -> String {
    let (listener, address) = listener();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let _ = stream.read(&mut [0; 1]);
        let _ = stream.write_all(what.as_bytes());
        std::thread::sleep(DEADLINE);
    });
    format!("http://{address}/")
}

/// How a request through `dialer`, with so many octets of content, is too slow under these deadlines.
async fn late<R: Rig>(
    rig: R,
    dialer: Dialer<R::Runtime>,
    uri: &str,
    length: usize,
    set: fn(&mut ClientTimeouts),
) -> Option<Phase> {
    let mut timeouts = ClientTimeouts::default();
    set(&mut timeouts);
    let client = client_with(rig, |client| client.connector(dialer).timeouts(timeouts).config(hasty()));
    let error = client.post(uri).body(vec![b'x'; length]).send().await.unwrap_err();
    assert_eq!(client.connections().connections, 0);
    error.timed_out()
}

fn hasty() -> Arc<Config> {
    let mut config = Config::client();
    (config.timeouts.head, config.timeouts.body, config.timeouts.write) = (SHORT, SHORT, SHORT);
    Arc::new(config)
}

// X6, N36
pub fn every_phase_has_its_deadline(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let gate = server.url("/gate");
    let (_hole, _full, silent) = black_hole();
    run(rig, async move {
        let never = dialer(rig).resolver(|_: &str, _: u16| std::future::pending()).resolve_timeout(SHORT);
        assert_eq!(late(rig, never, "http://name/", 0, |_| {}).await, Some(Phase::Resolve));
        let hole = dialer(rig).resolver(to([silent])).connect_timeout(SHORT);
        assert_eq!(late(rig, hole, "http://name/", 0, |_| {}).await, Some(Phase::Connect));
        assert_eq!(late(rig, dialer(rig), &gate, 9, |to| to.answer = SHORT).await, Some(Phase::Answer));
        assert_eq!(late(rig, dialer(rig), &gate, 9, |to| to.whole = SHORT).await, Some(Phase::Whole));
        assert_eq!(late(rig, dialer(rig), &saying("HTTP/1.1 2"), 0, |_| {}).await, Some(Phase::Head));
        // More than the sockets hold.
        assert_eq!(late(rig, dialer(rig), &saying(""), 64 << 20, |_| {}).await, Some(Phase::Send));

        let stalled = saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        let client = client_with(rig, |client| client.config(hasty()));
        let mut body = client.get(stalled).send().await.unwrap().into_body();
        match body.collect(100).await.unwrap_err() {
            BodyError::Received(late) => assert_eq!(late.kind(), RecvErrorKind::BodyTimeout),
            other => panic!("{other:?}"),
        }
    });
}

// X6
pub fn waiting_has_a_deadline(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let gate = server.url("/gate");
    run(rig, async move {
        let (mut limits, mut timeouts) = (PoolLimits::default(), ClientTimeouts::default());
        (limits.total, timeouts.wait) = (1, SHORT);
        let client = client_with(rig, |client| client.limits(limits).timeouts(timeouts));
        let mut held = Box::pin(client.get(gate.as_str()).send());
        let mut waits = Box::pin(client.get(gate.as_str()).send());
        let late = poll_fn(|cx| {
            assert!(held.as_mut().poll(cx).is_pending());
            waits.as_mut().poll(cx)
        });
        assert_eq!(late.await.unwrap_err().timed_out(), Some(Phase::Wait));
        drop((held, waits));
        let state = client.connections();
        assert_eq!((state.connections, state.waiting), (0, 0));
    });
}
