//! The server as a whole: its services, its connections, its limits and its end.

use super::lifecycle::refused;
use super::running::{listener, on_thread, start_with};
use super::{
    App, Build, Client, DEADLINE, GET, Permits, Rig, SHORT, app, block_on, get, serve, start, start_routes,
    start_routes_with, text, within,
};
use bytes::Bytes;
use http::{Request, Response};
use http_driver::{Body, Fault, ListenerState, Overflow, Streaming};
use http_proto::State;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

// P2
pub fn every_connection_may_have_a_service_of_its_own(rig: impl Rig) {
    let server = start_with(rig, move |listener| {
        rig.serve_with(listener, |connection| {
            let (calls, id) = (Arc::new(AtomicUsize::new(0)), connection.id());
            app(move |_| {
                let call = calls.fetch_add(1, SeqCst) + 1;
                async move { text(format!("{id}: {call}")) }
            })
        })
    });
    let (mut one, mut other) = (server.client(), server.client());
    let ask = |client: &mut Client| {
        client.send(GET);
        client.answer().text().to_owned()
    };
    let first = ask(&mut one);
    let id = first.strip_suffix(": 1").unwrap();
    assert_eq!(ask(&mut one), format!("{id}: 2"));
    let second = ask(&mut other);
    assert!(second.ends_with(": 1") && second != first, "{second}");
}

// P12
pub fn connections_are_listed_with_their_states(rig: impl Rig) {
    let gate = Arc::new(Permits::default());
    let wait = Arc::clone(&gate);
    let server = serve(
        rig,
        app(move |request: Request<Body>| {
            let gate = Arc::clone(&wait);
            async move {
                gate.taken().await;
                if request.uri() == "/" {
                    return text("answer");
                }
                let (sender, body) = Body::channel();
                std::mem::forget(sender);
                let mut response = Response::new(body);
                response.extensions_mut().insert(Streaming);
                Ok(response)
            }
        }),
    );
    let states = || {
        let mut states: Vec<_> = server.handle.connections().iter().map(|one| one.state()).collect();
        states.sort_by_key(|state| State::ALL.iter().position(|other| other == state));
        states
    };
    assert_eq!(states(), []);
    let (idle, mut busy, mut body) = (server.client(), server.client(), server.client());
    busy.send(GET);
    body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    let expected = [State::ReceivingHeaders, State::ReceivingBody, State::DispatchingOrSending];
    within(|| states() == expected);
    drop(idle);
    gate.add(2);
    assert_eq!(busy.answer().text(), "answer");
    assert_eq!(body.answer().text(), "answer");
    body.send("cde");
    within(|| states() == [State::ReceivingHeaders; 2]);
    drop(body);
    busy.send(get("/stream"));
    gate.add(1);
    busy.head();
    within(|| states() == [State::Streaming]);
    drop(busy);
}

// P13
pub fn the_service_is_replaced_under_load(rig: impl Rig) {
    let fixed = |answer: &'static str| app(move |_| async move { text(answer) });
    let server = serve(rig, fixed("old"));
    let over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = server.client();
                    let mut new = false;
                    while !over.load(SeqCst) {
                        client.send(GET.repeat(3));
                        for _ in 0..3 {
                            let answer = client.answer();
                            let is_new = answer.text() == "new";
                            assert!(is_new || (answer.text() == "old" && !new), "{answer:?}");
                            new = is_new;
                            answered.fetch_add(1, SeqCst);
                        }
                    }
                    client.send(GET);
                    assert_eq!(client.answer().text(), "new");
                })
            })
            .collect();
        within(|| answered.load(SeqCst) > 100);
        server.handle.set_service(fixed("new"));
        let swapped = answered.load(SeqCst);
        within(|| answered.load(SeqCst) > swapped + 100);
        over.store(true, SeqCst);
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
    assert_eq!(server.shutdown(DEADLINE), 0);
}

// P13: what is in the hands of the old service is answered by it.
pub fn a_request_in_flight_stays_with_its_service(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut client = server.client();
    client.send(get("/gate") + &get("/gate"));
    probe.arrived.take();
    server.handle.set_service(app(|_| async { text("new") }));
    probe.gate.add(1);
    assert_eq!(client.answer().text(), "passed");
    assert_eq!(client.answer().text(), "new");
}

// P15
pub fn dispose_cuts_off_at_once(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let (mut busy, mut idle) = (server.client(), server.client());
    // Nothing of it is left unread, such as the end of its handshake: that would make its end a reset.
    idle.send(GET);
    idle.answer();
    busy.send(get("/gate"));
    probe.arrived.take();
    let report = block_on(server.handle.dispose());
    assert_eq!(report.connections, 2);
    assert!((1..=2).contains(&report.cut_off), "{report:?}");
    probe.dropped.take();
    busy.rest_until_reset();
    assert_eq!(idle.rest(), "");
    refused(server.address);
}

