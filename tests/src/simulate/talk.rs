//! What two ends say to each other behind HTTP, or instead of it: each speaks and listens at the same time.

use super::content::{octet, octets};
use super::plan::{Ending, Speech};
use super::wait::timer;
use crate::memory::Ticker;
use bytes::Bytes;
use http_driver::{Timer, Transport};
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

/// What an end says, and how.
pub struct Voice {
    pub octets: Bytes,
    /// The pieces' lengths.
    pub pieces: Vec<usize>,
    /// The time before each.
    pub pause: Duration,
    /// What it does behind the last; `None`: it stays.
    pub ending: Option<Ending>,
    /// It reads what it is told.
    pub listens: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Octets said, as far as the transport has taken them.
    pub said: usize,
    /// All was said.
    pub finished: bool,
    /// Octets heard.
    pub heard: usize,
    /// The other end's end was heard: whether that was in good order. `None`: it was not.
    pub end: Option<bool>,
}

impl Voice {
    /// What `speech` says: octets of message `key`.
    pub fn new(key: usize, speech: &Speech) -> Self {
        Voice {
            octets: octets(key, 0, speech.length()),
            pieces: speech.pieces.clone(),
            pause: speech.pause,
            ending: Some(speech.ending),
            listens: true,
        }
    }

    /// Says it all, and tells `hears` what comes back: octets, and how many came before. It is over when both ends have
    /// said everything, or this one goes away.
    pub async fn speak(self, io: &mut impl Transport, hears: impl FnMut(usize, &[u8])) -> Report {
        let report = Report { said: 0, finished: false, heard: 0, end: None };
        let mut speaking = Speaking { voice: self, piece: 0, left: 0, timer: None, over: false, report };
        let mut hears = hears;
        poll_fn(|cx| speaking.poll(cx, io, &mut hears)).await
    }
}

/// Whether these are the octets of message `key`.
pub fn is_of(key: usize, from: usize, heard: &[u8]) -> bool {
    heard.iter().zip(from..).all(|(&heard, place)| heard == octet(key, place))
}

struct Speaking {
    voice: Voice,
    /// The pieces begun, and what is left of the last.
    piece: usize,
    left: usize,
    timer: Option<Ticker>,
    /// Nothing more will be said.
    over: bool,
    report: Report,
}

impl Speaking {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut impl Transport,
        hears: &mut impl FnMut(usize, &[u8]),
    ) -> Poll<Report> {
        let leaves = !self.over && self.poll_say(cx, io).is_ready();
        let mut room = [0; 4096];
        while self.voice.listens && self.report.end.is_none() && !leaves {
            match io.poll_read(cx, &mut room) {
                Poll::Ready(Ok(0)) => self.report.end = Some(true),
                Poll::Ready(Ok(count)) => {
                    hears(self.report.heard, &room[..count]);
                    self.report.heard += count;
                }
                Poll::Ready(Err(_)) => self.report.end = Some(false),
                Poll::Pending => break,
            }
        }
        // Whoever stays, stays until the other end is gone.
        let heard = self.report.end.is_some() || (!self.voice.listens && self.voice.ending.is_some());
        if leaves || (heard && self.over) || self.report.end == Some(false) {
            return Poll::Ready(self.report);
        }
        Poll::Pending
    }

    /// Ready when this end goes away.
    fn poll_say(&mut self, cx: &mut Context<'_>, io: &mut impl Transport) -> Poll<()> {
        loop {
            if self.left > 0 {
                let said = self.report.said;
                match io.poll_write(cx, &self.voice.octets[said..said + self.left]) {
                    Poll::Ready(Ok(count)) => {
                        self.report.said += count;
                        self.left -= count;
                    }
                    Poll::Ready(Err(_)) => {
                        self.over = true;
                        return Poll::Pending;
                    }
                    Poll::Pending => return Poll::Pending,
                }
                continue;
            }
            let Some(&piece) = self.voice.pieces.get(self.piece) else { break };
            if !self.voice.pause.is_zero() {
                let pause = self.voice.pause;
                let timer = self.timer.get_or_insert_with(|| timer(pause));
                if timer.poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.timer = None;
            }
            self.left = piece.min(self.voice.octets.len() - self.report.said);
            self.piece += 1;
        }
        // A connection that was upgraded may still have the head that said so to write.
        match io.poll_flush(cx) {
            Poll::Ready(Ok(())) => self.report.finished = true,
            Poll::Ready(Err(_)) => {
                self.over = true;
                return Poll::Pending;
            }
            Poll::Pending => return Poll::Pending,
        }
        match self.voice.ending {
            None => self.over = true,
            Some(Ending::Fin) => {
                if io.poll_shutdown(cx).is_pending() {
                    return Poll::Pending;
                }
                self.over = true;
            }
            Some(Ending::Leave) => return Poll::Ready(()),
            Some(Ending::Reset) => {
                io.abort();
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}
