//! [`TlsError`]: why there is no TLS.

use rustls::CertificateError;
use std::{fmt, io};

/// Why a handshake has failed, or TLS has broken behind it. As the error of a transport it is inside of the
/// [`io::Error`].
#[derive(Debug)]
pub struct TlsError {
    kind: TlsErrorKind,
    cause: Cause,
}

/// What a [`TlsError`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The peer's certificate comes from nobody that is trusted.
    Untrusted,
    /// The peer's certificate has expired.
    Expired,
    /// The peer's certificate is not valid yet.
    NotYetValid,
    /// The peer's certificate is for another name.
    WrongName,
    /// The peer's certificate was revoked.
    Revoked,
    /// The peer's certificate is wrong in another way.
    Certificate,
    /// The peer has shown no certificate, which it must.
    NoCertificate,
    /// The peer has refused: [`TlsError::cause`] has its alert.
    Refused,
    /// The two have no version, no cipher suite or no application protocol in common.
    Incompatible,
    /// What the peer has sent is not TLS, or breaks its rules.
    Protocol,
    /// The peer has ended the connection in the handshake.
    Closed,
    /// The transport has failed.
    Transport,
    /// The handshake took too long.
    Timeout,
    /// The configuration cannot be used, or the system's certificates cannot be read.
    Config,
}

#[derive(Debug)]
enum Cause {
    Tls(rustls::Error),
    Transport(io::Error),
    None,
}

impl TlsError {
    /// One that neither rustls nor a transport has found.
    pub fn new(kind: TlsErrorKind) -> Self {
        TlsError { kind, cause: Cause::None }
    }

    pub(crate) fn config(error: rustls::Error) -> Self {
        TlsError { kind: TlsErrorKind::Config, cause: Cause::Tls(error) }
    }

    /// What it is about.
    pub fn kind(&self) -> TlsErrorKind {
        self.kind
    }

    /// What rustls says about it, if it was rustls that found it.
    pub fn cause(&self) -> Option<&rustls::Error> {
        match &self.cause {
            Cause::Tls(error) => Some(error),
            Cause::Transport(_) | Cause::None => None,
        }
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        use rustls::Error::{
            AlertReceived, InvalidCertificate, NoApplicationProtocol, NoCertificatesPresented, PeerIncompatible,
        };
        // Others' enums, which grow: the rest is against the rules in one way or another.
        let kind = match &error {
            InvalidCertificate(error) => match error {
                CertificateError::UnknownIssuer => TlsErrorKind::Untrusted,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsErrorKind::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    TlsErrorKind::NotYetValid
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    TlsErrorKind::WrongName
                }
                CertificateError::Revoked => TlsErrorKind::Revoked,
                _ => TlsErrorKind::Certificate,
            },
            NoCertificatesPresented => TlsErrorKind::NoCertificate,
            AlertReceived(_) => TlsErrorKind::Refused,
            PeerIncompatible(_) | NoApplicationProtocol => TlsErrorKind::Incompatible,
            _ => TlsErrorKind::Protocol,
        };
        TlsError { kind, cause: Cause::Tls(error) }
    }
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        TlsError { kind: TlsErrorKind::Transport, cause: Cause::Transport(error) }
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match (error.kind, error.cause) {
            (_, Cause::Transport(error)) => return error,
            (TlsErrorKind::Closed, Cause::None) => io::ErrorKind::UnexpectedEof,
            (TlsErrorKind::Timeout, Cause::None) => io::ErrorKind::TimedOut,
            (kind, cause) => return io::Error::new(io::ErrorKind::InvalidData, TlsError { kind, cause }),
        };
        io::Error::new(kind, TlsError::new(error.kind))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.kind {
            TlsErrorKind::Untrusted => "the certificate is from nobody that is trusted",
            TlsErrorKind::Expired => "the certificate has expired",
            TlsErrorKind::NotYetValid => "the certificate is not valid yet",
            TlsErrorKind::WrongName => "the certificate is for another name",
            TlsErrorKind::Revoked => "the certificate was revoked",
            TlsErrorKind::Certificate => "the certificate is invalid",
            TlsErrorKind::NoCertificate => "no certificate was shown",
            TlsErrorKind::Refused => "TLS was refused",
            TlsErrorKind::Incompatible => "no version, cipher suite or protocol in common",
            TlsErrorKind::Protocol => "the peer does not speak TLS as it should",
            TlsErrorKind::Closed => "the connection ended in the handshake",
            TlsErrorKind::Transport => "the connection broke",
            TlsErrorKind::Timeout => "the handshake was not over in time",
            TlsErrorKind::Config => "TLS cannot be set up",
        };
        match &self.cause {
            Cause::Tls(error) => write!(f, "{text}: {error}"),
            Cause::Transport(error) => write!(f, "{text}: {error}"),
            Cause::None => f.write_str(text),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Tls(error) => Some(error),
            Cause::Transport(error) => Some(error),
            Cause::None => None,
        }
    }
}