// P15, L16: a longer grace is cut short by a later call.
pub fn a_shutdown_can_be_made_shorter(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let mut busy = server.client();
    busy.send(get("/gate"));
    probe.arrived.take();
    thread::scope(|scope| {
        let patient = scope.spawn(|| server.shutdown(2 * DEADLINE));
        refused(server.address);
        assert_eq!(server.shutdown(SHORT), 1);
        assert_eq!(patient.join().unwrap(), 1);
    });
    probe.dropped.take();
}

// P16
pub fn the_port_of_the_system_is_told(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let address = server.handle.local_addr().tcp().unwrap();
    assert_ne!(address.port(), 0);
    assert_eq!(address, server.address);
    let mut client = Client::connect(address);
    client.send(GET);
    assert_eq!(client.answer().status(), "200");
}

// P17: beyond the limit connections wait.
pub fn a_connection_too_many_waits(rig: impl Rig) {
    let (server, _) = start_routes_with(rig, |server| server.max_connections(2));
    let mut clients = [server.client(), server.client(), server.client()];
    clients.iter_mut().for_each(|client| client.send(GET));
    let [one, two, three] = &mut clients;
    assert_eq!(one.answer().status(), "200");
    assert_eq!(two.answer().status(), "200");
    assert!(three.is_silent(2 * SHORT));
    let [one, _two, mut three] = clients;
    drop(one);
    assert_eq!(three.answer().status(), "200");
}

// P17: or they are told so.
pub fn a_connection_too_many_gets_503(rig: impl Rig) {
    let (server, probe) = start_routes_with(rig, |server| server.max_connections(1).overflow(Overflow::Answer503));
    let mut served = server.client();
    served.send(GET);
    assert_eq!(served.answer().status(), "200");
    let mut told = server.client();
    told.send(GET);
    let answer = told.answer();
    assert!(answer.status() == "503" && answer.closes(), "{answer:?}");
    assert_eq!(probe.calls(), 1);
    told.half_close();
    assert_eq!(told.rest(), "");
    within(|| server.handle.connections().len() == 1);
    // Beyond twice the limit not even that.
    let silent = server.client();
    within(|| server.handle.connections().len() == 2);
    assert_eq!(server.client().rest(), "");
    drop((silent, served));
    within(|| server.handle.connections().is_empty());
    let mut next = server.client();
    next.send(GET);
    assert_eq!(next.answer().status(), "200");
}

// P17: those who are told so take nobody's place.
pub fn who_gets_503_takes_no_place(rig: impl Rig) {
    let (server, _) = start_routes_with(rig, |server| server.max_connections(1).overflow(Overflow::Answer503));
    let mut served = server.client();
    served.send(GET);
    assert_eq!(served.answer().status(), "200");
    let _silent = server.client();
    within(|| server.handle.connections().len() == 2);
    drop(served);
    within(|| server.handle.connections().len() == 1);
    let mut next = server.client();
    next.send(GET);
    assert_eq!(next.answer().status(), "200");
}

// P17: or closed.
pub fn a_connection_too_many_is_closed(rig: impl Rig) {
    let (server, _) = start_routes_with(rig, |server| server.max_connections(1).overflow(Overflow::Close));
    let mut served = server.client();
    served.send(GET);
    assert_eq!(served.answer().status(), "200");
    assert_eq!(server.client().rest(), "");
    served.send(GET);
    assert_eq!(served.answer().status(), "200");
}

// P20
pub fn a_listener_tells_what_becomes_of_it(rig: impl Rig) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let (server, probe) =
        start_routes_with(rig, |server| server.on_listener(move |state| tell.lock().unwrap().push(state)));
    let mut busy = server.client();
    busy.send(get("/gate"));
    probe.arrived.take();
    let told = || told.lock().unwrap().clone();
    assert_eq!(told(), [ListenerState::Listening]);
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| server.shutdown(DEADLINE));
        within(|| told() == [ListenerState::Listening, ListenerState::NotListening]);
        refused(server.address);
        probe.gate.add(1);
        assert_eq!(busy.answer().text(), "passed");
        assert_eq!(busy.rest(), "");
        assert_eq!(shutdown.join().unwrap(), 0);
    });
    assert_eq!(told(), [ListenerState::Listening, ListenerState::NotListening, ListenerState::Closed]);
}

