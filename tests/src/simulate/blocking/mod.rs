//! An end that blocks, among those that do not: `http_std`'s connection of level 1, whose waits let the rest of the world
//! go on. There is one such end in a run, for there is one thread.

mod client;
mod server;

pub use client::client;
pub use server::server;

use super::net::Socket;
use super::plan::{Content, Ending, Speech};
use super::stage::Stage;
use super::talk::{self, is_of};
use super::world::World;
use super::{content, content::octets};
use crate::memory::Wakes;
use http_driver::{Side, Transport};
use http_proto::{BodyLength, FieldBlock, Fields, Flow, Instant};
use http_std::{BlockingTransport, Connection, Upgraded};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The world of an end that blocks.
type Shared = Rc<RefCell<World>>;

/// Longer than anything may last.
const LONGEST: Duration = Duration::from_secs(100_000);

/// A socket whose waits let the world go on.
pub struct Waiting {
    socket: Socket,
    world: Shared,
    wakes: Arc<Wakes>,
    waker: Waker,
}

impl Waiting {
    fn new(socket: Socket, world: &Shared) -> Self {
        let wakes = Arc::<Wakes>::default();
        Waiting { socket, world: Rc::clone(world), waker: Waker::from(Arc::clone(&wakes)), wakes }
    }

    fn wait<T>(
        &mut self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Socket, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let begun = self.now();
        let end = deadline.unwrap_or(begun.saturating_add(LONGEST));
        loop {
            if let Poll::Ready(done) = attempt(&mut self.socket, &mut Context::from_waker(&self.waker)) {
                return done;
            }
            if self.wakes.take() {
                continue;
            }
            let mut world = self.world.borrow_mut();
            world.settle();
            if self.wakes.take() {
                continue;
            }
            if world.clock.now() >= end {
                return Err(ErrorKind::TimedOut.into());
            }
            if !world.advance(end) {
                // Nothing comes before that any more.
                world.clock.advance_to(end);
            }
        }
    }
}

impl BlockingTransport for Waiting {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        self.wait(deadline, |socket, cx| socket.poll_read(cx, room))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        self.wait(deadline, |socket, cx| socket.poll_write_vectored(cx, slices))
    }

    fn shutdown(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.wait(deadline, |socket, cx| socket.poll_shutdown(cx))
    }

    fn abort(&mut self) {
        self.socket.abort();
    }

    fn now(&self) -> Instant {
        self.world.borrow().clock.now()
    }
}

/// Lets so much time go by, with the world.
fn pause(world: &Shared, time: Duration) {
    let mut world = world.borrow_mut();
    let end = world.clock.now().saturating_add(time);
    world.pass(time);
    if world.clock.now() < end {
        world.clock.advance_to(end);
    }
}

/// How the length of a content is said.
fn length(content: &Content) -> BodyLength {
    match (content.is_announced(), content.length()) {
        (true, 0) => BodyLength::Empty,
        (true, length) => BodyLength::Exact(length as u64),
        (false, _) if content.streaming => BodyLength::Streaming,
        (false, _) => BodyLength::Unknown,
    }
}

/// Sends the content of message `key`, and ends it; false if that came to nothing.
fn send<R: Side>(http: &mut Connection<R, Waiting>, world: &Shared, key: usize, content: &Content) -> bool {
    let mut sent = 0;
    for (number, &piece) in content.pieces.iter().enumerate() {
        pause(world, content.pause);
        if content.fails == Some(number) {
            http.abort();
            return false;
        }
        match http.send_owned(octets(key, sent, piece)) {
            Ok(Flow::Ready) => {}
            Ok(Flow::Full) => http.ready(),
            Err(_) => return false,
        }
        sent += piece;
    }
    if content.fails.is_some() {
        http.abort();
        return false;
    }
    let trailers = content.trailers.then(|| FieldBlock::try_from(&content::trailers(key)).expect("a field"));
    // Where they cannot be sent, there are none.
    http.finish(trailers.as_ref()).or_else(|_| http.finish(None)).is_ok()
}

/// The trailers of message `key`, which must be its own; whether there are any.
fn check_trailers(stage: &Stage, key: usize, fields: Fields<'_>) -> bool {
    let so = fields.is_empty() || fields.get("etag") == Some(key.to_string().as_bytes());
    stage.notes.check(so, || format!("the trailers of message {key} are not its own"));
    !fields.is_empty()
}

/// Says what it has to say in a tunnel, then listens: message `said` of its own, `heard` of the other end.
fn speak(
    stage: &Stage,
    world: &Shared,
    mut io: Upgraded<Waiting>,
    speech: &Speech,
    (said, heard): (usize, usize),
) -> talk::Report {
    let mut report = talk::Report { said: 0, finished: false, heard: 0, end: None };
    let octets = octets(said, 0, speech.length());
    for &piece in &speech.pieces {
        pause(world, speech.pause);
        if io.write_all(&octets[report.said..report.said + piece]).is_err() {
            // How much of it has left is not known.
            report.said = octets.len();
            report.end = Some(false);
            return report;
        }
        report.said += piece;
    }
    report.finished = io.flush().is_ok();
    match speech.ending {
        Ending::Fin => _ = io.shutdown(),
        Ending::Leave => return report,
        Ending::Reset => {
            if let Ok((mut io, _)) = io.into_parts() {
                io.abort();
            }
            return report;
        }
    }
    let mut room = [0; 4096];
    loop {
        match io.read(&mut room) {
            Ok(0) => report.end = Some(true),
            Ok(count) => {
                let so = is_of(heard, report.heard, &room[..count]);
                stage.notes.check(so, || format!("octets from {} on are not those of message {heard}", report.heard));
                report.heard += count;
                continue;
            }
            Err(error) => {
                stage.notes.check(error.kind() != ErrorKind::TimedOut, || format!("the tunnel of {heard} hangs"));
                report.end = Some(false);
            }
        }
        return report;
    }
}
