//! Any sequence of calls on one connection, with any octets as its input: nothing may panic, stall or corrupt.
//!
//! The first octets choose role, storage and configuration, the rest are calls (`commands`). After every call the rules
//! that hold always are checked here; at the end `wire` judges what has been put into the send buffer.

mod commands;
mod wire;

use crate::pair::inbox::Inbox;
use crate::pair::source::Source;
use bytes::{Bytes, BytesMut};
use commands::Side;
use http_proto::{
    Chunk, Client, Config, Connection, End, Event, Flow, HalfClose, Instant, Pipeline, RecvBuf, RecvError, SendBuf,
    SendError, Server, State, Step, WaterMarks,
};
use std::sync::Arc;
use wire::Wire;

/// Marks that some small messages reach.
const MARKS: WaterMarks = WaterMarks { high: 600, low: 100, copied: 400 };
/// The octet that stands for those that the caller has elsewhere.
const EXTERNAL: u8 = b'x';
/// More calls than that add time, not cases.
const MOST_CALLS: usize = 400;

/// Runs the calls that `data` describes.
pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let setup = source.octet();
    match (setup & 1 == 0, setup >> 1 & 3) {
        (true, 0) => run_with::<Server, Vec<u8>>(source),
        (true, 1) => run_with::<Server, BytesMut>(source),
        (true, 2) => run_with::<Server, &[u8]>(source),
        (true, _) => run_with::<Server, Bytes>(source),
        (false, 0) => run_with::<Client, Vec<u8>>(source),
        (false, 1) => run_with::<Client, BytesMut>(source),
        (false, 2) => run_with::<Client, &[u8]>(source),
        (false, _) => run_with::<Client, Bytes>(source),
    }
}

fn run_with<'a, R: Side, S: Inbox<'a>>(mut source: Source<'a>) {
    let mut config = if R::IS_SERVER { Config::server() } else { Config::client() };
    let choices = source.octet();
    config.pipeline = Pipeline { depth: u16::from(choices & 3) + 1, safe_only: choices & 4 == 0 };
    config.half_close = if choices & 8 == 0 { HalfClose::Finish } else { HalfClose::Cancel };
    config.assume_http11 = choices & 16 == 0;
    if choices & 32 != 0 {
        config.limits.drain = 16;
        config.limits.linger = 16;
    }
    let mut runner = Runner::<R, S>::new(config);
    for _ in 0..MOST_CALLS {
        if source.is_empty() {
            break;
        }
        commands::call(&mut runner, &mut source);
        runner.check();
    }
    runner.finish();
}

/// One connection, its buffers, and what has been seen of it.
struct Runner<R: Side, S> {
    connection: Connection<R>,
    input: RecvBuf<S>,
    out: SendBuf,
    lent: Option<S>,
    now: u64,
    state: State,
    failure: Option<RecvError>,
    grammar: Grammar,
    wire: Wire,
    /// Octets taken with `pop_owned` and not yet advanced over.
    in_flight: u64,
    /// A call has returned `Full`, and no drain has been seen since.
    full: bool,
}

/// H P* M, and behind the last of them perhaps a tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Between,
    InMessage,
    Over,
}

impl<'a, R: Side, S: Inbox<'a>> Runner<R, S> {
    fn new(config: Config) -> Self {
        let connection = R::connection(Arc::new(config));
        Runner {
            state: connection.state(),
            connection,
            input: RecvBuf::new(),
            out: SendBuf::with_marks(MARKS),
            lent: None,
            now: 0,
            failure: None,
            grammar: Grammar::Between,
            wire: Wire::default(),
            in_flight: 0,
            full: false,
        }
    }

    /// A command that may be refused: it must then have changed nothing.
    fn command<T>(
        &mut self,
        call: impl FnOnce(&mut Connection<R>, &mut SendBuf) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let before = (format!("{:?}", self.connection), contents(&self.out));
        let result = call(&mut self.connection, &mut self.out);
        if let Err(error) = &result {
            assert_eq!(before, (format!("{:?}", self.connection), contents(&self.out)), "changed by {error:?}");
        }
        result
    }

