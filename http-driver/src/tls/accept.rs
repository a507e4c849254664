//! A connection with TLS from its acceptance on: the handshake, within its deadline, in the place of a connection; then it
//! is like any other.

use super::error::TlsError;
use super::handshake::Handshake;
use super::stream::Tls;
use crate::guarded::guarded;
use crate::info::ConnInfo;
use crate::options::Options;
use crate::server::{HttpService, Serving};
use crate::service::Services;
use crate::{Timer, Transport};
use rustls::ServerConfig;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

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
    let tls = match shake(io, config, &mut timer, &place).await {
        Ok(Some(tls)) => tls,
        Ok(None) => return,
        Err(error) => return place.options.tls.failed(&place.info, &error),
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
    place: &Place,
) -> Result<Option<Tls<Io>>, TlsError> {
    let mut handshake = Handshake::new(io, config)?;
    timer.reset(timer.now().saturating_add(place.options.tls.timeout));
    let shaken = poll_fn(|cx| {
        place.info.set_task(cx);
        if place.options.registry.is_shutting_down() {
            // Nothing that was asked for is lost.
            return Poll::Ready(handshake.end());
        }
        match handshake.poll(cx, &place.info) {
            Poll::Pending => timer.poll(cx).map(|()| handshake.expire()),
            shaken @ Poll::Ready(_) => shaken,
        }
    })
    .await?;
    Ok(shaken.then(|| handshake.into_tls()))
}
