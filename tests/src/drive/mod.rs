//! Runs the core over pieces of input, for both roles and every storage, and says what it found in a form that can be
//! compared. What must hold of every run, whatever the input, is asserted on the way. Judges no message.
//!
//! * this file: what goes in ([`Setup`]) and what comes out ([`Outcome`]);
//! * `run`: the loop;
//! * `heard`: messages, put together from events; the grammar of those;
//! * `side`: what differs between server and client;
//! * `buffers`: how octets get into each storage.

mod buffers;
mod heard;
mod run;
mod side;

pub use buffers::Storage;
pub use heard::Heard;
pub use side::Side;

use crate::reference::{Message, Outstanding, Role};
use buffers::{Buffer, Lent};
use bytes::{Bytes, BytesMut};
use http_proto::{
    BodyLength, Client, Config, Connection, End, Pipeline, RecvBuf, RecvError, RequestHead, SendBuf, SendError,
};
use run::Run;
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
        let (config, pieces) = (self.config.clone(), pieces.into_iter());
        let mut out = SendBuf::new();
        match self.role {
            Role::Server => Run::new(Connection::server(config), out, input, self).feed(pieces, end),
            Role::Client => {
                let mut connection = Connection::client(config);
                for request in &self.requests {
                    start(&mut connection, request, &mut out).expect("the request can be started");
                }
                Run::new(connection, out, input, self).feed(pieces, end)
            }
        }
    }
}

fn start(connection: &mut Connection<Client>, request: &Outstanding, out: &mut SendBuf) -> Result<(), SendError> {
    connection.start(&request_head(request), BodyLength::Empty, out)
}

/// The head of a request without content that is such a one.
pub fn request_head(request: &Outstanding) -> RequestHead<'_> {
    let method = std::str::from_utf8(&request.method).expect("a method is text");
    let (target, host) = if method == "CONNECT" { ("h:80", "h:80") } else { ("/", "h") };
    let head = RequestHead::new(method, target).host(host);
    if request.upgrade { head.upgrade(&["x"]) } else { head }
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
