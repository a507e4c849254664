//! One end: a connection, its buffers and its share of the transport, driven as an I/O loop would, by `interest` and
//! `poll_timeout` alone. Checks on the way what must hold for every end.

use super::inbox::Inbox;
use super::link::Link;
use super::plan::{How, Piece};
use bytes::Bytes;
use http_proto::{
    Chunk, Connection, End, Event, Fields, Flow, Instant, RecvBuf, RecvError, Role, SendBuf, SendError, State, Step,
    WaterMarks,
};
use std::collections::VecDeque;

/// Marks that a run reaches.
pub const MARKS: WaterMarks = WaterMarks { high: 300, low: 50, copied: 200 };

/// The application on top of an end.
pub trait App<R: Role> {
    /// A head has come.
    fn on_head(&mut self, head: R::Head<'_>);
    /// Content has come.
    fn on_payload(&mut self, octets: &[u8]);
    /// A message is complete.
    fn on_complete(&mut self, trailers: Fields<'_>);
    /// Another protocol has begun.
    fn on_tail(&mut self, octets: &[u8]);
    /// Does what can be done now; whether anything was.
    fn act<S>(&mut self, end: &mut Endpoint<R, S>, now: Instant) -> bool;
    /// When it wants to act again, though nothing happens.
    fn wakes_at(&self) -> Option<Instant>;
}

/// One end.
pub struct Endpoint<R: Role, S> {
    /// The connection.
    pub connection: Connection<R>,
    /// Why receiving failed.
    pub failure: Option<RecvError>,
    /// The transport is closed.
    pub closed: bool,
    input: RecvBuf<S>,
    out: SendBuf,
    /// The content that `send_external` announced.
    externals: VecDeque<u8>,
    popped: Option<Bytes>,
    pop_owned: bool,
    retain: bool,
    state: State,
    full: bool,
    half_closed: bool,
    /// The next protocol has begun in this direction, and ended.
    tunnel_in: bool,
    tunnel_ended: bool,
    tunnel_done: bool,
}

impl<R: Role, S: Sized> Endpoint<R, S> {
    /// Whether a call returned `Full` and no drain has come since.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// A command.
    pub fn command<T>(
        &mut self,
        call: impl FnOnce(&mut Connection<R>, &mut SendBuf) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let result = call(&mut self.connection, &mut self.out);
        self.check_state();
        result
    }

    /// Sends a piece of content, or of the next protocol.
    pub fn send(&mut self, piece: &Piece) -> Result<(), SendError> {
        let flow = self.command(|connection, out| match piece.how {
            How::Copied => connection.send(&piece.octets, out),
            How::Owned => connection.send_owned(Bytes::from(piece.octets.clone()), out),
            How::External => connection.send_external(piece.octets.len() as u64, out),
        })?;
        self.full |= flow == Flow::Full;
        if piece.how == How::External {
            self.externals.extend(&piece.octets);
        }
        Ok(())
    }

    /// The application has nothing more to put into the tunnel; whether that is news.
    pub fn finish_tunnel(&mut self) -> bool {
        !std::mem::replace(&mut self.tunnel_done, true)
    }

    fn check_state(&mut self) {
        let state = self.connection.state();
        assert!(self.state.may_become(state), "{:?} to {state:?}", self.state);
        self.state = state;
    }

    /// The next deadline.
    pub fn deadline(&mut self, now: Instant) -> Option<Instant> {
        let deadline = self.connection.poll_timeout(now, &self.out);
        self.check_state();
        deadline.filter(|_| !self.closed)
    }

    /// Time has passed.
    pub fn pass(&mut self, now: Instant) {
        if !self.closed {
            self.connection.handle_timeout(now, &self.out);
            self.check_state();
            let next = self.connection.poll_timeout(now, &self.out);
            assert!(next.is_none_or(|next| next > now), "due again at once");
        }
    }
}

impl<R: Role, S: for<'a> Inbox<'a>> Endpoint<R, S> {
    /// An end of a new connection.
    pub fn new(connection: Connection<R>, pop_owned: bool, retain: bool) -> Self {
        Endpoint {
            state: connection.state(),
            connection,
            failure: None,
            closed: false,
            input: RecvBuf::new(),
            out: SendBuf::with_marks(MARKS),
            externals: VecDeque::new(),
            popped: None,
            pop_owned,
            retain,
            full: false,
            half_closed: false,
            tunnel_in: false,
            tunnel_ended: false,
            tunnel_done: false,
        }
    }

    /// A round: read, step, act, write, close. Whether anything moved.
    pub fn round(&mut self, app: &mut impl App<R>, incoming: &mut Link, outgoing: &mut Link, now: Instant) -> bool {
        if self.closed {
            return app.act(self, now);
        }
        let mut moved = self.read(app, incoming);
        moved |= self.steps(app);
        while app.act(self, now) {
            moved = true;
            self.steps(app);
        }
        moved |= self.write(outgoing);
        moved | self.close(incoming, outgoing)
    }

    fn read(&mut self, app: &mut impl App<R>, incoming: &mut Link) -> bool {
        let reset = incoming.end() == Some(End::Aborted);
        if self.tunnel_in {
            let octets = incoming.read(usize::MAX);
            app.on_tail(&octets);
            let ended = incoming.end().is_some() && !self.tunnel_ended;
            self.tunnel_ended |= ended;
            return ended || !octets.is_empty();
        }
        if !reset && !self.connection.interest(&self.out).read {
            return false;
        }
        let budget = incoming.budget();
        let octets = incoming.read(budget);
        if !octets.is_empty() {
            match S::lend(&mut self.input) {
                Some(storage) if octets.len().is_multiple_of(2) => {
                    assert_eq!(self.connection.step(&mut self.input).ok(), Some(Step::NeedInput), "lent");
                    assert!(S::restore(&mut self.input, storage, &octets), "what was lent");
                }
                Some(storage) => {
                    assert!(S::restore(&mut self.input, storage, &[]), "what was lent");
                    S::give(&mut self.input, &octets);
                }
                None => S::give(&mut self.input, &octets),
            }
        }
        let end = incoming.end().filter(|&end| self.input.end() != Some(end));
        if let Some(end) = end {
            self.input.set_end(end);
        }
        end.is_some() || !octets.is_empty()
    }

    fn steps(&mut self, app: &mut impl App<R>) -> bool {
        let mut moved = false;
        while self.step(app) {
            moved = true;
        }
        self.check_state();
        moved
    }

    fn step(&mut self, app: &mut impl App<R>) -> bool {
        match self.connection.step(&mut self.input) {
            Ok(Step::Event) => {}
            Ok(Step::NeedInput | Step::Paused | Step::Closed) => {
                assert_eq!(self.failure, None, "an error is for ever");
                return false;
            }
            Err(error) => {
                assert!(self.failure.is_none_or(|failure| failure == error), "an error is for ever");
                return self.failure.replace(error).is_none();
            }
        }
        self.check_state();
        if self.retain && matches!(self.connection.event(&self.input), Event::Payload(_)) {
            app.on_payload(&self.input.retain());
            return true;
        }
        match self.connection.event(&self.input) {
            Event::HeadersComplete(head) => app.on_head(head),
            Event::Payload(octets) => app.on_payload(octets),
            Event::MessageComplete(trailers) => app.on_complete(trailers),
            Event::UpgradeTail(octets) => {
                assert!(!self.tunnel_in, "one tail");
                self.tunnel_in = true;
                app.on_tail(octets);
            }
            Event::NeedInput | Event::Paused | Event::Closed => unreachable!("an event"),
        }
        true
    }

    fn write(&mut self, outgoing: &mut Link) -> bool {
        let interest = self.connection.interest(&self.out);
        if !interest.write {
            return false;
        }
        if outgoing.is_broken() {
            // Whoever is behind a tunnel sees the failed write as well.
            if self.state == State::Upgraded {
                self.closed = true;
                return true;
            }
            self.connection.delivery_failed();
            self.check_state();
            self.out.advance(u64::MAX);
            (self.full, self.popped) = (false, None);
            return true;
        }
        let mut left = outgoing.budget().min(outgoing.room());
        let moved = left > 0;
        while left > 0 && !self.out.is_empty() {
            let octets = self.next_octets(left);
            outgoing.write(&octets);
            left -= octets.len();
            let drained = self.out.advance(octets.len() as u64);
            assert!(self.full || !drained, "a drain without a Full");
            self.full &= !drained;
        }
        assert!(!(self.full && self.out.is_empty()), "everything is written, and no drain was reported");
        moved
    }

    fn next_octets(&mut self, most: usize) -> Vec<u8> {
        if self.pop_owned && self.popped.is_none() {
            self.popped = self.out.pop_owned();
        }
        if let Some(popped) = &mut self.popped {
            let octets = popped.split_to(most.min(popped.len()));
            if popped.is_empty() {
                self.popped = None;
            }
            return octets.to_vec();
        }
        match self.out.front().expect("something to write") {
            Chunk::Octets(octets) => octets[..most.min(octets.len())].to_vec(),
            Chunk::External(count) => {
                let count = usize::try_from(count).map_or(most, |count| count.min(most));
                self.externals.drain(..count).collect()
            }
        }
    }

    fn close(&mut self, incoming: &mut Link, outgoing: &mut Link) -> bool {
        let interest = self.connection.interest(&self.out);
        let over = self.tunnel_in && self.tunnel_done && self.tunnel_ended && self.out.is_empty();
        if interest.abort {
            outgoing.reset();
        } else if interest.close || over || self.closed {
            outgoing.finish();
            if incoming.unread() > 0 {
                outgoing.reset();
            }
        } else {
            let half = interest.shutdown_write || (self.tunnel_in && self.tunnel_done && self.out.is_empty());
            if half && !self.half_closed {
                self.half_closed = true;
                outgoing.finish();
                return true;
            }
            return false;
        }
        self.closed = true;
        incoming.close_reader();
        true
    }
}
