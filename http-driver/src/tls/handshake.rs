//! [`Handshake`]: that of a server, up to where HTTP is spoken or the client knows why not.

use super::error::{TlsError, TlsErrorKind};
use super::info::TlsInfo;
use super::stream::Tls;
use crate::Transport;
use crate::info::ConnInfo;
use rustls::ServerConfig;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What clients that were refused may still have on the way, which would reset the connection before they have read why.
const LINGER: usize = 64 * 1024;

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
