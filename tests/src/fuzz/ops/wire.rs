//! What was sent, as the commands meant it and as it lies on the wire; the reference and the core's other role must both
//! read the second as the first.

use super::commands::Side;
use crate::reference::{Bounds, Ending, Message, Outstanding, Start, requests, responses};
use http_proto::{
    BodyLength, Config, Connection, End, Event, Pipeline, RecvBuf, RequestHead, ResponseHead, SendBuf, Step,
};
use std::sync::Arc;

/// A message, as it was meant or as it was read: start line, content, the number of trailers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Meant {
    start: String,
    body: Vec<u8>,
    trailers: usize,
    interim: bool,
    complete: bool,
}

/// Everything about the sending side of one connection.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// The octets, in the order of their writing.
    pub(super) written: Vec<u8>,
    /// Where HTTP ends; set with the first look after the upgrade.
    pub(super) raw_from: Option<usize>,
    sent: Vec<Meant>,
    /// Octets sent after the upgrade.
    raw: Vec<u8>,
    asked: Vec<Outstanding>,
}

impl Wire {
    /// A request came, or something that is answered like one.
    pub(super) fn asked(&mut self, method: Vec<u8>, upgrade: bool) {
        self.asked.push(Outstanding { method, upgrade });
    }

    pub(super) fn answered(&mut self, status: u16, complete: bool) {
        self.sent.push(Meant { start: status.to_string(), complete, ..Meant::default() });
    }

    pub(super) fn informed(&mut self, status: u16) {
        self.sent.push(Meant { start: status.to_string(), interim: true, complete: true, ..Meant::default() });
    }

    pub(super) fn started(&mut self, method: &str, target: &str, complete: bool) {
        self.sent.push(Meant { start: format!("{method} {target}"), complete, ..Meant::default() });
    }

    pub(super) fn content(&mut self, octets: &[u8], raw: bool) {
        let body = if raw { &mut self.raw } else { &mut self.sent.last_mut().expect("a message").body };
        body.extend_from_slice(octets);
    }

    pub(super) fn finished(&mut self, trailers: usize) {
        let last = self.sent.last_mut().expect("a message");
        (last.complete, last.trailers) = (true, trailers);
    }

    /// HTTP is over, and so many octets have been appended.
    pub(super) fn begin_raw(&mut self, appended: u64) {
        let raw = self.raw.len();
        self.raw_from.get_or_insert(appended as usize - raw);
    }
}

/// Compares the wire with what was meant.
pub(super) fn judge<R: Side>(wire: &Wire) {
    let http_end = wire.raw_from.unwrap_or(usize::MAX).min(wire.written.len());
    let (http, raw) = wire.written.split_at(http_end);
    assert_eq!(raw, wire.raw, "octets of the next protocol");
    let mut meant = wire.sent.clone();
    let at = meant.len().saturating_sub(1);
    if wire.raw_from.is_some_and(|at| at < usize::MAX) && is_proceeded(http) && !meant[..at].ends_with(&[proceed()]) {
        // `upgrade` itself has sent the 100 (Continue) that was asked for.
        meant.insert(at, proceed());
    }
    if R::IS_SERVER { judge_responses(wire, http, meant) } else { judge_requests(http, meant) }
}

fn proceed() -> Meant {
    Meant { start: "100".into(), interim: true, complete: true, ..Meant::default() }
}

/// Whether the last head but one is a 100.
fn is_proceeded(http: &[u8]) -> bool {
    let text = String::from_utf8_lossy(http);
    let heads: Vec<&str> = text.split("\r\n\r\n").collect();
    heads.len() >= 3 && heads[heads.len() - 3].ends_with("HTTP/1.1 100 Continue")
}

/// The messages of which every octet has been sent: `finish` may add none to the last one.
fn on_the_wire(mut meant: Vec<Meant>, read: usize) -> Vec<Meant> {
    let unfinished = meant.last().is_some_and(|last| !last.complete);
    if unfinished && read < meant.len() {
        meant.pop();
    } else if let Some(last) = meant.last_mut() {
        last.complete = true;
    }
    meant
}

fn judge_responses(wire: &Wire, http: &[u8], meant: Vec<Meant>) {
    let finals = meant.iter().filter(|sent| !sent.interim).count();
    let whole = meant.last().is_none_or(|last| last.complete && !last.interim);
    assert!(finals <= wire.asked.len(), "{finals} answers to {} requests", wire.asked.len());
    let asked = if whole { &wire.asked[..finals] } else { &wire.asked[..] };

    let mut bounds = Bounds::client();
    bounds.interim = usize::MAX;
    let outcome = responses(http, whole, asked, &bounds);
    assert!(!matches!(outcome.ending, Ending::Error { .. }), "{:?} of {}", outcome.ending, http.escape_ascii());
    let read: Vec<Meant> = outcome.messages.iter().map(read_response).collect();
    let meant = on_the_wire(meant, read.len());
    assert_eq!(read, meant, "{}", http.escape_ascii());
    if meant.iter().filter(|sent| sent.interim).count() < 255 {
        assert_eq!(read_by_client(http, whole, asked), meant, "{}", http.escape_ascii());
    }
}