/// What a client may do wrong, and the answer.
const WRONG: &[(&str, &str)] = &[
    ("GET\r\n\r\n", "400"),
    ("GET / HTTP/1.1\r\n\r\n", "400"),
    ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "400"),
    ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"),
    ("GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", "417"),
    ("GET /error HTTP/1.1\r\nHost: h\r\n\r\n", "500"),
    ("GET /panic HTTP/1.1\r\nHost: h\r\n\r\n", "500"),
];

// L8
pub fn errors_have_their_status(rig: impl Rig) {
    let (server, _) = start_routes(rig, |config| config.limits.target = 100);
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(200));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(200));
    let method = format!("{} / HTTP/1.1\r\nHost: h\r\n\r\n", "M".repeat(100));
    let limits = [(long.as_str(), "414"), (&many, "431"), (&method, "501")];
    for (wrong, status) in WRONG.iter().copied().chain(limits) {
        let mut client = server.client();
        client.send(wrong);
        let answer = client.answer();
        assert_eq!(answer.status(), status, "{wrong:?}");
        assert!(answer.content.is_empty() && answer.head.contains("\r\nDate: "), "{answer:?}");
    }
}

// L8
pub fn error_answers_can_be_replaced(rig: impl Rig) {
    let page = |fault: &Fault| {
        let reason = fault.error.map_or("ours", |error| error.kind().name());
        let answer = Response::builder().status(fault.status).header("X-Page", "1");
        answer.body(Bytes::from(format!("{} {reason}", fault.status))).unwrap()
    };
    let (server, _) = start_routes_with(rig, move |server| server.error_page(page));
    for (wrong, status) in WRONG {
        let mut client = server.client();
        client.send(wrong);
        let answer = client.answer();
        assert_eq!(answer.status(), *status, "{wrong:?}");
        assert!(answer.text().starts_with(status) && answer.head.contains("\r\nx-page: 1\r\n"), "{answer:?}");
        let ours = wrong.starts_with("GET /error") || wrong.starts_with("GET /panic") || wrong.contains("Expect");
        assert_eq!(answer.text().ends_with(" ours"), ours, "{answer:?}");
        assert_eq!(answer.closes(), !ours, "{answer:?}");
        if ours {
            client.send(GET);
            assert_eq!(client.answer().text(), "Hello, World!");
        } else {
            client.half_close();
            assert_eq!(client.rest(), "");
        }
    }
    // To HEAD there is no content.
    let mut client = server.client();
    client.send(format!("HEAD /error HTTP/1.1\r\nHost: h\r\n\r\n{GET}"));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 500 ") && head.contains("\r\nContent-Length: 8\r\n"), "{head}");
    assert_eq!(client.answer().text(), "Hello, World!");
}

// P15: a server without connections ends at once, and one that is awaited as well.
pub fn an_empty_server_ends_at_once(rig: impl Rig) {
    let server = serve(rig, app(|_| async { text("") }));
    let report = block_on(server.handle.shutdown(DEADLINE));
    assert_eq!((report.connections, report.cut_off), (0, 0));
    let (listener, address) = listener();
    let thread = on_thread(rig, move || {
        let service: App = app(|_| async { text("") });
        let server = rig.serve(listener, service).with_graceful_shutdown(async {});
        async move { assert_eq!(server.await.connections, 0) }
    });
    thread.join().unwrap();
    refused(address);
}

// P12: hooks may ask for the handle's view of the server, for no lock is held.
pub fn hooks_see_every_connection_come_and_go(rig: impl Rig) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (come, go) = (Arc::clone(&told), Arc::clone(&told));
    let server = start(rig, app(|_| async { text("") }), |server| {
        server
            .on_connect(move |info| come.lock().unwrap().push((info.id(), true)))
            .on_close(move |info, _| go.lock().unwrap().push((info.id(), false)))
    });
    let client = server.client();
    within(|| told.lock().unwrap().len() == 1);
    drop(client);
    within(|| told.lock().unwrap().len() == 2);
    let told = told.lock().unwrap();
    assert!(told[0].0 == told[1].0 && told[0].1 && !told[1].1, "{told:?}");
}

// P15: a request whose head has begun is one that has begun.
pub fn a_shutdown_awaits_a_head_that_has_begun(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let mut client = server.client();
    let (begin, end) = GET.split_at(20);
    client.send(begin);
    within(|| server.handle.connections().iter().any(|one| one.statistics().read == 20));
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| server.shutdown(DEADLINE));
        refused(server.address);
        client.send(end);
        let answer = client.answer();
        assert!(answer.text() == "Hello, World!" && answer.closes(), "{answer:?}");
        assert_eq!(client.rest(), "");
        assert_eq!(shutdown.join().unwrap(), 0);
    });
}
