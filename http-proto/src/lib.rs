//! HTTP/1 as a pure state machine: octets in, events out, commands in, octets out.
//!
//! This crate knows the whole protocol, for both ends of a connection, and does no I/O: it has no sockets, no threads,
//! no clock and no runtime. It is `no_std` (with `alloc`), has no unsafe code and depends on `bytes` and `memchr`. Any
//! event loop can carry it: blocking, epoll, io_uring, async, a test without a socket.
//!
//! | who you are | what you use |
//! |---|---|
//! | you have an event loop | [`Connection`], with a [`RecvBuf`] and a [`SendBuf`] that you own |
//! | you have your own connection logic | [`syntax`]: parsers of heads and chunks by themselves |
//! | you want a server on tokio or smol | the crates `http-tokio` and `http-smol`, built on this one |
//!
//! # A server
//! One connection, complete with deadlines, refusals and the orderly close:
//! ```
//! use http_proto::{BodyLength, Chunk, Config, Connection, End, Event, Instant, RecvBuf, Request, ResponseHead};
//! use http_proto::{SendBuf, SendError, Server};
//! use std::io::{self, ErrorKind, Read, Write};
//! use std::net::{Shutdown, TcpStream};
//! use std::{sync::Arc, time};
//!
//! fn answer(http: &mut Connection<Server>, request: Request<'_>, out: &mut SendBuf) -> Result<(), SendError> {
//!     match (request.method(), request.target()) {
//!         ("GET" | "HEAD", "/") => {
//!             http.respond(&ResponseHead::new(200), BodyLength::Exact(14), out)?;
//!             if request.method() == "GET" {
//!                 let _one_small_piece = http.send(b"Hello, World!\n", out)?;
//!             }
//!             http.finish(None, out)
//!         }
//!         _ => http.respond(&ResponseHead::new(404), BodyLength::Empty, out),
//!     }
//! }
//!
//! fn serve(mut stream: TcpStream) -> io::Result<()> {
//!     let origin = time::Instant::now();
//!     let now = || Instant::from(origin.elapsed());
//!     let mut http = Connection::server(Arc::new(Config::server()));
//!     let (mut input, mut out) = (RecvBuf::<Vec<u8>>::new(), SendBuf::new());
//!     loop {
//!         // Events first, as many as there are. They borrow from `input` alone, so commands can be given meanwhile.
//!         match http.recv(&mut input) {
//!             Ok(Event::HeadersComplete(request)) => {
//!                 answer(&mut http, request, &mut out).map_err(io::Error::other)?;
//!                 continue;
//!             }
//!             Ok(Event::Payload(_) | Event::MessageComplete(_) | Event::UpgradeTail(_)) => continue,
//!             Ok(Event::NeedInput | Event::Paused | Event::Closed) => {}
//!             // Answered once, with the status of the error; later turns only wait until the peer has read that.
//!             Err(error) => _ = http.refuse(error, None, &mut out),
//!         }
//!         // Then what the connection wants of the transport, until its next deadline.
//!         let deadline = http.poll_timeout(now(), &out);
//!         let next = http.interest(&out);
//!         if next.close {
//!             // After a deadline for writing `next.abort` asks for a reset (SO_LINGER 0), which std does not offer.
//!             return Ok(());
//!         }
//!         let wait = deadline.map(|at| at.saturating_since(now()).max(time::Duration::from_millis(1)));
//!         stream.set_write_timeout(wait)?;
//!         stream.set_read_timeout(wait)?;
//!         let late = |error: &io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
//!         if next.shutdown_write {
//!             let _ = stream.shutdown(Shutdown::Write);
//!         }
//!         if let Some(Chunk::Octets(octets)) = out.front() {
//!             match stream.write(octets) {
//!                 Ok(count) => _ = out.advance(count as u64),
//!                 Err(error) if late(&error) => {}
//!                 Err(_) => http.delivery_failed(),
//!             }
//!         } else if next.read {
//!             match stream.read(input.spare_mut()) {
//!                 Ok(0) => input.set_end(End::Clean),
//!                 Ok(count) => input.commit(count),
//!                 Err(error) if late(&error) => {}
//!                 Err(_) => input.set_end(End::Aborted),
//!             }
//!         }
//!         http.handle_timeout(now(), &out);
//!     }
//! }
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let mut client = TcpStream::connect(listener.local_addr()?)?;
//! # let server = std::thread::spawn(move || serve(listener.accept()?.0));
//! # client.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET\n")?;
//! # let mut answers = String::new();
//! # client.read_to_string(&mut answers)?;
//! # let expected = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHello, World!\n\
//! #     HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n\
//! #     HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
//! # assert_eq!(answers, expected);
//! # drop(client);
//! # server.join().expect("no panic")?;
//! # Ok::<(), io::Error>(())
//! ```
//!
//! # A client
//! In memory, without the I/O, which is the same as above:
//! ```
//! use http_proto::{BodyLength, Chunk, Config, Connection, Event, RecvBuf, RequestHead, SendBuf};
//! use std::sync::Arc;
//!
//! let mut http = Connection::client(Arc::new(Config::client()));
//! let (mut input, mut out) = (RecvBuf::<&[u8]>::new(), SendBuf::new());
//! http.start(&RequestHead::get("example.com", "/"), BodyLength::Empty, &mut out)?;
//! assert_eq!(out.front(), Some(Chunk::Octets(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")));
//! out.advance(out.len());
//!
//! let mut content = Vec::new();
//! for piece in [&b"HTTP/1.1 200 OK\r\nContent-Le"[..], b"ngth: 5\r\n\r\nhe", b"llo"] {
//!     input.feed(piece);
//!     loop {
//!         match http.recv(&mut input)? {
//!             Event::HeadersComplete(response) => assert_eq!(response.status(), 200),
//!             Event::Payload(octets) => content.extend_from_slice(octets),
//!             Event::MessageComplete(trailers) => assert!(trailers.is_empty()),
//!             Event::NeedInput => break,
//!             Event::Paused | Event::Closed | Event::UpgradeTail(_) => unreachable!("no end, no offer"),
//!         }
//!     }
//! }
//! assert_eq!(content, b"hello");
//! assert!(http.is_reusable() && http.outstanding() == 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to do after which call
//! | after | do |
//! |---|---|
//! | [`Connection::step`] or [`recv`](Connection::recv) found an event | take it, give commands, call again |
//! | `NeedInput` | ask [`Connection::interest`], read if it says so |
//! | `Paused` | give the command that is due: an answer, or the decision on an upgrade or CONNECT; no reading meanwhile |
//! | `Closed` | finish what is being sent, and go by `interest` until it says `close` |
//! | a [`RecvError`] | server: answer the requests before it, then [`refuse`](Connection::refuse); client: [`unanswered`](Connection::unanswered) lists what got no answer, and [which of it](Outstanding::may_retry) may be sent again |
//! | a [`SendError`] | nothing has changed; the call was wrong |
//! | [`Flow::Full`] | send no more until [`SendBuf::advance`] returns true |
//! | a read returned nothing | [`RecvBuf::set_end`] with [`End::Clean`]; after an error with [`End::Aborted`] |
//! | a write failed | [`Connection::delivery_failed`] |
//! | a round of all this | ask [`Connection::poll_timeout`] and `interest` anew |
//!
//! A body of any length but [`BodyLength::Empty`] is ended by [`finish`](Connection::finish). `interest` may want to
//! write and to read at once; whoever can do both should. When it says `abort`, reset the connection.
//!
//! Events: a request or final response is `HeadersComplete`, any number of `Payload`, `MessageComplete`; an interim
//! response is `HeadersComplete` alone; where HTTP ends, `UpgradeTail` follows. They are the same for every
//! fragmentation of the input, adjacent payloads joined.
//!
//! # Time
//! The core reads no clock. [`Instant`] counts nanoseconds since an origin of your choice, and only
//! [`poll_timeout`](Connection::poll_timeout) and [`handle_timeout`](Connection::handle_timeout) take one. The first
//! turns what the last calls have left undone into deadlines and returns the earliest; the second acts on those that
//! have passed. A late call makes a deadline later, a needless one does no harm. All deadlines are on by default:
//! [`Timeouts`].
//!
//! # Strictness
//! There is one grammar, that of RFC 9112 read strictly, and no switch that makes it lenient. What is ambiguous is
//! refused with the status that a server should answer; what the RFC says must be accepted, is. All bounds are fields
//! of [`Limits`]. What is sent is held to the same rules: the framing fields are written here, and no call can put a
//! CR, LF or NUL where it does not belong.
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | [`SendBuf::io_slices`]; `std` of bytes and memchr |
//! | `simd` | yes | scanning of 16 octets at a time on x86-64, through the safe wrappers of `safe_arch`; without it, and elsewhere, portable code does the same |
//! | `http` | no | conversions to and from the types of the `http` crate |
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

#[doc(inline)]
pub use buffer::{Chunk, End, Flow, RecvBuf, SendBuf, WaterMarks};
pub use config::{Config, HalfClose, Limits, Pipeline, Timeouts};
pub use connection::{Client, Connection, Event, Interest, Outstanding, Role, Server, State, Step};
pub use error::{Element, RecvError, RecvErrorKind, SendError};
#[cfg(feature = "http")]
pub use http_types::{HopByHop, HttpError, HttpRequestHead, HttpResponseHead, ReasonPhrase, SplitHeaders};
#[doc(inline)]
pub use syntax::{
    BodyLength, Expectation, FieldBlock, FieldSlice, Fields, Framing, MethodKind, OwnedRequest, OwnedResponse, Request,
    RequestHead, Response, ResponseHead, TargetForm, Version,
};
pub use time::Instant;

/// The example of the README is tested like those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