    /// A command that sends content, and so says how full the buffer is.
    fn sending(
        &mut self,
        payload: &[u8],
        call: impl FnOnce(&mut Connection<R>, &mut SendBuf) -> Result<Flow, SendError>,
    ) {
        let raw = self.connection.state() == State::Upgraded;
        if let Ok(flow) = self.command(call) {
            self.full |= flow == Flow::Full;
            self.wire.content(payload, raw);
        }
    }

    /// A call in which receiving may fail. What cannot be read is answered like a request.
    fn failing(&mut self, call: impl FnOnce(&mut Connection<R>, &SendBuf)) {
        let outstanding = self.connection.outstanding();
        call(&mut self.connection, &self.out);
        if R::IS_SERVER && self.connection.outstanding() > outstanding {
            self.wire.asked("BAD".into(), false);
        }
    }

    /// Steps until something other than an event is found.
    fn pump(&mut self, most: usize) {
        let bound = 4 * self.input.unread_len() + 16;
        for steps in 0.. {
            assert!(steps < bound, "{steps} events of {bound} octets");
            if steps == most || !self.step() {
                return;
            }
        }
    }

    /// One step; whether it found an event.
    fn step(&mut self) -> bool {
        let lent = self.lent.is_some();
        let outstanding = self.connection.outstanding();
        let result = self.connection.step(&mut self.input);
        if let Some(failure) = self.failure {
            let expected = if lent { Ok(Step::NeedInput) } else { Err(failure) };
            assert_eq!(result, expected, "an error is for ever");
            return false;
        }
        match result {
            Ok(Step::Event) => {
                self.note_event();
                true
            }
            Ok(step) => {
                self.check_pause(step, lent);
                false
            }
            Err(error) => {
                self.failure = Some(error);
                assert_eq!(self.connection.failure(), Some(error));
                if R::IS_SERVER && self.connection.outstanding() > outstanding {
                    self.wire.asked("BAD".into(), false);
                }
                false
            }
        }
    }

    /// Nothing was found: a second look finds nothing either, and what is wanted now is what the step said.
    fn check_pause(&mut self, step: Step, lent: bool) {
        let interest = self.connection.interest(&self.out);
        match step {
            Step::Event => unreachable!("is no pause"),
            Step::NeedInput => assert!(interest.read || lent || interest.close, "NeedInput, but no wish to read"),
            Step::Paused | Step::Closed => assert!(!interest.read, "{step:?}, but a wish to read"),
        }
        assert_eq!(self.connection.step(&mut self.input), Ok(step), "the same again");
        if step == Step::Closed && self.connection.state() == State::Upgraded {
            assert_eq!(self.grammar, Grammar::Over, "a tail comes before Closed");
        }
    }

    fn note_event(&mut self) {
        let event = self.connection.event(&self.input);
        let next = match (&event, self.grammar) {
            (Event::HeadersComplete(head), Grammar::Between) => {
                let (asked, interim) = R::read_head(head);
                if let Some((method, upgrade)) = asked {
                    self.wire.asked(method, upgrade);
                }
                if interim { Grammar::Between } else { Grammar::InMessage }
            }
            (Event::Payload([_, ..]), Grammar::InMessage) => Grammar::InMessage,
            (Event::MessageComplete(_), Grammar::InMessage) => Grammar::Between,
            (Event::UpgradeTail(_), Grammar::Between) => {
                assert_eq!(self.connection.state(), State::Upgraded);
                Grammar::Over
            }
            (
                Event::HeadersComplete(_)
                | Event::Payload(_)
                | Event::MessageComplete(_)
                | Event::UpgradeTail(_)
                | Event::NeedInput
                | Event::Paused
                | Event::Closed,
                grammar,
            ) => panic!("{:?} while {grammar:?}", event_name(&event)),
        };
        self.grammar = next;
    }

