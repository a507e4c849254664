//! Why a connection can deliver no more.

use http_proto::{Element, RecvError};
use std::{fmt, io};

/// Any error, as applications hand it in.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a connection can deliver no more.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol or a deadline, or its message is incomplete.
    Received(RecvError),
    /// The transport failed.
    Transport(io::Error),
}

impl Error {
    /// What the core said, and the transport if it was at the bottom of it.
    pub(crate) fn new(error: RecvError, transport: Option<Box<io::Error>>) -> Self {
        match transport {
            Some(cause) if error.element() == Element::Connection => Error::Transport(*cause),
            Some(_) | None => Error::Received(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Received(error) => error.fmt(f),
            Error::Transport(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Received(error) => Some(error),
            Error::Transport(error) => Some(error),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Received(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            Error::Transport(error) => error,
        }
    }
}
