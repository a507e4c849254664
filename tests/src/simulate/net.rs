//! The network: connections in memory whose octets arrive late, in pieces, or not at all. Everything follows from a seed
//! and the virtual clock.

use super::rng::Rng;
use super::trace::Trace;
use crate::memory::Clock;
use http_driver::Transport;
use http_proto::Instant;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How a network treats what is sent.
#[derive(Debug, Clone)]
pub struct Weather {
    /// The longest time that a packet is under way.
    pub delay: Duration,
    /// The most octets that a socket keeps to be sent, and of what was received.
    pub buffer: usize,
    /// The most octets read or written at a time.
    pub piece: usize,
    /// Once in so many calls a socket is not ready although it could be; zero: never.
    pub lazy: usize,
    /// Once in so many connections, one direction breaks; zero: never.
    pub breaks: usize,
}

impl Weather {
    /// The longest stall.
    pub const STALL: Duration = Duration::from_secs(200);

    /// Whether octets go one by one, or nearly so: then long content takes too many polls to be worth it.
    pub fn is_narrow(&self) -> bool {
        self.buffer.min(self.piece) < 100
    }

    /// How long so many octets take at most, as long as nothing stalls and whoever they are for reads them.
    pub fn transfer(&self, octets: usize) -> Duration {
        self.delay.saturating_mul((octets / self.buffer + 10) as u32)
    }
}

/// The ends of a connection, as indices.
pub const CLIENT: usize = 0;
/// See [`CLIENT`].
pub const SERVER: usize = 1;

const NAMES: [&str; 2] = ["client", "server"];

/// How a direction breaks, when so many octets have passed.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Reset,
    /// The receiver sees the end.
    Fin,
    /// Nothing passes for a while.
    Stall(Duration),
}

#[derive(Debug)]
enum Packet {
    Octets(Vec<u8>),
    Fin,
    Reset,
}

/// One direction.
#[derive(Debug, Default)]
struct Way {
    under_way: VecDeque<(Instant, Packet)>,
    /// Octets under way.
    load: usize,
    received: VecDeque<u8>,
    /// Octets that the receiver has read.
    read: u64,
    /// Octets that the sender has got rid of.
    written: u64,
    /// When something last arrived.
    arrived: Option<Instant>,
    fin: bool,
    /// Told or not.
    reset: Option<bool>,
    passed: u64,
    fault: Option<(u64, Fault)>,
    /// Nothing passes any more.
    cut: bool,
    /// The receiving end is gone.
    deaf: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    watcher: Option<Waker>,
}

impl Way {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take(), self.watcher.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// A connection: what the end with the same index receives.
#[derive(Debug)]
struct Cable {
    ways: [Way; 2],
}

#[derive(Debug)]
struct Inner {
    weather: Weather,
    rng: Rng,
    clock: Clock,
    cables: Vec<Cable>,
    /// Sockets that somebody has.
    open: usize,
    trace: Trace,
}

/// A network.
#[derive(Debug, Clone)]
pub struct Net(Arc<Mutex<Inner>>);

/// What has gone in a direction, and when something last arrived.
#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    /// Octets that the receiver has read.
    pub read: u64,
    /// Octets that the sender has got rid of.
    pub written: u64,
    /// When something last arrived.
    pub arrived: Option<Instant>,
}

/// One end of a connection.
#[derive(Debug)]
pub struct Socket {
    net: Net,
    cable: usize,
    end: usize,
    aborted: bool,
    shut: bool,
}

impl Net {
    /// A network.
    pub fn new(weather: Weather, rng: Rng, clock: Clock, trace: Trace) -> Self {
        Net(Arc::new(Mutex::new(Inner { weather, rng, clock, cables: Vec::new(), open: 0, trace })))
    }

    /// The two ends of a new connection: the client's and the server's.
    pub fn connect(&self) -> (Socket, Socket) {
        let mut inner = self.0.lock().unwrap();
        let inner = &mut *inner;
        let mut ways = [Way::default(), Way::default()];
        if inner.weather.breaks > 0 && inner.rng.once_in(inner.weather.breaks) {
            let way = &mut ways[inner.rng.below(2)];
            let at = inner.rng.size(100_000) as u64;
            let fault = match inner.rng.below(3) {
                0 => Fault::Reset,
                1 => Fault::Fin,
                _ => Fault::Stall(inner.rng.time(Weather::STALL)),
            };
            way.fault = Some((at, fault));
        }
        inner.cables.push(Cable { ways });
        inner.open += 2;
        let cable = inner.cables.len() - 1;
        inner.trace.note(inner.clock.now(), || format!("#{cable} is opened"));
        let end = |end| Socket { net: self.clone(), cable, end, aborted: false, shut: false };
        (end(CLIENT), end(SERVER))
    }

