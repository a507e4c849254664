//! Why a connection can deliver no more.

use http_proto::RecvError;
use std::{fmt, io};

/// Any error, as applications hand it in.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a connection can deliver no more; and on a client, whether its requests may be sent again.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    may_retry: bool,
}

/// What an [`Error`] is about.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The peer broke the protocol or a deadline, or its message is incomplete.
    Received(RecvError),
    /// The transport failed.
    Transport(io::Error),
    /// Client: no octet of an answer came in time ([`set_answer_timeout`](crate::Connection::set_answer_timeout)).
    AnswerTimeout,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, may_retry: bool) -> Self {
        Error { kind, may_retry }
    }

    /// What it is about.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What it is about, owned.
    pub fn into_kind(self) -> ErrorKind {
        self.kind
    }

    /// Client: whether every request that is left unanswered may be sent again on another connection without asking
    /// anybody: no octet of its answer has come, and its method is idempotent or no octet of it has left (RFC 9110
    /// section 9.2.2, RFC 9112 section 9.3.1). False where none is left.
    ///
    /// Of requests that were pipelined, [`Connection::unanswered`](crate::Connection::unanswered) says it of each.
    pub fn may_retry(&self) -> bool {
        self.may_retry
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Received(error) => error.fmt(f),
            ErrorKind::Transport(error) => error.fmt(f),
            ErrorKind::AnswerTimeout => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Received(error) => Some(error),
            ErrorKind::Transport(error) => Some(error),
            ErrorKind::AnswerTimeout => None,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error.kind {
            ErrorKind::Received(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            ErrorKind::Transport(error) => error,
            ErrorKind::AnswerTimeout => io::Error::new(io::ErrorKind::TimedOut, error),
        }
    }
}
