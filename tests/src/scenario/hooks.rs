//! What a server tells of its exchanges and connections: hooks, the access log, timings.

use super::{Build, DEADLINE, GET, Permits, Rig, app, get, start, start_routes_with, text, within};
use http_driver::{ConnInfo, Entry, Logger, Record};
use http_proto::State;
use std::sync::{Arc, Mutex};

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn log_one(&self, connection: &ConnInfo, record: &Record) {
        let Record { number, method, target, status, content, complete, .. } = record;
        assert_eq!(record.id(connection), format!("{:x}-{number:x}", connection.id()));
        assert!(record.duration().is_some() || !complete);
        let line = format!("{number} {method} {target} {} {content} {complete}", status.unwrap_or(0));
        self.0.lock().unwrap().push(line);
    }

    fn taken(&self, count: usize) -> Vec<String> {
        within(|| self.0.lock().unwrap().len() >= count);
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Logger for Lines {
    fn log(&self, entry: Entry) {
        self.log_one(&entry.connection, &entry.record);
    }
}

// N42
pub fn every_exchange_is_logged(rig: impl Rig) {
    let lines = Lines::default();
    let logger = lines.clone();
    let (server, probe) = start_routes_with(rig, |server| server.logger(logger));
    let mut client = server.client();
    client.send(format!("{GET}HEAD / HTTP/1.1\r\nHost: h\r\n\r\n{}{}", get("/none?a"), get("/error")));
    assert_eq!(client.answer().status(), "200");
    client.head();
    assert_eq!(client.answer().status(), "404");
    assert_eq!(client.answer().status(), "500");
    let logged = lines.taken(4);
    assert_eq!(
        logged,
        ["1 GET / 200 13 true", "2 HEAD / 200 0 true", "3 GET /none?a 404 7 true", "4 GET /error 500 0 true"]
    );
    // Cut off: with what was sent until then, and without an answer.
    let mut client = server.client();
    client.send(get("/cut"));
    client.rest_until_reset();
    assert_eq!(lines.taken(1), ["1 GET /cut 200 6 false"]);
    let mut client = server.client();
    client.send(get("/gate"));
    probe.arrived.take();
    client.reset();
    assert_eq!(lines.taken(1), ["1 GET /gate 0 0 false"]);
}

// P14
pub fn the_logger_is_replaced(rig: impl Rig) {
    let (server, _) = start_routes_with(rig, |server| server);
    let mut client = server.client();
    let mut ask = |target: &str| {
        client.send(get(target));
        client.answer();
    };
    ask("/unheard");
    let (old, new) = (Lines::default(), Lines::default());
    server.handle.set_logger(Some(Arc::new(old.clone())));
    ask("/1");
    assert_eq!(old.taken(1), ["2 GET /1 404 2 true"]);
    server.handle.set_logger(Some(Arc::new(new.clone())));
    ask("/2");
    assert_eq!(new.taken(1), ["3 GET /2 404 2 true"]);
    server.handle.set_logger(None);
    ask("/3");
    drop(client);
    assert_eq!(server.shutdown(DEADLINE), 0);
    assert_eq!((old.taken(0).len(), new.taken(0).len()), (0, 0));
}

// N44
pub fn an_exchange_passes_its_stations_in_order(rig: impl Rig) {
    let timings = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&timings);
    let (server, probe) =
        start_routes_with(rig, |server| server.on_finish(move |_, record| keep.lock().unwrap().push(record.clone())));
    let mut client = server.client();
    client.send(get("/gate"));
    probe.arrived.take();
    std::thread::sleep(super::SHORT);
    probe.gate.add(1);
    client.answer();
    within(|| !timings.lock().unwrap().is_empty());
    let record = timings.lock().unwrap().pop().unwrap();
    let timings = record.timings;
    let stations = [timings.first_octet_in, timings.head_in, timings.dispatched, timings.first_octet_out, timings.done];
    let stations = stations.map(|station| station.expect("every station was passed"));
    assert!(stations.is_sorted(), "{stations:?}");
    // The clock went on at the gate.
    assert!(stations[3] > stations[2], "{stations:?}");
    assert!(record.duration().is_some_and(|duration| duration >= super::SHORT));
}

// N22
pub fn finished_means_that_the_kernel_has_the_last_octet(rig: impl Rig) {
    let finished = Arc::new(Permits::default());
    let tell = Arc::clone(&finished);
    let (server, probe) =
        start_routes_with(rig, |server| server.on_finish(move |_, record| tell.add(usize::from(record.complete))));
    let mut client = server.client();
    client.send(get("/huge"));
    probe.arrived.take();
    client.head();
    std::thread::sleep(2 * super::SHORT);
    // The client holds most of it back.
    assert_eq!(finished.available(), 0);
    assert_eq!(client.octets(64 * 1024 * 1024).len(), 64 * 1024 * 1024);
    finished.take();
}

// N22, P20: hooks are called in the order of what they tell.
pub fn hooks_are_called_in_order(rig: impl Rig) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = |what: &'static str| {
        let told = Arc::clone(&told);
        move || told.lock().unwrap().push(what.to_owned())
    };
    let (connect, finish, close, error) = (tell("connect"), tell("finish"), tell("close"), tell("error"));
    let states = Arc::clone(&told);
    let gate = Arc::new(Permits::default());
    let wait = Arc::clone(&gate);
    let service = app(move |_| {
        let gate = Arc::clone(&wait);
        async move {
            gate.taken().await;
            text("done")
        }
    });
    let server = start(rig, service, |server| {
        server
            .on_connect(move |_| connect())
            .on_state(move |_, state: State| states.lock().unwrap().push(format!("{state:?}")))
            .on_finish(move |_, _| finish())
            .on_protocol_error(move |_, _| error())
            .on_close(move |_, _| close())
    });
    let mut client = server.client();
    client.send(GET);
    within(|| told.lock().unwrap().last().is_some_and(|last| last == "DispatchingOrSending"));
    gate.add(1);
    client.answer();
    within(|| told.lock().unwrap().last().is_some_and(|last| last == "ReceivingHeaders"));
    client.send("GET\r\n\r\n");
    assert_eq!(client.answer().status(), "400");
    within(|| told.lock().unwrap().last().is_some_and(|last| last == "Closing"));
    client.half_close();
    assert_eq!(client.rest(), "");
    within(|| told.lock().unwrap().last().is_some_and(|last| last == "close"));
    let told = told.lock().unwrap();
    let expected =
        ["connect", "DispatchingOrSending", "finish", "ReceivingHeaders", "error", "Closing", "Closed", "close"];
    assert_eq!(*told, expected);
}