fn read_response(message: &Message) -> Meant {
    let Start::Response { status, .. } = message.start else { unreachable!("a response") };
    Meant {
        start: status.to_string(),
        body: message.body.clone(),
        trailers: message.trailers.len(),
        interim: message.interim,
        complete: true,
    }
}

fn judge_requests(http: &[u8], mut meant: Vec<Meant>) {
    let outcome = requests(http, false, &Bounds::server());
    assert!(!matches!(outcome.ending, Ending::Error { .. }), "{:?} of {}", outcome.ending, http.escape_ascii());
    // The readers accept the first tunnel that they are asked for.
    if let Some(tunnel) = meant.iter().position(|sent| sent.start.starts_with("CONNECT ")) {
        meant.truncate(tunnel + 1);
    }
    let read: Vec<Meant> = outcome.messages.iter().map(read_request).collect();
    let meant = on_the_wire(meant, read.len());
    assert_eq!(read, meant, "{}", http.escape_ascii());
    assert_eq!(read_by_server(http), meant, "{}", http.escape_ascii());
}

fn read_request(message: &Message) -> Meant {
    let Start::Request { method, target, .. } = &message.start else { unreachable!("a request") };
    Meant {
        start: format!("{} {}", method.escape_ascii(), target.escape_ascii()),
        body: message.body.clone(),
        trailers: message.trailers.len(),
        interim: false,
        complete: true,
    }
}

/// What a client makes of the octets that starts each request when the one before is answered.
fn read_by_client(http: &[u8], whole: bool, asked: &[Outstanding]) -> Vec<Meant> {
    let mut config = Config::client();
    config.limits.interim = u8::MAX;
    let mut connection = Connection::client(Arc::new(config));
    let mut asked = asked.iter();
    let mut input = RecvBuf::<&[u8]>::new();
    let mut read: Vec<Meant> = Vec::new();
    input.feed(http);
    if whole {
        input.set_end(End::Clean);
    }
    loop {
        if connection.outstanding() == 0
            && let Some(next) = asked.next()
            && connection.is_reusable()
        {
            let method = std::str::from_utf8(&next.method).expect("a token");
            let head = RequestHead::new(method, if method == "CONNECT" { "h:443" } else { "http://h/" });
            let head = if next.upgrade { head.upgrade(&["x"]) } else { head };
            connection.start(&head, BodyLength::Empty, &mut SendBuf::new()).expect("a request");
        }
        match connection.step(&mut input).expect("what the server has sent") {
            Step::Event => {}
            Step::NeedInput | Step::Paused | Step::Closed => break,
        }
        match connection.event(&input) {
            Event::HeadersComplete(head) => read.push(Meant {
                start: head.status().to_string(),
                interim: head.is_interim(),
                complete: head.is_interim(),
                ..Meant::default()
            }),
            Event::Payload(octets) => read.last_mut().expect("a head").body.extend_from_slice(octets),
            Event::MessageComplete(trailers) => {
                let last = read.last_mut().expect("a head");
                (last.complete, last.trailers) = (true, trailers.len());
            }
            Event::UpgradeTail(tail) => assert!(tail.is_empty()),
            Event::NeedInput | Event::Paused | Event::Closed => unreachable!("an event"),
        }
    }
    read.retain(|message| message.complete);
    read
}

/// What a server makes of the octets that accepts every tunnel and declines every upgrade.
fn read_by_server(http: &[u8]) -> Vec<Meant> {
    let mut config = Config::server();
    config.pipeline = Pipeline { depth: 1, safe_only: true };
    let mut connection = Connection::server(Arc::new(config));
    let mut input = RecvBuf::<&[u8]>::new();
    let mut read: Vec<Meant> = Vec::new();
    input.feed(http);
    while connection.step(&mut input).expect("what the client has sent") == Step::Event {
        match connection.event(&input) {
            Event::HeadersComplete(head) => {
                read.push(Meant { start: format!("{} {}", head.method(), head.target()), ..Meant::default() });
            }
            Event::Payload(octets) => read.last_mut().expect("a head").body.extend_from_slice(octets),
            Event::MessageComplete(trailers) => {
                let last = read.last_mut().expect("a head");
                (last.complete, last.trailers) = (true, trailers.len());
                let out = &mut SendBuf::new();
                match last.start.starts_with("CONNECT ") {
                    true => connection.upgrade(&ResponseHead::new(200), out),
                    false => connection.respond(&ResponseHead::new(200), BodyLength::Empty, out),
                }
                .expect("an answer");
            }
            Event::UpgradeTail(_) => break,
            Event::NeedInput | Event::Paused | Event::Closed => unreachable!("an event"),
        }
    }
    read.retain(|message| message.complete);
    read
}
