//! The accept loop: connections in, within the limit, until a shutdown; then the wait for those that are left.

use crate::Timer;
use crate::guarded::guarded;
use crate::handle::{Controlled, Report};
use crate::options::Options;
use crate::runtime::{Listener, Opened, Runtime};
use crate::server::{HttpService, Serving};
use crate::service::Services;
#[cfg(feature = "rustls")]
use crate::tls::{self, accept::Admitted};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// The rest when descriptors or memory have run out: long enough for some connection to end.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections accepted without a pause, after which others on the same thread get their turn.
const BURST: usize = 64;
/// How long those that are cut off have to notice.
const LAST: Duration = Duration::from_secs(1);

/// What happens to a connection beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// It waits in the backlog of the kernel.
    #[default]
    Wait,
    /// Its request is answered with 503 (Service Unavailable). Beyond twice the limit it is closed.
    Answer503,
    /// It is closed.
    Close,
}

/// A step in the life of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerState {
    /// Connections are accepted.
    Listening,
    /// None are any more; those that are there go on.
    NotListening,
    /// Everything is over.
    Closed,
}

pub(crate) type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;
pub(crate) type ListenerHook = Box<dyn Fn(ListenerState) + Send + Sync>;

pub(crate) struct Acceptor<Rt: Runtime, L, S> {
    pub(crate) runtime: Rt,
    pub(crate) listener: L,
    pub(crate) services: Arc<Services<S>>,
    pub(crate) options: Arc<Options>,
    pub(crate) control: Controlled,
    pub(crate) max_connections: usize,
    pub(crate) overflow: Overflow,
    pub(crate) grace: Duration,
    pub(crate) signal: Option<Signal>,
    pub(crate) on_listener: Option<ListenerHook>,
    pub(crate) timer: Rt::Timer,
    pub(crate) pausing: bool,
}

impl<Rt, L, S> Acceptor<Rt, L, S>
where
    Rt: Runtime,
    L: Listener,
    S: HttpService + Send + 'static,
    S::Answer: Send,
    S::Content: Send,
{
    pub(crate) async fn run(mut self) -> Report {
        tell(&self.on_listener, ListenerState::Listening);
        let grace = poll_fn(|cx| self.poll_accept(cx)).await;
        let Acceptor { listener, options, control, mut timer, on_listener, .. } = self;
        drop(listener);
        tell(&on_listener, ListenerState::NotListening);
        let registry = &options.registry;
        let mut report = Report { connections: registry.len(), cut_off: 0 };
        registry.shut_down();
        let begun = timer.now();
        poll_fn(|cx| {
            // It may be shortened meanwhile.
            let grace = control.0.watch_grace(cx).map_or(grace, |asked| grace.min(asked));
            timer.reset(begun.saturating_add(grace));
            if registry.poll_len(cx, 0).is_ready() { Poll::Ready(()) } else { timer.poll(cx) }
        })
        .await;
        report.cut_off = registry.len();
        if report.cut_off > 0 {
            registry.cut_off();
            timer.reset(timer.now().saturating_add(LAST));
            poll_fn(|cx| if registry.poll_len(cx, 0).is_ready() { Poll::Ready(()) } else { timer.poll(cx) }).await;
        }
        tell(&on_listener, ListenerState::Closed);
        control.0.finish(report);
        report
    }

    /// Accepts until a shutdown begins; returns its grace.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        if let Poll::Ready(grace) = self.control.0.poll_grace(cx) {
            return Poll::Ready(grace);
        }
        if self.signal.as_mut().is_some_and(|signal| signal.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(self.grace);
        }
        for _ in 0..BURST {
            if self.pausing {
                if self.timer.poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.pausing = false;
            }
            if self.overflow == Overflow::Wait
                && self.options.registry.poll_len(cx, self.max_connections.saturating_sub(1)).is_pending()
            {
                return Poll::Pending;
            }
            match self.listener.poll_accept(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(accepted)) => self.admit(accepted),
                Poll::Ready(Err(error)) => match error.kind() {
                    io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::Interrupted => {}
                    _ => {
                        self.timer.reset(self.timer.now().saturating_add(PAUSE));
                        self.pausing = true;
                    }
                },
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn admit(&mut self, accepted: Opened<L::Io>) {
        let Opened { io, local, peer } = accepted;
        // Those that only wait to be turned away take nobody's place.
        let full = self.options.registry.served() >= self.max_connections;
        let most = self.max_connections.saturating_mul(2);
        if full && (self.overflow == Overflow::Close || self.options.registry.len() >= most) {
            return;
        }
        let (services, options) = (Arc::clone(&self.services), Arc::clone(&self.options));
        let timer = Rt::Timer::default();
        #[cfg(feature = "rustls")]
        if let Some(config) = options.tls.config() {
            let info = options.registry.add(local, peer);
            let admitted = Admitted { io, timer, info, overloaded: full, services, options };
            return self.runtime.spawn(tls::accept::serve(admitted, config));
        }
        // Where no service can be made for it, a connection is closed, and the others go on.
        let Some(mut serving) = guarded(|| Serving::new(io, timer, local, peer, services, options)) else { return };
        if full {
            serving.set_overloaded();
        }
        self.runtime.spawn(serving);
    }
}

fn tell(hook: &Option<ListenerHook>, state: ListenerState) {
    if let Some(hook) = hook {
        guarded(|| hook(state));
    }
}
