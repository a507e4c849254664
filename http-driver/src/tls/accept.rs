//! What a server does with TLS: the handshake, within its deadline, in the place of a connection.

use super::error::{TlsError, TlsErrorKind};
use super::server_config;
use super::stream::Tls;
use crate::info::ConnInfo;
use crate::options::{Options, guarded};
use crate::server::{HttpService, Serving};
use crate::service::Services;
use crate::watched::lock;
use crate::{Timer, Transport};
use http_proto::Instant;
use rustls::ServerConfig;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// What clients that were refused may still have on the way, which would reset the connection before they have read why.
const LINGER: usize = 64 * 1024;

type Hook = Box<dyn Fn(&ConnInfo, &TlsError) + Send + Sync>;

/// How a server speaks TLS, if it does.
pub(crate) struct ServerTls {
    config: Mutex<Option<Arc<ServerConfig>>>,
    pub(crate) timeout: Duration,
    pub(crate) on_error: Option<Hook>,
}

impl Default for ServerTls {
    fn default() -> Self {
        ServerTls { config: Mutex::new(None), timeout: Duration::from_secs(10), on_error: None }
    }
}

impl ServerTls {
    pub(crate) fn set(&self, config: Arc<ServerConfig>) {
        *lock(&self.config) = Some(server_config(config));
    }

    pub(crate) fn config(&self) -> Option<Arc<ServerConfig>> {
        lock(&self.config).clone()
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A connection that is in its handshake: listed like any other, until its service has taken it over.
struct Place {
    info: Arc<ConnInfo>,
    options: Arc<Options>,
    overloaded: bool,
    taken: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.taken {
            if self.overloaded {
                self.options.registry.remove_overloaded();
            }
            self.options.registry.remove(self.info.id());
        }
    }
}

/// A connection that has just been accepted, and counts from now on.
pub(crate) struct Admitted<Io, T, S> {
    pub(crate) io: Io,
    pub(crate) timer: T,
    pub(crate) info: Arc<ConnInfo>,
    pub(crate) overloaded: bool,
    pub(crate) services: Arc<Services<S>>,
    pub(crate) options: Arc<Options>,
}

/// Makes the handshake, then serves.
pub(crate) async fn serve<S, Io, T>(admitted: Admitted<Io, T, S>, config: Arc<ServerConfig>)
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    let Admitted { io, mut timer, info, overloaded, services, options } = admitted;
    if overloaded {
        options.registry.add_overloaded();
    }
    let mut place = Place { info, options, overloaded, taken: false };
    let by = timer.now().saturating_add(place.options.tls.timeout);
    let tls = match shake(io, config, &mut timer, by, &place).await {
        Ok(Some(tls)) => tls,
        Ok(None) => return,
        Err(error) => {
            if let Some(hook) = &place.options.tls.on_error {
                guarded(|| hook(&place.info, &error));
            }
            return;
        }
    };
    let (info, options) = (Arc::clone(&place.info), Arc::clone(&place.options));
    // Where no service can be made for it, it is closed, and the others go on.
    let Some(mut serving) = guarded(|| Serving::listed(tls, timer, info, services, options)) else { return };
    if overloaded {
        // Counted once more before it is counted once less.
        serving.set_overloaded();
        place.options.registry.remove_overloaded();
    }
    place.taken = true;
    drop(place);
    serving.await;
}

/// `None`: the server ends, or something else than HTTP is to be spoken.
async fn shake<Io: Transport>(
    io: Io,
    config: Arc<ServerConfig>,
    timer: &mut impl Timer,
    by: Instant,
    place: &Place,
) -> Result<Option<Tls<Io>>, TlsError> {
    let mut tls = Tls::server(io, config)?;
    timer.reset(by);
    let registry = &place.options.registry;
    let shaken = poll_fn(|cx| {
        place.info.set_task(cx);
        if registry.is_shutting_down() {
            // Nothing that was asked for is lost.
            return Poll::Ready(Ok(false));
        }
        match tls.poll_handshake(cx) {
            Poll::Pending => timer.poll(cx).map(|()| Err(TlsError::new(TlsErrorKind::Timeout))),
            Poll::Ready(shaken) => Poll::Ready(shaken.map(|()| true)),
        }
    })
    .await;
    match shaken {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(error) => {
            if error.cause().is_some() {
                linger(&mut tls, timer).await;
            }
            return Err(error);
        }
    }
    let Some(info) = tls.info() else { return Ok(None) };
    let is_http1 = info.is_http1();
    place.info.set_tls(info);
    if is_http1 {
        return Ok(Some(tls));
    }
    let mut closed = std::pin::pin!(poll_fn(|cx| tls.poll_shutdown(cx)));
    poll_fn(|cx| match closed.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => timer.poll(cx),
    })
    .await;
    Ok(None)
}

/// Lets the client read why it was refused, within the deadline of the handshake.
async fn linger<Io: Transport>(tls: &mut Tls<Io>, timer: &mut impl Timer) {
    let mut swallowed = 0;
    let mut scratch = vec![0; 4096];
    let mut poll_swallow = |cx: &mut Context<'_>| {
        // The alert goes first.
        let _ = ready!(tls.poll_shutdown(cx));
        while swallowed < LINGER {
            match ready!(tls.io().poll_read(cx, &mut scratch)) {
                Ok(count @ 1..) => swallowed += count,
                Ok(0) | Err(_) => break,
            }
        }
        Poll::Ready(())
    };
    poll_fn(|cx| if poll_swallow(cx).is_ready() { Poll::Ready(()) } else { timer.poll(cx) }).await;
}
