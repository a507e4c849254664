//! The handshake of TLS on a connection that was accepted: made by the workers, as far as that can be done without waiting.

use super::Shared;
use crate::link::Awaited;
use crate::tls::{Timed, Tls};
use crate::{Carrier, Socket, Stream, clock};
use http_driver::parts::Handshake;
use http_driver::rustls::ServerConfig;
use http_proto::Instant;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A connection in its handshake.
pub(super) struct Shaking {
    handshake: Handshake<Timed<Stream<Socket>>>,
    /// From when a worker has taken it up first: the wait for one is none of the client's.
    deadline: Option<Instant>,
}

/// What has come of it so far.
pub(super) enum Shaken {
    /// HTTP can be spoken.
    Done,
    Wait(Awaited),
    /// The connection is over.
    Over,
}

impl Shaking {
    /// `None`: the configuration cannot be used, and those who want to know of that have been told.
    pub(super) fn new(shared: &Shared, config: Arc<ServerConfig>) -> Option<Self> {
        let tls = &shared.options.tls;
        let handshake = Handshake::new(Timed::new(shared.socket()?.into()), config);
        let handshake = handshake.inspect_err(|error| tls.failed(&shared.info, error)).ok()?;
        Some(Shaking { handshake, deadline: None })
    }

    /// Goes on with it.
    pub(super) fn go_on(&mut self, shared: &Shared) -> Shaken {
        let Shared { info, options, .. } = shared;
        let deadline = *self.deadline.get_or_insert_with(|| clock::now().saturating_add(options.tls.timeout));
        let shaken = if options.registry.is_shutting_down() {
            // Nothing that was asked for is lost.
            Poll::Ready(self.handshake.end())
        } else {
            match self.handshake.poll(&mut Context::from_waker(Waker::noop()), info) {
                Poll::Pending if deadline <= clock::now() => Poll::Ready(self.handshake.expire()),
                shaken => shaken,
            }
        };
        match shaken {
            Poll::Ready(Ok(true)) => Shaken::Done,
            Poll::Ready(Ok(false)) => Shaken::Over,
            Poll::Ready(Err(error)) => {
                options.tls.failed(info, &error);
                Shaken::Over
            }
            Poll::Pending => {
                let writable = self.handshake.wants_write();
                Shaken::Wait(Awaited { readable: true, writable, deadline: Some(deadline) })
            }
        }
    }

    /// What carries the connection from now on.
    pub(super) fn into_carrier(self) -> Carrier {
        Carrier::tls(Tls::over(self.handshake.into_tls()))
    }
}
