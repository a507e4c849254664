//! Runs the core over pieces of input, for both roles and every storage, and says what it found in a form that can be
//! compared. What must hold of every run, whatever the input, is asserted here: the grammar of events, the octets of a
//! tail, an error that stays. Judges no message.

use crate::reference::{Message, Outstanding, Role, Start, Upgrade};
use bytes::{Bytes, BytesMut};
use http_proto::{
    BodyLength, Chunk, Client, Config, Connection, End, Event, Fields, Framing, MethodKind, Pipeline, RecvBuf,
    RecvError, Request, RequestHead, Response, ResponseHead, SendBuf, SendError, Server, State, Step,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// What the core is run with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Which side receives.
    pub role: Role,
    /// Its bounds.
    pub config: Arc<Config>,
    /// Client: the requests that the input answers, oldest first.
    pub requests: Vec<Outstanding>,
    /// Server: when requests are answered.
    pub answers: Answers,
    /// Whether the end is known before the last piece is looked at, as a FIN in the same packet is; else it is a step of
    /// its own.
    pub end_with_last: bool,
}

/// When a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Each request when it is complete.
    AtOnce,
    /// All complete requests when nothing else is left to do.
    Late,
}

impl Setup {
    /// A server with the default bounds.
    pub fn server() -> Setup {
        Setup {
            role: Role::Server,
            config: Arc::new(Config::server()),
            requests: Vec::new(),
            answers: Answers::AtOnce,
            end_with_last: false,
        }
    }

    /// A client with the default bounds, which pipelines whatever it sends.
    pub fn client(requests: &[Outstanding]) -> Setup {
        let mut config = Config::client();
        config.pipeline = Pipeline { depth: 64, safe_only: false };
        Setup { role: Role::Client, config: Arc::new(config), requests: requests.to_vec(), ..Setup::server() }
    }

    /// Either, by role.
    pub fn of(role: Role, requests: &[Outstanding]) -> Setup {
        match role {
            Role::Server => Setup::server(),
            Role::Client => Setup::client(requests),
        }
    }

    /// Runs `input` in one piece.
    pub fn whole(&self, input: &[u8], end: Option<End>) -> Outcome {
        self.run(Storage::Slice, [input], end)
    }

    /// Feeds the pieces, then the end, if there is one. A server answers every complete request
    /// with an empty 200: that accepts CONNECT and declines an upgrade. It refuses what is wrong.
    pub fn run<'i>(&self, storage: Storage, pieces: impl IntoIterator<Item = &'i [u8]>, end: Option<End>) -> Outcome {
        match storage {
            Storage::Slice => self.run_in(RecvBuf::<&[u8]>::new(), pieces, end),
            Storage::Bytes => self.run_in(RecvBuf::<Bytes>::new(), pieces, end),
            Storage::Vec => self.run_in(RecvBuf::<Vec<u8>>::new(), pieces, end),
            Storage::BytesMut => self.run_in(RecvBuf::<BytesMut>::new(), pieces, end),
            Storage::LentVec => self.run_in(Lent(RecvBuf::<Vec<u8>>::new()), pieces, end),
            Storage::LentBytesMut => self.run_in(Lent(RecvBuf::<BytesMut>::new()), pieces, end),
        }
    }

    fn run_in<'i, B: Buffer<'i>>(
        &self,
        input: B,
        pieces: impl IntoIterator<Item = &'i [u8]>,
        end: Option<End>,
    ) -> Outcome {
        let config = self.config.clone();
        let pieces = pieces.into_iter();
        match self.role {
            Role::Server => Run::new(Connection::server(config), input, self).feed(pieces, end),
            Role::Client => {
                let mut run = Run::new(Connection::client(config), input, self);
                for request in &self.requests {
                    start(&mut run.connection, request, &mut run.out).expect("the request can be started");
                }
                run.feed(pieces, end)
            }
        }
    }
}

fn start(connection: &mut Connection<Client>, request: &Outstanding, out: &mut SendBuf) -> Result<(), SendError> {
    let method = std::str::from_utf8(&request.method).expect("a method is text");
    let (target, host) = if method == "CONNECT" { ("h:80", "h:80") } else { ("/", "h") };
    let head = RequestHead::new(method, target).host(host);
    let head = if request.upgrade { head.upgrade(&["x"]) } else { head };
    connection.start(&head, BodyLength::Empty, out)
}

/// What the receive buffer keeps its octets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// `&[u8]`, fed.
    Slice,
    /// `Bytes`, fed; payload is retained.
    Bytes,
    /// `Vec<u8>`, filled.
    Vec,
    /// `BytesMut`, filled; payload is retained.
    BytesMut,
    /// `Vec<u8>`, lent and restored for each read, released whenever that is possible.
    LentVec,
    /// The same with `BytesMut`; payload is retained.
    LentBytesMut,
}

