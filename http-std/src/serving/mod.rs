//! A service on one connection, on whatever thread looks after it. Here is what the threads share; `requests` takes
//! requests in, `calls` has them answered, `answers` sends the answers, `end` is the end.
//!
//! Nobody holds the lock of a connection while it waits, or while it calls what the application has handed in: so the
//! content of a request can be read in the handler, in another thread, or as the content of the answer.

mod answers;
mod calls;
mod end;
#[cfg(feature = "rustls")]
mod handshake;
mod held;
mod kept;
mod news;
mod requests;
mod task;
mod waited;

pub(crate) use task::{After, Task, Told};

use crate::body::{Found, Source};
use crate::exchange::{Attend, Exchange};
use crate::link::{Awaited, Link, Reading};
use crate::waiting::{self, Place};
use crate::{Carrier, Socket};
use held::Held;
use http_driver::parts::{Marks, RequestSpan, inform};
use http_driver::{BodyError, ConnInfo, Inbox, Options, Record};
use http_proto::{Connection, Event, RecvError, Server, Step};
use kept::Kept;
use mio::Registry;
use news::News;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use waited::Waited;

/// A connection, for all who have to do with it.
pub(crate) struct Shared {
    pub(crate) info: Arc<ConnInfo>,
    options: Arc<Options>,
    /// For waiting, without the lock. It is gone when the connection is over, whoever still has a hand on that: so the
    /// client learns of it.
    waited: Mutex<Option<Waited>>,
    conn: Mutex<Conn>,
    /// Where a worker polls a future of this connection, behind which it looks after the socket: the halves of a
    /// [`Place`], or zero.
    watched: AtomicU64,
    /// The last request whose content nobody reads any more.
    let_go: AtomicU64,
    /// Answers are held back, and somebody is going to see that they do not wait for long.
    holds_back: AtomicBool,
}

/// What only one thread at a time has to do with.
struct Conn {
    info: Arc<ConnInfo>,
    link: Link<Server, Held>,
    inbox: Inbox,
    kept: Kept,
    current: Option<Current>,
    /// Exchanges whose last octets are on their way, and whom somebody wants to know of.
    finishing: VecDeque<(Marks, Box<Record>)>,
    /// Who waits for content, or for the end of the exchange.
    reader: Option<Waker>,
    /// The error of receiving has been dealt with.
    refused: bool,
    /// What is to be told when the lock is open.
    news: Vec<News>,
    /// Beyond the limit of connections.
    overloaded: bool,
    /// HTTP is spoken, and hooks have been told of the connection.
    begun: bool,
    told_shutdown: bool,
    told_half_closed: bool,
    upgraded: bool,
    ended: bool,
}

/// The exchange that is going on.
struct Current {
    number: u64,
    exchange: Exchange,
    content: Content,
    /// The request is HEAD: no content is sent.
    head_only: bool,
    /// The request is CONNECT: a 2xx makes a tunnel.
    connect: bool,
    /// The client held the request's content back until it was asked for, and not all of it has come.
    held_back: bool,
    marks: Marks,
    record: Option<Box<Record>>,
    span: RequestSpan,
}

/// What has become of the content of a request.
enum Content {
    Arriving,
    /// All of it has been taken; or the error of receiving, until somebody is told.
    Over(Option<RecvError>),
}

impl Shared {
    /// A connection that has just been accepted, and that nobody has been told of.
    pub(crate) fn new(socket: Socket, set: Arc<Registry>, info: Arc<ConnInfo>, options: Arc<Options>) -> Self {
        let core = Connection::server(Arc::clone(&options.config));
        let conn = Conn {
            info: Arc::clone(&info),
            link: Link::new(core, Held::default()),
            inbox: Inbox::new(),
            kept: Kept::default(),
            current: None,
            finishing: VecDeque::new(),
            reader: None,
            refused: false,
            news: Vec::new(),
            overloaded: false,
            begun: false,
            told_shutdown: false,
            told_half_closed: false,
            upgraded: false,
            ended: false,
        };
        Shared {
            info,
            options,
            waited: Mutex::new(Some(Waited::new(socket, set))),
            conn: Mutex::new(conn),
            watched: AtomicU64::new(0),
            let_go: AtomicU64::new(0),
            holds_back: AtomicBool::new(false),
        }
    }

