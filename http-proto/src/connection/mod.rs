//! The connection: one state machine for both ends. Octets come in through [`Connection::step`], commands through the
//! methods of the roles; nothing here does I/O or reads a clock.
//!
//! `recv` here turns octets into events, `transmit` turns payload into octets, `server` and `client` hold what the
//! roles add, `state`, `timer` and `interest` say where the connection stands, until when, and what it wants next.

mod client;
mod event;
mod exchange;
mod interest;
mod recv;
mod role;
mod server;
mod state;
mod timer;
mod transmit;

pub use client::Outstanding;
pub use event::{Event, Step};
pub use interest::Interest;
pub use role::{Client, Role, Server};
pub use state::State;

use crate::config::Config;
use crate::error::{Element, RecvError, RecvErrorKind as Kind};
use alloc::sync::Arc;
use core::marker::PhantomData;
use event::Found;
use exchange::Exchanges;
use recv::BodyIn;
use state::{RecvHalf, SendHalf};
use timer::Timers;
use transmit::BodyOut;

/// One end of an HTTP/1 connection.
#[derive(Debug)]
pub struct Connection<R: Role> {
    config: Arc<Config>,
    recv: RecvHalf,
    send: SendHalf,
    exchanges: Exchanges,
    body_in: BodyIn,
    body_out: BodyOut,
    found: Found,
    failure: Option<RecvError>,
    /// Octets consumed of the message being received.
    message: u64,
    /// Octets consumed as HTTP, since the beginning.
    received: u64,
    /// Octets swallowed: of a body that nobody reads, then while lingering.
    swallowed: u64,
    empty_lines: u8,
    flags: Flags,
    timers: Timers,
    role: PhantomData<R>,
}

#[derive(Debug, Default)]
struct Flags {
    /// The parser stands in the present head, not in the last one.
    parsing: bool,
    /// An octet of the present head has come.
    head_begun: bool,
    /// The input has ended cleanly, and everything before that has been consumed.
    input_ended: bool,
    /// The last step found `NeedInput`.
    waiting: bool,
    /// The rest of the message being received is swallowed.
    draining: bool,
    /// No further exchange may begin.
    last: bool,
    /// Reset instead of an orderly close.
    aborted: bool,
    /// Client: nothing can be written any more, but an answer may still come.
    undeliverable: bool,
    /// Client: what is left in the send buffer need not go out any more, as nobody reads it.
    unwanted: bool,
    /// Client: content is held back until 100 (Continue).
    awaiting_continue: bool,
    /// Client: the last answer was HTTP/1.0.
    peer_is_http10: bool,
}

impl<R: Role> Connection<R> {
    fn new(config: Arc<Config>) -> Self {
        Connection {
            config,
            recv: RecvHalf::Head,
            send: SendHalf::Idle,
            exchanges: Exchanges::default(),
            body_in: BodyIn::Length(0),
            body_out: BodyOut::None,
            found: Found::Nothing(Step::NeedInput),
            failure: None,
            message: 0,
            received: 0,
            swallowed: 0,
            empty_lines: 0,
            flags: Flags::default(),
            timers: Timers::default(),
            role: PhantomData,
        }
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        State::derive(self.recv, self.send)
    }

    /// The number of exchanges that are not over. While it is above zero a closed connection is not dead: somebody
    /// still works on an answer, or waits for one. See [`Connection::abandon`].
    pub fn outstanding(&self) -> usize {
        self.exchanges.len()
    }

    /// Why receiving failed, if it has.
    pub fn failure(&self) -> Option<RecvError> {
        self.failure
    }

    /// The octets consumed as HTTP since the beginning: not those behind the last message, nor those swallowed while
    /// closing. After a [`RecvError`] it is the position of the fault.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Ends the connection in good order: what is outstanding is finished, the last answer says `Connection: close`, no
    /// further exchange begins. An idle connection closes at once.
    pub fn shutdown(&mut self) {
        self.flags.last = true;
        // Half an empty line is not the beginning of a head.
        let between = self.recv == RecvHalf::Head && !self.flags.parsing;
        if R::SERVER && (between || self.recv == RecvHalf::Held) {
            self.recv = RecvHalf::Ended;
            self.flags.head_begun = false;
        }
        let idle = self.exchanges.is_empty() && self.send == SendHalf::Idle;
        if idle && (!R::SERVER || self.recv == RecvHalf::Ended) {
            self.begin_closing();
        }
    }

    /// Ends the connection at once: nothing more is sent or received, and [`Interest::abort`] asks for a reset, so that
    /// the peer cannot take a part for the whole. What is outstanding waits for [`Connection::abandon`].
    pub fn abort(&mut self) {
        if self.send != SendHalf::Closed {
            self.flags.aborted = true;
            self.close_now();
        }
    }