impl Storage {
    /// All of them.
    pub const ALL: [Storage; 6] =
        [Storage::Slice, Storage::Bytes, Storage::Vec, Storage::BytesMut, Storage::LentVec, Storage::LentBytesMut];
}

/// What the core made of an input. Equal for every fragmentation of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Every message that was completed, in order.
    pub messages: Vec<Message>,
    /// What was delivered of a message that was not.
    pub unfinished: Option<Message>,
    /// What came after the messages.
    pub ending: Ending,
    /// Octets consumed as HTTP; with an error, its position in the input.
    pub consumed: u64,
    /// The octets sent: a server's answers, a client's requests.
    pub sent: Vec<u8>,
}

/// How the reading of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// More may come, or the peer ended the connection between two messages.
    Open,
    /// The last message ends the connection.
    Close,
    /// HTTP is over.
    Upgrade,
    /// The peer's fault.
    Error(RecvError),
}

impl Outcome {
    /// The error, if that is how it ended.
    pub fn error(&self) -> Option<RecvError> {
        match self.ending {
            Ending::Error(error) => Some(error),
            Ending::Open | Ending::Close | Ending::Upgrade => None,
        }
    }
}

/// A receive buffer that octets are put into, as many as it takes.
trait Buffer<'i> {
    type Storage: http_proto::buffer::Storage;
    /// Whether payload is taken with `retain`.
    const RETAINS: bool;

    fn put(&mut self, octets: &'i [u8]) -> usize;
    fn get(&mut self) -> &mut RecvBuf<Self::Storage>;
}

macro_rules! buffers {
    ($($storage:ty, $retains:literal, |$buffer:ident, $octets:ident| $put:expr;)*) => {$(
        impl<'i> Buffer<'i> for RecvBuf<$storage> {
            type Storage = $storage;
            const RETAINS: bool = $retains;

            fn put(&mut self, $octets: &'i [u8]) -> usize {
                let $buffer = self;
                $put
            }

            fn get(&mut self) -> &mut RecvBuf<$storage> {
                self
            }
        }
    )*};
}

buffers! {
    &'i [u8], false, |buffer, octets| { buffer.feed(octets); octets.len() };
    Bytes, true, |buffer, octets| { buffer.feed(Bytes::copy_from_slice(octets)); octets.len() };
    Vec<u8>, false, |buffer, octets| buffer.fill_from(octets);
    BytesMut, true, |buffer, octets| buffer.fill_from(octets);
}

/// A buffer whose storage travels: a completion queue reads into it.
struct Lent<S>(RecvBuf<S>);

macro_rules! lent_buffers {
    ($($storage:ty, $retains:literal;)*) => {$(
        impl<'i> Buffer<'i> for Lent<$storage> {
            type Storage = $storage;
            const RETAINS: bool = $retains;

            fn put(&mut self, octets: &'i [u8]) -> usize {
                let Lent(buffer) = self;
                let unread = buffer.unread_len();
                assert_eq!(buffer.release(), unread == 0, "memory is given back where nothing is unread");
                let mut storage = buffer.lend().expect("it is not lent");
                assert_eq!((storage.len(), buffer.unread_len()), (unread, unread), "the unread octets travel in front");
                assert!(storage.capacity() - unread >= 8 * 1024);
                assert!(buffer.lend().is_none() && buffer.spare_mut().is_empty(), "it is lent once");
                let count = octets.len().min(storage.capacity() - unread);
                storage.extend_from_slice(&octets[..count]);
                buffer.restore(storage, count).expect("the storage is the one lent");
                count
            }

            fn get(&mut self) -> &mut RecvBuf<$storage> {
                &mut self.0
            }
        }
    )*};
}

lent_buffers! {
    Vec<u8>, false;
    BytesMut, true;
}

/// What differs between the roles.
trait Side: http_proto::Role {
    /// A message with this head and nothing else yet.
    fn begin(head: &Self::Head<'_>) -> Message;
    /// Answers the oldest request, which asks for `upgrade`.
    fn answer(connection: &mut Connection<Self>, upgrade: Option<Upgrade>, out: &mut SendBuf)
    where
        Self: Sized;
    /// Answers what the peer did wrong, when everything before it has been answered.
    fn refuse(connection: &mut Connection<Self>, error: RecvError, out: &mut SendBuf)
    where
        Self: Sized;
}

impl Side for Server {
    fn begin(head: &Request<'_>) -> Message {
        let upgrade = match (head.method_kind(), head.upgrade_offered()) {
            (MethodKind::Connect, _) => Some(Upgrade::Connect),
            (_, true) => Some(Upgrade::Offered),
            (_, false) => None,
        };
        let start = Start::Request {
            method: head.method().into(),
            target: head.target().into(),
            minor: head.version().minor(),
        };
        message(start, head.fields(), head.keep_alive(), upgrade, false)
    }