    fn retain(&mut self) {
        let expected = match self.connection.event(&self.input) {
            Event::Payload(octets) | Event::UpgradeTail(octets) => octets.to_vec(),
            _ => return,
        };
        assert_eq!(self.input.retain(), expected);
        assert!(self.input.retain().is_empty(), "the event is over");
    }

    fn end(&mut self, end: End) {
        self.input.set_end(end);
    }

    /// Writes so many octets, and checks what the drain says.
    fn write(&mut self, count: u64) {
        let mut left = count.min(self.out.len());
        while left > 0 {
            let length = if self.in_flight > 0 {
                let length = left.min(self.in_flight);
                self.in_flight -= length;
                length
            } else {
                match self.out.front().expect("octets that are not in flight") {
                    Chunk::Octets(octets) => {
                        let length = left.min(octets.len() as u64);
                        self.wire.written.extend_from_slice(&octets[..length as usize]);
                        length
                    }
                    Chunk::External(count) => {
                        let length = left.min(count);
                        self.wire.written.extend(std::iter::repeat_n(EXTERNAL, length as usize));
                        length
                    }
                }
            };
            self.advance(length);
            left -= length;
        }
    }

    fn advance(&mut self, count: u64) {
        let before = self.out.written();
        let drained = self.out.advance(count);
        assert_eq!(self.out.written() - before, count);
        assert!(self.full || !drained, "a drain without a Full");
        self.full &= !drained;
        assert!(!drained || self.out.len() <= MARKS.low);
        assert!(!(self.full && self.out.is_empty()), "everything is written, and no drain was reported");
    }

    fn pop_owned(&mut self) {
        let length = self.out.len();
        match self.out.pop_owned() {
            Some(octets) => {
                self.in_flight += octets.len() as u64;
                self.wire.written.extend_from_slice(&octets);
            }
            None => assert!(matches!(self.out.front(), None | Some(Chunk::External(_)))),
        }
        assert_eq!(self.out.len(), length, "in flight is not written");
    }

    /// Lets time pass; a deadline that has been acted upon is not due again at once.
    fn pass(&mut self, nanos: u64) {
        self.now = self.now.saturating_add(nanos);
        let now = Instant::from_nanos(self.now);
        self.failing(|connection, out| connection.handle_timeout(now, out));
        let next = self.connection.poll_timeout(now, &self.out);
        assert!(next.is_none_or(|next| next > now), "due again at once");
    }

    /// What holds after every call.
    fn check(&mut self) {
        let state = self.connection.state();
        assert!(self.state.may_become(state), "{:?} to {state:?}", self.state);
        self.state = state;
        if state == State::Upgraded {
            self.wire.begin_raw(self.out.written() + self.out.len());
        }
        let interest = self.connection.interest(&self.out);
        if interest.close {
            assert!(!interest.read && !interest.write && !interest.shutdown_write, "close, and {interest:?}");
        }
        assert!(!interest.write || !self.out.is_empty(), "nothing to write");
        assert!(!(state == State::Closed) || interest.close, "Closed, but not to be closed");
        // Deadlines and failed deliveries set it between steps; the next step returns it.
        self.failure = self.connection.failure();
        R::check(&self.connection, &self.out);
    }

    fn finish(&mut self) {
        self.pump(usize::MAX);
        self.check();
        self.write(u64::MAX);
        self.wire.raw_from.get_or_insert(usize::MAX);
        wire::judge::<R>(&self.wire);
    }
}

fn event_name<H>(event: &Event<'_, H>) -> &'static str {
    match event {
        Event::HeadersComplete(_) => "HeadersComplete",
        Event::Payload(_) => "Payload",
        Event::MessageComplete(_) => "MessageComplete",
        Event::UpgradeTail(_) => "UpgradeTail",
        Event::NeedInput => "NeedInput",
        Event::Paused => "Paused",
        Event::Closed => "Closed",
    }
}

/// What a reader of the buffer can see of it.
fn contents(out: &SendBuf) -> (u64, u64, Vec<u8>) {
    let mut slices = [std::io::IoSlice::new(&[]); 32];
    let count = out.io_slices(&mut slices);
    (out.len(), out.written(), slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect())
}