    /// Whether opening a connection fails this time, and how long that takes, or succeeding.
    pub fn attempt(&self) -> (bool, Duration) {
        let mut inner = self.0.lock().unwrap();
        let inner = &mut *inner;
        let fails = inner.weather.breaks > 0 && inner.rng.once_in(20);
        (fails, inner.rng.time(inner.weather.delay))
    }

    /// What has become of a direction, as its receiver sees it.
    pub fn traffic(&self, cable: usize, to: usize) -> Traffic {
        let inner = self.0.lock().unwrap();
        let way = &inner.cables[cable].ways[to];
        Traffic { read: way.read, written: way.written, arrived: way.arrived }
    }

    /// Whether somebody has this end of it.
    pub fn has(&self, cable: usize, end: usize) -> bool {
        !self.0.lock().unwrap().cables[cable].ways[end].deaf
    }

    /// Sockets that somebody has.
    pub fn open(&self) -> usize {
        self.0.lock().unwrap().open
    }

    /// When something arrives next.
    pub fn next(&self) -> Option<Instant> {
        let inner = self.0.lock().unwrap();
        let room = inner.weather.buffer;
        let ways = inner.cables.iter().flat_map(|cable| &cable.ways);
        ways.filter(|way| way.received.len() < room || way.deaf).filter_map(|way| Some(way.under_way.front()?.0)).min()
    }

    /// Delivers what has arrived.
    pub fn deliver(&self) {
        let mut inner = self.0.lock().unwrap();
        let inner = &mut *inner;
        let now = inner.clock.now();
        for (number, cable) in inner.cables.iter_mut().enumerate() {
            for (to, name) in NAMES.iter().enumerate() {
                while let Some((at, _)) = cable.ways[to].under_way.front()
                    && *at <= now
                    && (cable.ways[to].received.len() < inner.weather.buffer || cable.ways[to].deaf)
                {
                    let Some((_, packet)) = cable.ways[to].under_way.pop_front() else { break };
                    let place = || format!("#{number} to the {name}");
                    match &packet {
                        Packet::Octets(octets) => inner.trace.octets(now, place, octets),
                        Packet::Fin => inner.trace.note(now, || format!("{}: FIN", place())),
                        Packet::Reset => inner.trace.note(now, || format!("{}: RST", place())),
                    }
                    arrive(cable, to, packet, &mut inner.rng, now);
                    if inner.weather.lazy > 0 && inner.rng.once_in(inner.weather.lazy) {
                        // Somebody is woken for nothing.
                        cable.ways[inner.rng.below(2)].wake();
                    }
                }
            }
        }
    }
}

/// A packet has come to its end.
fn arrive(cable: &mut Cable, to: usize, packet: Packet, rng: &mut Rng, now: Instant) {
    let way = &mut cable.ways[to];
    way.arrived = Some(now);
    match packet {
        Packet::Octets(octets) => {
            way.load -= octets.len();
            if way.deaf {
                // Nobody is there: what is sent to a closed socket is answered with a reset.
                way.wake();
                cable.ways[1 - to].under_way.push_back((now, Packet::Reset));
                return;
            }
            // Nothing comes behind a reset.
            if way.reset.is_none() {
                way.received.extend(octets);
            }
        }
        Packet::Fin => way.fin = true,
        Packet::Reset => {
            if way.reset.is_none() {
                way.reset = Some(false);
            }
            // Some systems throw away what was received and not read.
            if rng.once_in(2) {
                way.received.clear();
            }
            cable.ways[1 - to].wake();
        }
    }
    cable.ways[to].wake();
}

impl Inner {
    fn send(&mut self, cable: usize, to: usize, packet: Packet) {
        let delay = self.rng.time(self.weather.delay);
        let now = self.clock.now();
        let way = &mut self.cables[cable].ways[to];
        let last = way.under_way.back().map_or(now, |(at, _)| *at);
        way.under_way.push_back((now.saturating_add(delay).max(last), packet));
    }

    /// Both ends find the connection reset.
    fn reset(&mut self, cable: usize) {
        for to in 0..2 {
            self.send(cable, to, Packet::Reset);
        }
    }