    fn answer(connection: &mut Connection<Server>, upgrade: Option<Upgrade>, out: &mut SendBuf) {
        let head = ResponseHead::new(200);
        let answered = match upgrade {
            Some(Upgrade::Connect) => connection.upgrade(&head, out),
            Some(Upgrade::Offered | Upgrade::Switched) | None => connection.respond(&head, BodyLength::Empty, out),
        };
        answered.expect("a complete request can be answered");
    }

    fn refuse(connection: &mut Connection<Server>, error: RecvError, out: &mut SendBuf) {
        let refused = connection.refuse(error, None, out);
        let expected = if error.status().is_some() { Ok(()) } else { Err(SendError::NotRefusable) };
        assert_eq!(refused, expected, "what has a status can be refused, once: {error:?}");
        assert!(connection.refuse(error, None, out).is_err());
        assert!(matches!(connection.state(), State::Closing | State::Closed), "an error is the end");
    }
}

impl Side for Client {
    fn begin(head: &Response<'_>) -> Message {
        let upgrade = match (head.framing(), head.status()) {
            (Framing::Tunnel, 101) => Some(Upgrade::Switched),
            (Framing::Tunnel, _) => Some(Upgrade::Connect),
            (Framing::None | Framing::Length(_) | Framing::Chunked | Framing::UntilClose, _) => None,
        };
        let start =
            Start::Response { status: head.status(), reason: head.reason().into(), minor: head.version().minor() };
        message(start, head.fields(), head.keep_alive(), upgrade, head.is_interim())
    }

    fn answer(_: &mut Connection<Client>, _: Option<Upgrade>, _: &mut SendBuf) {}

    fn refuse(connection: &mut Connection<Client>, _: RecvError, _: &mut SendBuf) {
        assert_eq!(connection.state(), State::Closed, "an error is the end");
    }
}

fn message(start: Start, fields: Fields<'_>, keep_alive: bool, upgrade: Option<Upgrade>, interim: bool) -> Message {
    let (body, trailers) = (Vec::new(), Vec::new());
    Message { start, fields: owned(fields), body, trailers, keep_alive, upgrade, interim }
}

fn owned(fields: Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec())).collect()
}

struct Run<R: Side, B> {
    connection: Connection<R>,
    input: B,
    out: SendBuf,
    sent: Vec<u8>,
    answers: Answers,
    end_with_last: bool,
    /// What the unanswered requests ask for.
    due: VecDeque<Option<Upgrade>>,
    messages: Vec<Message>,
    unfinished: Option<Message>,
    tail: Option<Vec<u8>>,
    /// Octets put in so far.
    put: u64,
}

fn answer_due<R: Side>(connection: &mut Connection<R>, due: &mut VecDeque<Option<Upgrade>>, out: &mut SendBuf) {
    for upgrade in due.drain(..) {
        R::answer(connection, upgrade, out);
    }
}

impl<R: Side, B> Run<R, B> {
    fn new(connection: Connection<R>, input: B, setup: &Setup) -> Self {
        Run {
            connection,
            input,
            out: SendBuf::new(),
            sent: Vec::new(),
            answers: setup.answers,
            end_with_last: setup.end_with_last,
            due: VecDeque::new(),
            messages: Vec::new(),
            unfinished: None,
            tail: None,
            put: 0,
        }
    }

