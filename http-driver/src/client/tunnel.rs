//! Tunnels: TLS to a server through a proxy, which is asked for one with CONNECT (RFC 9110 section 9.3.6).

use super::connect::{Clock, Connect, ConnectError, Connected};
use super::shared::Shared;
use super::target::Target;
use super::within::within;
use crate::exchange::BoxTransport;
use crate::pool::Inbox;
use crate::runtime::Opened;
use crate::upgraded::Upgraded;
use crate::{Connection, Error, ErrorKind, Transport};
use bytes::Bytes;
use http_proto::{BodyLength, Client, Event, Framing, RequestHead};
use std::io;
use std::sync::Arc;

impl<C: Connect> Shared<C> {
    /// A connection to `target` inside of one to `proxy`.
    pub(super) async fn tunnel(&self, proxy: &Target, target: &Target) -> Result<Connected<C::Io>, ConnectError> {
        let reached = self.connector.connect(proxy).await?;
        let Opened { io, local, peer } = reached.socket;
        let http = Connection::<Client, _, Clock<C>>::new(
            http_proto::Connection::client(Arc::clone(&self.config)),
            io,
            Clock::<C>::default(),
        );
        let asked = within(self.timeouts.tunnel, Clock::<C>::default(), ask(http, target)).await;
        let (tunnel, took) = asked.ok_or(ConnectError::ProxyTimeout)?;
        let tunnel = Box::new(tunnel?) as BoxTransport;
        let secured = self.connector.secure(Opened { io: tunnel, local, peer }, target).await?;
        let connect = reached.connect + reached.tls.unwrap_or_default() + took;
        Ok(Connected { resolve: reached.resolve, connect, ..secured })
    }
}

/// Asks for a tunnel to `target`.
async fn ask<Io: Transport, T: crate::Timer>(
    mut http: Connection<Client, Io, T>,
    target: &Target,
) -> Result<Upgraded<Io>, ConnectError> {
    let authority = target.authority();
    let head = RequestHead::new("CONNECT", &authority);
    http.start(&head, BodyLength::Empty).map_err(|_| super::UriError::InvalidHost)?;
    let mut inbox = Inbox::new();
    loop {
        match http.next_event(&mut inbox).await.map_err(ConnectError::Proxy)? {
            // 204 (No Content) makes none, either.
            Event::HeadersComplete(answer) if !answer.is_interim() && answer.framing() != Framing::Tunnel => {
                return Err(ConnectError::ProxyRefused(answer.status()));
            }
            Event::UpgradeTail(tail) => {
                let tail = Bytes::copy_from_slice(tail);
                return http.into_upgraded(tail).map_err(|_| broken());
            }
            Event::HeadersComplete(_) | Event::Payload(_) | Event::MessageComplete(_) => {}
            Event::NeedInput | Event::Paused => {}
            Event::Closed => return Err(broken()),
        }
    }
}

/// The connection has ended.
fn broken() -> ConnectError {
    ConnectError::Proxy(Error::new(ErrorKind::Transport(io::ErrorKind::ConnectionAborted.into()), true))
}
