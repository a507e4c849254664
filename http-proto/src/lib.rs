//! HTTP/1 as a pure state machine.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod buffer;
mod config;
mod connection;
mod error;
#[cfg(feature = "http")]
mod http_types;
pub mod syntax;
mod time;

pub use buffer::{Chunk, End, Flow, RecvBuf, SendBuf, WaterMarks};
pub use config::{Config, HalfClose, Limits, Pipeline, Timeouts};
pub use connection::{Client, Connection, Event, Interest, Outstanding, Role, Server, State, Step};
pub use error::{Element, RecvError, RecvErrorKind, SendError};
#[cfg(feature = "http")]
pub use http_types::{HttpError, HttpRequestHead, HttpResponseHead, ReasonPhrase, SplitHeaders};
pub use syntax::{
    BodyLength, Expectation, FieldBlock, FieldSlice, Fields, Framing, MethodKind, OwnedRequest, OwnedResponse, Request,
    RequestHead, Response, ResponseHead, TargetForm, Version,
};
pub use time::Instant;
