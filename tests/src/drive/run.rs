//! The loop of one run, and what must hold of it whatever the input: the grammar of events, the octets of a tail, an error
//! that stays.

use super::buffers::Buffer;
use super::heard::Heard;
use super::side::Side;
use super::{Answers, Ending, Outcome, Setup};
use crate::pair::one::written;
use crate::reference::Upgrade;
use http_proto::{Connection, End, Event, RecvError, SendBuf, State, Step};
use std::collections::VecDeque;

pub(super) struct Run<R: Side, B> {
    connection: Connection<R>,
    input: B,
    out: SendBuf,
    answers: Answers,
    end_with_last: bool,
    /// What the unanswered requests ask for.
    due: VecDeque<Option<Upgrade>>,
    heard: Heard,
    /// Octets put in so far.
    put: u64,
}

fn answer_due<R: Side>(connection: &mut Connection<R>, due: &mut VecDeque<Option<Upgrade>>, out: &mut SendBuf) {
    for upgrade in due.drain(..) {
        R::answer(connection, upgrade, out);
    }
}

impl<R: Side, B> Run<R, B> {
    pub(super) fn new(connection: Connection<R>, out: SendBuf, input: B, setup: &Setup) -> Self {
        Run {
            connection,
            input,
            out,
            answers: setup.answers,
            end_with_last: setup.end_with_last,
            due: VecDeque::new(),
            heard: Heard::default(),
            put: 0,
        }
    }

    pub(super) fn feed<'i>(mut self, pieces: impl Iterator<Item = &'i [u8]>, end: Option<End>) -> Outcome
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
            && (self.input.get().end().is_none()
                || self.heard.messages.last().is_some_and(|message| !message.keep_alive));
        if let Some(end) = end
            && error.is_none()
        {
            let before = self.heard.messages.len();
            self.input.get().set_end(end);
            error = self.steps().err();
            closing |= self.heard.messages.len() > before && self.is_closing();
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
            let event = self.connection.event(input);
            match event {
                Event::NeedInput => assert_eq!(step, Step::NeedInput),
                Event::Paused => assert_eq!(step, Step::Paused),
                Event::Closed => assert_eq!(step, Step::Closed),
                Event::HeadersComplete(_) | Event::Payload(_) | Event::MessageComplete(_) | Event::UpgradeTail(_) => {}
            }
            let payload = if let Event::Payload(octets) = event { Some(octets.len()) } else { None };
            let completes = matches!(event, Event::MessageComplete(_));
            self.heard.hear::<R>(event);
            if completes {
                self.due.push_back(self.heard.messages.last().and_then(|message| message.upgrade));
            }
            if let (Some(length), Some(message), true) = (payload, &self.heard.unfinished, B::RETAINS) {
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
                    assert!(self.heard.tail.is_none(), "nothing is awaited behind a tail");
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

    /// A tail is all that was put in and not consumed as HTTP.
    fn check_tail(&self, unread: u64) {
        if let Some(tail) = &self.heard.tail {
            assert_eq!(self.connection.received() + tail.len() as u64 + unread, self.put);
            assert_eq!(unread, 0, "the tail is handed over whole");
        }
    }

    fn outcome(mut self, error: Option<RecvError>, closing: bool) -> Outcome {
        answer_due(&mut self.connection, &mut self.due, &mut self.out);
        if let Some(error) = error {
            R::refuse(&mut self.connection, error, &mut self.out);
        }
        let sent = written(&mut self.out);
        let Run { connection, heard: Heard { messages, unfinished, tail }, .. } = self;
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