    /// HTTP can be spoken from now on.
    fn begin(&self, carrier: Carrier) {
        self.with(|conn| {
            conn.begun = true;
            conn.link.io.put(carrier);
        });
        self.options.connected(&self.info);
    }

    /// Answers every request with 503, and closes.
    pub(crate) fn set_overloaded(&self) {
        self.with(|conn| conn.overloaded = true);
        self.options.registry.add_overloaded();
    }

    /// Answers wait for one that is still being made; whether somebody has to be told to [`send`](Self::send) them when
    /// they have waited long enough.
    pub(crate) fn hold_back(&self) -> bool {
        !self.holds_back.swap(true, SeqCst)
    }

    /// Sends answers that are held back, as far as that can be done without waiting.
    pub(crate) fn send(&self) {
        self.holds_back.store(false, SeqCst);
        self.with(|conn| {
            if !conn.link.out.is_empty() {
                conn.link.try_turn(&mut conn.inbox, Reading::Never);
                conn.settle();
            }
        });
    }

    fn watch_from(&self, place: Option<Place>) {
        let halves = place.map_or(0, |Place { thread, depth }| u64::from(thread) << 32 | u64::from(depth));
        self.watched.store(halves, Relaxed);
    }

    fn watched_from(&self) -> Option<Place> {
        let halves = self.watched.load(Relaxed);
        (halves != 0).then_some(Place { thread: (halves >> 32) as u32, depth: halves as u32 })
    }

    /// Looks after the connection once; `None`: it is over. Nothing of it waits.
    fn tend(&self, broken: bool) -> Option<Awaited> {
        self.with(|conn| conn.tend(self, broken))
    }
}

impl Conn {
    fn tend(&mut self, shared: &Shared, broken: bool) -> Option<Awaited> {
        self.heed(shared)?;
        loop {
            // Somebody reads, and has found nothing the last time: what comes is for him.
            let reading = if self.reader.is_some() { Reading::Wanted } else { Reading::Ahead };
            if reading == Reading::Ahead {
                self.link.core.suspend();
            }
            let awaited = self.link.try_turn(&mut self.inbox, reading);
            if broken && awaited.is_some_and(|awaited| !awaited.readable) {
                self.link.lose(&mut self.inbox);
            }
            self.settle();
            if awaited.is_none() || broken {
                self.wake_reader();
            }
            self.notice_end();
            if self.link.is_closed() || self.link.is_lost() {
                if let Some(current) = &self.current {
                    current.exchange.inner().set_gone();
                }
                return None;
            }
            if let Some(awaited) = awaited {
                return Some(awaited);
            }
        }
    }

    /// Does what was asked for from outside, and by the handler; `None`: the connection is over.
    fn heed(&mut self, shared: &Shared) -> Option<()> {
        let registry = &shared.options.registry;
        if registry.is_shutting_down() {
            if registry.is_cut_off() {
                self.cut_off(shared);
            } else if !std::mem::replace(&mut self.told_shutdown, true) {
                self.link.core.shutdown();
            }
        }
        if let Some(asked) = self.current.as_ref().and_then(|current| current.exchange.inner().take_asked()) {
            let (core, out) = self.link.commands();
            for (status, headers) in asked.interim {
                inform(core, status, &headers, out);
            }
            if asked.proceed {
                let _ = core.proceed(out);
            }
            if asked.abort {
                core.abort();
            }
        }
        (!self.ended).then_some(())
    }

    /// At its end the input may be looked at unasked: no further request can come of that.
    fn notice_end(&mut self) {
        if !self.inbox.has_ended() || self.inbox.unread_len() > 0 {
            return;
        }
        let Some(current) = &self.current else { return };
        if !std::mem::replace(&mut self.told_half_closed, true) {
            current.exchange.inner().set_half_closed();
        }
        if let Err(error) = self.link.core.step(self.inbox.buffer()) {
            self.fail_content(error);
        }
    }

