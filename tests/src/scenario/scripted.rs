//! The public wire cases of clients on real sockets: a script answers the client of level 1 with the octets of the case.

use super::cases::{Way, jobs};
use super::wired::Stream;
#[cfg(feature = "tls")]
use super::wired::keys;
use super::{Client, DEADLINE, Rig, SHORT, running};
use crate::cases::Case;
use crate::drive::{Heard, request_head};
use crate::reference::Role;
use bytes::Bytes;
use http_driver::{Connection, Dialer, Error, ErrorKind, Inbox, Timer, Transport, connect_with};
use http_proto::{BodyLength, Config, Event, Pipeline, Response};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

pub fn answers_in_one_piece(rig: impl Rig) {
    answers(rig, Way::whole);
}

pub fn answers_octet_by_octet(rig: impl Rig) {
    answers(rig, Way::bytewise);
}

pub fn answers_in_two_pieces(rig: impl Rig) {
    answers(rig, Way::cut);
}

fn answers<R: Rig>(rig: R, ways: fn(&Case) -> Vec<Way>) {
    let playing = running::on_thread(rig, move || async move {
        let dialer = Dialer::new(rig.runtime());
        #[cfg(feature = "tls")]
        let dialer = if rig.is_secure() { dialer.tls(Arc::clone(&keys().client)) } else { dialer };
        for (case, way) in jobs(Role::Client, ways) {
            let script = Script::start(&case, way, rig.is_secure());
            let mut connection = connect_with(script.uri(), &dialer, config()).await.expect("a connection");
            for request in &case.requests {
                connection.start(&request_head(request), BodyLength::Empty).expect("the request can be started");
            }
            let told = listen(connection).await;
            script.judge(told);
        }
    });
    playing.join().expect("every case is as labelled");
}

/// A client that pipelines whatever it sends.
pub fn config() -> Arc<Config> {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: 64, safe_only: false };
    Arc::new(config)
}

/// What a client was told of the answers, and how it ended.
#[derive(Debug, Default)]
pub struct Told {
    pub heard: Heard,
    pub error: Option<Error>,
}

impl Told {
    /// Takes what the connection tells next; whether there may be more.
    pub fn hear(&mut self, event: Result<Event<'_, Response<'_>>, Error>) -> bool {
        match event {
            Ok(Event::Closed) => false,
            Ok(event) => {
                self.heard.hear::<http_proto::Client>(event);
                self.heard.tail.is_none()
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }
}

async fn listen<Io: Transport, T: Timer>(mut connection: Connection<http_proto::Client, Io, T>) -> Told {
    let mut told = Told::default();
    let mut inbox = Inbox::new();
    while told.hear(connection.next_event(&mut inbox).await) {}
    if let Some(tail) = &mut told.heard.tail {
        // What is behind HTTP goes on behind what came with it.
        let mut upgraded = connection.into_upgraded(Bytes::new()).ok().expect("HTTP is over");
        let mut room = [0; 100];
        loop {
            match poll_fn(|cx| upgraded.poll_read(cx, &mut room)).await.expect("octets, or their end") {
                0 => break,
                count => tail.extend_from_slice(&room[..count]),
            }
        }
    }
    told
}

/// A server that answers one client as a case has it.
pub struct Script {
    case: Case,
    way: Way,
    address: SocketAddr,
    secure: bool,
    /// The client has come to its end.
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Script {
    pub fn start(case: &Case, way: Way, secure: bool) -> Self {
        let (listener, address) = running::listener();
        let over = Arc::<AtomicBool>::default();
        let (case, is_over) = (case.clone(), Arc::clone(&over));
        let played = case.clone();
        let thread = thread::spawn(move || play(&listener, secure, &played, way, &is_over));
        Script { case, way, address, secure, over, thread }
    }

    pub fn uri(&self) -> String {
        format!("{}://{}/", if self.secure { "https" } else { "http" }, self.address)
    }

    /// Whether that is what the case is labelled with.
    pub fn judge(self, told: Told) {
        self.over.store(true, SeqCst);
        let name = format!("{}, {:?}", self.case.id, self.way);
        self.thread.join().unwrap_or_else(|_| panic!("{name}: the script"));
        self.case.check(&told.heard.messages);
        let tail = told.heard.tail.map(|tail| tail.len() as u64);
        match (self.case.after.as_str(), self.case.eof) {
            ("upgrade", _) => assert_eq!((tail, told.error.is_none()), (self.case.tail_len, true), "{name}"),
            ("error", _) => {
                let error = told.error.unwrap_or_else(|| panic!("{name}: no error"));
                assert!(matches!(error.kind(), ErrorKind::Received(_)), "{name}: {error:?}");
            }
            // What was not complete is not made so by a reset.
            ("open", false) => assert!(told.error.is_some(), "{name}"),
            ("open" | "close", _) => assert!(told.error.is_none() && tail.is_none(), "{name}: {:?}", told.error),
            (other, _) => panic!("{name}: {other}"),
        }
    }
}

fn play(listener: &TcpListener, secure: bool, case: &Case, way: Way, is_over: &AtomicBool) {
    let socket = listener.accept().unwrap().0;
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    #[cfg(feature = "tls")]
    let stream = if secure { Stream::accepted(socket) } else { Stream::Plain(socket) };
    #[cfg(not(feature = "tls"))]
    let stream = Stream::from(socket);
    assert!(!secure || cfg!(feature = "tls"));
    let mut client = Client::new(stream);
    for _ in &case.requests {
        client.head();
    }
    // Whoever has found an error takes no more.
    let _ = way.send(&case.input, |piece| client.stream.write_all(piece));
    if !case.eof {
        thread::sleep(SHORT);
        assert!(!is_over.load(SeqCst), "{}: more may come", case.id);
        return client.reset();
    }
    let _ = client.stream.half_close();
    let _ = client.stream.read_to_end(&mut client.read);
}