    fn feed<'i>(mut self, pieces: impl Iterator<Item = &'i [u8]>, end: Option<End>) -> Outcome
    where
        B: Buffer<'i>,
    {
        let mut pieces = pieces.peekable();
        let mut error = None;
        'input: while let Some(mut piece) = pieces.next() {
            while !piece.is_empty() {
                let count = self.input.put(piece);
                assert!(count > 0, "a buffer after NeedInput has room");
                self.put += count as u64;
                piece = &piece[count..];
                if let (Some(end), true, true, None) = (end, self.end_with_last, piece.is_empty(), pieces.peek()) {
                    self.input.get().set_end(end);
                }
                let (step, unread) = match self.steps() {
                    Ok(step) => (step, self.input.get().unread_len()),
                    Err(found) => {
                        error = Some(found);
                        break 'input;
                    }
                };
                self.check_tail(unread as u64);
                if step == Step::Closed {
                    break 'input;
                }
            }
        }
        // The end closes every connection, but only a message may say that it is the last.
        let mut closing = self.is_closing()
            && (self.input.get().end().is_none() || self.messages.last().is_some_and(|message| !message.keep_alive));
        if let Some(end) = end
            && error.is_none()
        {
            let before = self.messages.len();
            self.input.get().set_end(end);
            error = self.steps().err();
            closing |= self.messages.len() > before && self.is_closing();
        }
        self.outcome(error, closing)
    }

    fn is_closing(&self) -> bool {
        matches!(self.connection.state(), State::Closing | State::Closed)
    }

    /// Steps until there is nothing to do but read, or nothing at all.
    fn steps<'i>(&mut self) -> Result<Step, RecvError>
    where
        B: Buffer<'i>,
    {
        let input = self.input.get();
        loop {
            let step = match self.connection.step(input) {
                Ok(step) => step,
                Err(error) => {
                    assert_eq!(self.connection.step(input), Err(error), "an error stays");
                    assert_eq!(self.connection.failure(), Some(error));
                    return Err(error);
                }
            };
            let mut payload = None;
            match self.connection.event(input) {
                Event::HeadersComplete(head) => {
                    assert!(self.unfinished.is_none() && self.tail.is_none(), "a head only between messages");
                    let message = R::begin(&head);
                    if message.interim {
                        self.messages.push(message);
                    } else {
                        self.unfinished = Some(message);
                    }
                }
                Event::Payload(octets) => {
                    assert!(!octets.is_empty(), "payload is never empty");
                    let message = self.unfinished.as_mut().expect("payload only inside a message");
                    message.body.extend_from_slice(octets);
                    payload = Some(octets.len());
                }
                Event::MessageComplete(trailers) => {
                    let mut message = self.unfinished.take().expect("an end only inside a message");
                    message.trailers = owned(trailers);
                    self.due.push_back(message.upgrade);
                    self.messages.push(message);
                }
                Event::UpgradeTail(tail) => {
                    assert!(self.tail.is_none() && self.unfinished.is_none(), "one tail, between messages");
                    self.tail = Some(tail.to_vec());
                }
                Event::NeedInput => assert_eq!(step, Step::NeedInput),
                Event::Paused => assert_eq!(step, Step::Paused),
                Event::Closed => assert_eq!(step, Step::Closed),
            }
            if let (Some(length), Some(message), true) = (payload, &self.unfinished, B::RETAINS) {
                let start = message.body.len() - length;
                assert_eq!(input.retain(), message.body[start..], "retained payload is the payload");
            }
            match step {
                Step::Event if self.answers == Answers::AtOnce => {
                    answer_due(&mut self.connection, &mut self.due, &mut self.out);
                }
                Step::Event => {}
                Step::Paused | Step::Closed if !self.due.is_empty() => {
                    assert_eq!(self.answers, Answers::Late, "nothing waits for an answer that was given");
                    answer_due(&mut self.connection, &mut self.due, &mut self.out);
                }
                Step::NeedInput => {
                    assert!(self.tail.is_none(), "nothing is awaited behind a tail");
                    return Ok(step);
                }
                Step::Paused => panic!("nothing is undecided, nothing is in the way"),
                Step::Closed => {
                    assert_eq!(self.connection.step(input), Ok(Step::Closed), "closed is closed");
                    return Ok(step);
                }
            }
        }
    }

    /// Writes what is to be sent.
    fn flush(&mut self) {
        while let Some(chunk) = self.out.front() {
            let Chunk::Octets(octets) = chunk else { panic!("nothing external was sent") };
            let count = octets.len();
            self.sent.extend_from_slice(octets);
            self.out.advance(count as u64);
        }
    }

    /// A tail is all that was put in and not consumed as HTTP.
    fn check_tail(&self, unread: u64) {
        if let Some(tail) = &self.tail {
            assert_eq!(self.connection.received() + tail.len() as u64 + unread, self.put);
            assert_eq!(unread, 0, "the tail is handed over whole");
        }
    }

    fn outcome(mut self, error: Option<RecvError>, closing: bool) -> Outcome {
        answer_due(&mut self.connection, &mut self.due, &mut self.out);
        if let Some(error) = error {
            R::refuse(&mut self.connection, error, &mut self.out);
        }
        self.flush();
        let Run { connection, messages, unfinished, tail, sent, .. } = self;
        let ending = match (error, tail) {
            (Some(error), _) => Ending::Error(error),
            (None, Some(_)) => Ending::Upgrade,
            (None, None) if closing => Ending::Close,
            (None, None) => Ending::Open,
        };
        let last_keeps_alive = messages.last().is_none_or(|message| message.keep_alive);
        assert!(
            last_keeps_alive != (ending == Ending::Close) || error.is_some() || ending == Ending::Upgrade,
            "the connection goes on exactly where the last message lets it: {ending:?} {messages:?}"
        );
        Outcome { messages, unfinished, ending, consumed: connection.received(), sent }
    }
}
