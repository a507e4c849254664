//! What a server does with TLS: the handshake, within its deadline, in the place of a connection.

use super::error::{TlsError, TlsErrorKind};
use super::info::TlsInfo;
use super::server_config;
use super::stream::Tls;
use crate::info::ConnInfo;
use crate::options::{Options, guarded};
use crate::server::{HttpService, Serving};
use crate::service::Services;
use crate::watched::lock;
use crate::{Timer, Transport};
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
pub struct ServerTls {
    config: Mutex<Option<Arc<ServerConfig>>>,
    /// How long a client may take for the handshake.
    pub timeout: Duration,
    /// Told of every handshake that has failed.
    pub on_error: Option<Hook>,
}

impl Default for ServerTls {
    fn default() -> Self {
        ServerTls { config: Mutex::new(None), timeout: Duration::from_secs(10), on_error: None }
    }
}

impl ServerTls {
    /// Speaks TLS from now on, as the configuration has it.
    pub fn set(&self, config: Arc<ServerConfig>) {
        *lock(&self.config) = Some(server_config(config));
    }

    /// What is spoken on new connections.
    pub fn config(&self) -> Option<Arc<ServerConfig>> {
        lock(&self.config).clone()
    }

    /// Tells of a handshake that has failed.
    pub fn failed(&self, connection: &ConnInfo, error: &TlsError) {
        if let Some(hook) = &self.on_error {
            guarded(|| hook(connection, error));
        }
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A server's handshake. Whoever polls it keeps the time.
#[derive(Debug)]
pub struct Handshake<Io> {
    tls: Tls<Io>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Shaking,
    /// Something else than HTTP was agreed upon.
    Parting,
    /// The client may read why it was refused; so much of what it has sent was swallowed.
    Refusing(TlsError, usize),
    Over,
}

impl<Io: Transport> Handshake<Io> {
    /// One that begins.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn new(io: Io, config: Arc<ServerConfig>) -> Result<Self, TlsError> {
        Ok(Handshake { tls: Tls::server(io, config)?, stage: Stage::Shaking })
    }

    /// Goes on with it, and notes what was agreed upon. Ready with true, HTTP can be spoken; with false, something else
    /// was to be, and the connection is over.
    ///
    /// # Errors
    /// It has failed, and the client has been told, if that could be done.
    pub fn poll(&mut self, cx: &mut Context<'_>, connection: &ConnInfo) -> Poll<Result<bool, TlsError>> {
        loop {
            match &mut self.stage {
                Stage::Shaking => match ready!(self.tls.poll_handshake(cx)) {
                    Ok(()) => {
                        let agreed = self.tls.info();
                        let is_http1 = agreed.as_ref().is_some_and(TlsInfo::is_http1);
                        self.stage = if is_http1 { Stage::Over } else { Stage::Parting };
                        if let Some(agreed) = agreed {
                            connection.set_tls(agreed);
                        }
                        if is_http1 {
                            return Poll::Ready(Ok(true));
                        }
                    }
                    Err(error) if error.cause().is_some() => self.stage = Stage::Refusing(error, 0),
                    Err(error) => {
                        self.stage = Stage::Over;
                        return Poll::Ready(Err(error));
                    }
                },
                Stage::Parting => {
                    let _ = ready!(self.tls.poll_shutdown(cx));
                    return Poll::Ready(self.end());
                }
                Stage::Refusing(_, swallowed) => {
                    // The alert goes first.
                    let _ = ready!(self.tls.poll_shutdown(cx));
                    let mut scratch = [0; 4096];
                    while *swallowed < LINGER {
                        match ready!(self.tls.get_mut().poll_read(cx, &mut scratch)) {
                            Ok(count @ 1..) => *swallowed += count,
                            Ok(0) | Err(_) => break,
                        }
                    }
                    return Poll::Ready(self.end());
                }
                Stage::Over => return Poll::Ready(Ok(false)),
            }
        }
    }

    /// Gives it up, as no time is left.
    ///
    /// # Errors
    /// It has failed, by that or before.
    pub fn expire(&mut self) -> Result<bool, TlsError> {
        match &self.stage {
            Stage::Shaking => Err(TlsError::new(TlsErrorKind::Timeout)),
            Stage::Parting | Stage::Refusing(..) | Stage::Over => self.end(),
        }
    }

    /// Gives it up, as nothing is to begin any more.
    ///
    /// # Errors
    /// It has failed before.
    pub fn end(&mut self) -> Result<bool, TlsError> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Refusing(error, _) => Err(error),
            Stage::Shaking | Stage::Parting | Stage::Over => Ok(false),
        }
    }

    /// Whether something waits to be written. Something to be read is awaited always.
    pub fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    /// What it has come to.
    pub fn into_tls(self) -> Tls<Io> {
        self.tls
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