    /// What the client sent is broken: who reads the content is told, and answers for it.
    fn fail_content(&mut self, error: RecvError) {
        if let Some(Current { content: content @ Content::Arriving, .. }) = &mut self.current {
            *content = Content::Over(Some(error));
            self.refused = true;
            self.news.push(News::Broken(error));
        }
    }

    /// The next of the content of the request with this number, if there is any.
    fn take_content(&mut self, number: u64) -> Option<Found> {
        let Some(current) = self.current.as_mut().filter(|current| current.number == number) else {
            return Some(Found::Failed(BodyError::Over));
        };
        if let Content::Over(error) = &mut current.content {
            return Some(Found::Failed(error.take().map_or(BodyError::Over, BodyError::Received)));
        }
        let (core, out) = self.link.commands();
        if core.awaiting_continue() {
            let _ = core.proceed(out);
        }
        match self.link.core.step(self.inbox.buffer()) {
            Ok(Step::Event) => {}
            Ok(Step::NeedInput | Step::Paused) => return None,
            Ok(Step::Closed) => return Some(Found::Failed(BodyError::Over)),
            Err(error) => {
                self.fail_content(error);
                return Some(Found::Failed(BodyError::Received(error)));
            }
        }
        let trailers = match self.link.core.event(self.inbox.buffer()) {
            Event::Payload(_) => None,
            // Two limits of the core are below that of the map.
            Event::MessageComplete(trailers) => {
                Some((!trailers.is_empty()).then(|| trailers.to_header_map().unwrap_or_default()))
            }
            Event::HeadersComplete(_) | Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => {
                Some(None)
            }
        };
        let Some(trailers) = trailers else { return Some(Found::Data(self.inbox.retain())) };
        self.end_content();
        Some(Found::End(trailers))
    }

    /// The request is there as a whole.
    fn end_content(&mut self) {
        self.link.head_at = self.link.read_at;
        if let Some(current) = &mut self.current {
            current.content = Content::Over(None);
            current.held_back = false;
        }
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// What has come of looking for content.
enum Sought {
    Found(Found),
    /// There may be some now.
    Again,
    Wait(Awaited),
    /// Somebody else waits for it.
    Later,
}

impl Source for Shared {
    fn content(&self, number: u64, cx: Option<&Context<'_>>) -> Poll<Found> {
        // Who waits for a future must not be held up by it; he looks after the socket in the place of this.
        let (here, own) = (waiting::place(), cx.filter(|cx| waiting::is_own(cx.waker())));
        let watcher = cx.and_then(|_| self.watched_from()).filter(|watcher| {
            // Not he, but a future that his thread runs within his.
            here.thread != watcher.thread || here.depth <= watcher.depth || own.is_none()
        });
        loop {
            let sought = self.with(|conn| {
                if let Some(found) = conn.take_content(number) {
                    return Sought::Found(found);
                }
                if let (Some(cx), Some(_)) = (cx, watcher) {
                    conn.reader = Some(cx.waker().clone());
                    return Sought::Later;
                }
                conn.reader = Some(waiting::waker());
                let turn = conn.link.try_turn(&mut conn.inbox, Reading::Wanted);
                conn.settle();
                turn.map_or(Sought::Again, Sought::Wait)
            });
            match sought {
                Sought::Found(found) => return Poll::Ready(found),
                Sought::Again => {}
                Sought::Wait(awaited) => {
                    if let Some(cx) = own {
                        if self.register(cx, awaited) {
                            return Poll::Pending;
                        }
                        self.lose();
                        continue;
                    }
                    let ready = self.wait(awaited);
                    if ready.broken && !ready.readable {
                        self.lose();
                    }
                }
                Sought::Later => {
                    // Who watches looks after the socket next if this is his own doing.
                    if watcher.is_some_and(|watcher| watcher.thread != here.thread) {
                        self.info.wake();
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn let_go(&self, number: u64) {
        // Content may be dropped while the connection is locked, and that of one request behind that of the next.
        self.let_go.fetch_max(number, SeqCst);
    }
}

impl Attend for Shared {
    fn attend(&self) {
        if self.tend(false).is_none() {
            self.info.wake();
        }
    }
}