    /// Gives the oldest outstanding exchange up: its handler came back without an answer, or nobody waits for its
    /// answer any more. The order of answers admits no gap, so this aborts a connection that is not closed; but not one
    /// whose last answer is out already, for what was pipelined behind that is owed none (RFC 9112 section 9.6).
    pub fn abandon(&mut self) {
        if !self.exchanges.is_empty() {
            if !(R::SERVER && self.send == SendHalf::Closing) {
                self.abort();
            }
            self.exchanges.pop();
        }
    }

    /// Swallows what remains of the body being received; nobody reads it. Within the bounds `drain` of limits and
    /// timeouts the connection then goes on, else it closes.
    pub fn discard(&mut self) {
        if self.recv == RecvHalf::Body && !self.flags.draining {
            self.flags.draining = true;
            self.timers.drain_begun = true;
            self.swallowed = 0;
            self.check_drain(0);
        }
    }

    /// Says that nobody wants to receive for a while: until the next step no deadline runs for what the peer sends.
    pub fn suspend(&mut self) {
        self.flags.waiting = false;
    }

    /// Says that the octets of the send buffer cannot be delivered: a write has failed. A server's exchanges are over;
    /// a client can still receive an answer that came before.
    pub fn delivery_failed(&mut self) {
        if self.send == SendHalf::Closed {
            return;
        }
        if R::SERVER || self.exchanges.is_empty() || self.send == SendHalf::Upgraded {
            self.fail(Kind::DeliveryFailed, 0);
        } else {
            self.flags.undeliverable = true;
            self.stop_sending();
        }
    }

    /// A client that can or must not finish its request: it reads the answer and closes.
    fn stop_sending(&mut self) {
        self.flags.last = true;
        self.flags.awaiting_continue = false;
        self.body_out = BodyOut::None;
        if matches!(self.send, SendHalf::Body | SendHalf::Streaming) {
            self.send = SendHalf::Idle;
        }
        if let Some(newest) = self.exchanges.back_mut() {
            newest.sent = true;
            newest.keep_alive = false;
        }
        // The answer may have come whole already; then nothing is left to wait for.
        if self.exchanges.front().is_some_and(|front| front.sent && front.received) {
            self.retire();
        }
    }

    /// Whether the next head may be received before the outstanding answers are out.
    fn may_receive_head(&self) -> bool {
        let pipeline = self.config.pipeline;
        !R::SERVER
            || self.exchanges.is_empty()
            || (self.exchanges.len() < usize::from(pipeline.depth)
                && (!pipeline.safe_only || self.exchanges.are_safe()))
    }

    /// Nothing more will be sent but what is in the send buffer.
    fn begin_closing(&mut self) {
        self.send = SendHalf::Closing;
        self.body_out = BodyOut::None;
        self.flags.draining = false;
        self.flags.last = true;
        self.swallowed = 0;
        // With the input ended there is nothing to swallow, and nothing to come that would provoke a reset.
        let linger = R::SERVER && !self.flags.input_ended;
        self.recv = if linger { RecvHalf::Linger } else { RecvHalf::Ended };
    }

    fn close_now(&mut self) {
        self.send = SendHalf::Closed;
        self.recv = RecvHalf::Ended;
        self.body_out = BodyOut::None;
        self.flags.draining = false;
        self.flags.awaiting_continue = false;
        self.flags.last = true;
    }

    /// Poisons receiving: the fault lies `ahead` octets behind those consumed of this message.
    #[cold]
    fn fail(&mut self, kind: Kind, ahead: usize) {
        let ahead = ahead as u64;
        let failure = RecvError::new(kind, self.message.saturating_add(ahead));
        self.failure.get_or_insert(failure);
        self.received += ahead;
        let in_body = self.recv == RecvHalf::Body;
        self.recv = RecvHalf::Ended;
        self.flags.draining = false;
        self.flags.last = true;
        // What befell the connection itself leaves nobody to answer to.
        if failure.element() == Element::Connection { self.close_now() } else { R::on_failure(self, in_body) }
    }

    /// The oldest exchange is over on both sides.
    fn retire(&mut self) {
        let keep_alive = self.exchanges.pop().is_some_and(|exchange| exchange.keep_alive);
        self.timers.active = true;
        let last = self.exchanges.is_empty() && (self.flags.last || self.recv == RecvHalf::Ended);
        if !keep_alive || (last && !(R::SERVER && self.flags.head_begun)) {
            self.begin_closing();
        } else if R::SERVER {
            self.send = if self.exchanges.is_empty() { SendHalf::Idle } else { SendHalf::Due };
        }
    }
}