    fn write(&mut self, cable: usize, to: usize, octets: &[u8]) {
        if self.cables[cable].ways[to].cut {
            return;
        }
        let passed = self.cables[cable].ways[to].passed;
        let fault = self.cables[cable].ways[to].fault.filter(|(at, _)| passed + octets.len() as u64 > *at);
        let whole = fault.map_or(octets.len(), |(at, _)| (at - passed.min(at)) as usize);
        let way = &mut self.cables[cable].ways[to];
        way.passed += octets.len() as u64;
        way.load += whole;
        if whole > 0 {
            self.send(cable, to, Packet::Octets(octets[..whole].to_vec()));
        }
        let Some((_, fault)) = fault else { return };
        self.cables[cable].ways[to].fault = None;
        self.trace.note(self.clock.now(), || format!("#{cable} {fault:?} on the way to the {}", NAMES[to]));
        match fault {
            Fault::Reset => {
                self.cables[cable].ways.iter_mut().for_each(|way| way.cut = true);
                self.reset(cable);
            }
            Fault::Fin => {
                self.cables[cable].ways[to].cut = true;
                self.send(cable, to, Packet::Fin);
                // The rest is lost, and who sends it learns that.
                self.send(cable, 1 - to, Packet::Reset);
            }
            Fault::Stall(time) => {
                let now = self.clock.now();
                let way = &mut self.cables[cable].ways[to];
                let rest = octets[whole..].to_vec();
                way.load += rest.len();
                let last = way.under_way.back().map_or(now, |(at, _)| *at);
                way.under_way.push_back((last.saturating_add(time), Packet::Octets(rest)));
            }
        }
    }
}

impl Socket {
    /// The number of its connection.
    pub fn cable(&self) -> usize {
        self.cable
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.net.0.lock().unwrap())
    }
}

fn lazy(inner: &mut Inner, cx: &Context<'_>) -> bool {
    let lazy = inner.weather.lazy > 0 && inner.rng.once_in(inner.weather.lazy);
    if lazy {
        cx.waker().wake_by_ref();
    }
    lazy
}

impl Transport for Socket {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let (cable, end) = (self.cable, self.end);
        self.with(|inner| {
            assert!(!room.is_empty(), "no room to read into");
            if lazy(inner, cx) {
                return Poll::Pending;
            }
            let piece = 1 + inner.rng.size(inner.weather.piece);
            let way = &mut inner.cables[cable].ways[end];
            if !way.received.is_empty() {
                let count = piece.min(room.len()).min(way.received.len());
                for (place, octet) in room.iter_mut().zip(way.received.drain(..count)) {
                    *place = octet;
                }
                way.read += count as u64;
                if let Some(writer) = way.writer.take() {
                    writer.wake();
                }
                return Poll::Ready(Ok(count));
            }
            match &mut way.reset {
                Some(told @ false) => {
                    *told = true;
                    return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
                }
                Some(true) => return Poll::Ready(Ok(0)),
                None if way.fin => return Poll::Ready(Ok(0)),
                None => {}
            }
            way.reader = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let (cable, end, shut) = (self.cable, self.end, self.shut);
        self.with(|inner| {
            assert!(!shut, "written behind the end");
            assert!(slices.iter().all(|slice| !slice.is_empty()), "an empty slice");
            if inner.cables[cable].ways[end].reset.is_some() {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            let piece = 1 + inner.rng.size(inner.weather.piece);
            let buffer = inner.weather.buffer;
            let way = &mut inner.cables[cable].ways[1 - end];
            let room = buffer.saturating_sub(way.load);
            if room == 0 {
                way.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if lazy(inner, cx) {
                return Poll::Pending;
            }
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(room.min(piece)).collect();
            inner.cables[cable].ways[1 - end].written += all.len() as u64;
            inner.write(cable, 1 - end, &all);
            Poll::Ready(Ok(all.len()))
        })
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (cable, end) = (self.cable, self.end);
        if !std::mem::replace(&mut self.shut, true) {
            self.with(|inner| inner.send(cable, 1 - end, Packet::Fin));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (cable, end) = (self.cable, self.end);
        self.with(|inner| {
            let way = &mut inner.cables[cable].ways[end];
            match &mut way.reset {
                Some(told) => {
                    *told = true;
                    Poll::Ready(())
                }
                None => {
                    way.watcher = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }

    fn abort(&mut self) {
        self.aborted = true;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let (cable, end, aborted, shut) = (self.cable, self.end, self.aborted, self.shut);
        self.with(|inner| {
            inner.open -= 1;
            let how = if aborted { "aborts" } else { "is gone" };
            inner.trace.note(inner.clock.now(), || format!("#{cable}: the {} {how}", NAMES[end]));
            let way = &mut inner.cables[cable].ways[end];
            way.deaf = true;
            // As TCP has it: closing with input unread is a reset.
            let unread = !way.received.is_empty();
            way.received.clear();
            if aborted || unread {
                inner.send(cable, 1 - end, Packet::Reset);
            } else if !shut {
                inner.send(cable, 1 - end, Packet::Fin);
            }
        });
    }
}
