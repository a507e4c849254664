//! [`TlsInfo`]: what two ends have agreed upon, and who the other one is.

use super::{HTTP_1_0, HTTP_1_1};
use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, Connection, HandshakeKind, ProtocolVersion};

/// What two ends of TLS have agreed upon, and who the other one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsInfo {
    version: ProtocolVersion,
    cipher_suite: CipherSuite,
    resumed: bool,
    server_name: Option<Box<str>>,
    alpn: Option<Box<[u8]>>,
    certificates: Vec<CertificateDer<'static>>,
}

impl TlsInfo {
    /// Of a connection whose handshake is done; `asked` is the name that a client has asked for.
    pub(super) fn of(tls: &Connection, asked: Option<&str>) -> Option<Self> {
        let server_name = match tls {
            Connection::Client(_) => asked,
            Connection::Server(tls) => tls.server_name(),
        };
        Some(TlsInfo {
            version: tls.protocol_version()?,
            cipher_suite: tls.negotiated_cipher_suite()?.suite(),
            resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
            server_name: server_name.map(Into::into),
            alpn: tls.alpn_protocol().map(Into::into),
            certificates: tls.peer_certificates().unwrap_or_default().to_vec(),
        })
    }

    /// The version of TLS.
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// The cipher suite.
    pub fn cipher_suite(&self) -> CipherSuite {
        self.cipher_suite
    }

    /// Whether an earlier session was resumed.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The name of the server that the client has asked for (SNI, RFC 6066 section 3). On a server `None` where it has
    /// asked for none; on a client also an address.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// The application protocol agreed upon (ALPN, RFC 7301), if the two have talked of that.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// The other end's certificate, and those that lead from it to one that is trusted. Empty for a client that has shown
    /// none. They have been verified, as the configuration demands.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// Whether it is HTTP/1 that is to be spoken.
    pub(super) fn is_http1(&self) -> bool {
        self.alpn().is_none_or(|name| name == HTTP_1_1 || name == HTTP_1_0)
    }
}
