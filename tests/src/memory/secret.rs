//! [`Secret`]: a test's hand on the other end of a wire, with TLS on it: rustls, moved by hand.

use super::pipe::Peer;
use http_driver::rustls::pki_types::ServerName;
use http_driver::rustls::{
    ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection, SupportedProtocolVersion,
};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

/// The other end of a wire, speaking TLS.
pub struct Secret {
    pub peer: Peer,
    pub tls: Connection,
    /// What TLS has found wrong.
    pub error: Option<Error>,
}

impl Secret {
    /// A client that asks for a server of this name.
    pub fn client(peer: Peer, config: &ClientConfig, name: &str) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let tls = ClientConnection::new(Arc::new(config.clone()), name).unwrap();
        Secret { peer, tls: tls.into(), error: None }
    }

    /// A server.
    pub fn server(peer: Peer, config: &ServerConfig) -> Self {
        let tls = ServerConnection::new(Arc::new(config.clone())).unwrap();
        Secret { peer, tls: tls.into(), error: None }
    }

    /// The version of TLS, once that is known.
    pub fn is(&self, version: &SupportedProtocolVersion) -> bool {
        self.tls.protocol_version() == Some(version.version)
    }

    /// Takes what has come, and returns what is to be sent for it.
    pub fn step(&mut self) -> Vec<u8> {
        self.take();
        self.wants()
    }

    /// Takes what has come.
    pub fn take(&mut self) {
        let octets = self.peer.read();
        let mut rest = &octets[..];
        while !rest.is_empty() && self.error.is_none() {
            if self.tls.read_tls(&mut rest).unwrap() == 0 {
                break;
            }
            self.error = self.tls.process_new_packets().err();
        }
    }

    /// The ciphertext that is to be sent.
    pub fn wants(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut octets).unwrap();
        }
        octets
    }

    /// Takes what has come, and sends what is to be sent; whether that was something.
    pub fn pump(&mut self) -> bool {
        let octets = self.step();
        if !octets.is_empty() {
            self.peer.send(&octets);
        }
        !octets.is_empty()
    }

    /// The ciphertext of this.
    pub fn seal(&mut self, octets: impl AsRef<[u8]>) -> Vec<u8> {
        self.tls.writer().write_all(octets.as_ref()).unwrap();
        self.wants()
    }

    /// Sends plaintext.
    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        let sealed = self.seal(octets);
        self.peer.send(sealed);
    }

    /// Sends close_notify.
    pub fn close(&mut self) {
        self.tls.send_close_notify();
        self.pump();
    }

    /// Reads all plaintext that has come; and whether close_notify came behind it.
    pub fn read(&mut self) -> (Vec<u8>, bool) {
        let mut all = Vec::new();
        let octets = self.peer.read();
        let mut rest = &octets[..];
        loop {
            let mut room = [0; 16 * 1024];
            match self.tls.reader().read(&mut room) {
                Ok(0) => return (all, true),
                Ok(count) => all.extend_from_slice(&room[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock && !rest.is_empty() && self.error.is_none() => {
                    self.tls.read_tls(&mut rest).unwrap();
                    self.error = self.tls.process_new_packets().err();
                }
                Err(_) => return (all, false),
            }
        }
    }

    /// Reads all plaintext that has come, as text; no end.
    #[track_caller]
    pub fn text(&mut self) -> String {
        let (octets, closed) = self.read();
        assert!(!closed, "close_notify");
        String::from_utf8(octets).unwrap()
    }

    /// Reads all plaintext up to close_notify, as text.
    #[track_caller]
    pub fn last(&mut self) -> String {
        let (octets, closed) = self.read();
        assert!(closed, "no close_notify behind {}", octets.escape_ascii());
        String::from_utf8(octets).unwrap()
    }
}
