//! [`ByHand`]: an end of TLS on a blocking socket whose records are moved by hand.

use super::DEADLINE;
use super::wired::keys;
use http_driver::rustls::pki_types::ServerName;
use http_driver::rustls::{ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

/// What comes out at the end of a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Rest {
    pub text: String,
    /// It ended with close_notify.
    pub closed: bool,
    /// It ended with a reset.
    pub reset: bool,
}

/// One end of TLS, and its socket.
pub struct ByHand {
    pub tls: Connection,
    pub socket: TcpStream,
}

impl ByHand {
    /// A client, with nothing sent.
    pub fn client(to: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        let tls = ClientConnection::new(Arc::clone(config), ServerName::from(to.ip())).unwrap();
        Self::over(tls.into(), TcpStream::connect_timeout(&to, DEADLINE).unwrap())
    }

    /// A client behind its handshake.
    pub fn shaken(to: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        Self::client(to, config).shake()
    }

    /// The server's end of a connection, behind its handshake.
    pub fn server(socket: TcpStream) -> Self {
        Self::server_with(socket, &keys().server).shake()
    }

    /// The same before it.
    pub fn server_with(socket: TcpStream, config: &Arc<ServerConfig>) -> Self {
        Self::over(ServerConnection::new(Arc::clone(config)).unwrap().into(), socket)
    }

    fn over(tls: Connection, socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        ByHand { tls, socket }
    }

    fn shake(mut self) -> Self {
        while self.tls.is_handshaking() {
            let flight = self.wants();
            self.send(flight);
            if self.tls.is_handshaking() {
                assert!(self.take(), "ended in the handshake");
            }
        }
        let flight = self.wants();
        self.send(flight);
        self
    }

    /// What the other end says against it, in the handshake or behind it.
    pub fn refusal(mut self) -> Error {
        loop {
            let flight = self.wants();
            self.send(flight);
            assert!(self.tls.read_tls(&mut self.socket).unwrap() > 0, "ended without a word");
            if let Err(error) = self.tls.process_new_packets() {
                return error;
            }
        }
    }

    /// The records that are to be sent.
    pub fn wants(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut octets).unwrap();
        }
        octets
    }

    /// The record of this.
    pub fn seal(&mut self, text: impl AsRef<[u8]>) -> Vec<u8> {
        self.tls.writer().write_all(text.as_ref()).unwrap();
        self.wants()
    }

    /// Sends octets as they are.
    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.socket.write_all(octets.as_ref()).unwrap();
    }

    /// Sends the end of the octets, without close_notify.
    pub fn cut(&mut self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// Takes what comes next; false: nothing more.
    pub fn take(&mut self) -> bool {
        let more = self.tls.read_tls(&mut self.socket).unwrap() > 0;
        self.tls.process_new_packets().unwrap();
        more
    }

    /// Takes so much plaintext that this is in it so often.
    pub fn take_until(&mut self, part: &str, times: usize) -> String {
        let mut octets = Vec::new();
        loop {
            let read = self.tls.reader().read_to_end(&mut octets);
            let text = String::from_utf8_lossy(&octets);
            if text.matches(part).count() >= times {
                return text.into_owned();
            }
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.take(),
                ended => panic!("{ended:?} behind {text}"),
            };
        }
    }

    /// Takes all that comes up to the end.
    pub fn rest(mut self) -> Rest {
        let mut rest = Rest { text: String::new(), closed: false, reset: false };
        let mut octets = Vec::new();
        loop {
            match self.tls.reader().read_to_end(&mut octets) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => panic!("{error}"),
                Ok(_) => {
                    rest.closed = true;
                    break;
                }
            }
            match self.tls.read_tls(&mut self.socket) {
                Ok(_) => _ = self.tls.process_new_packets().unwrap(),
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                    rest.reset = true;
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
        rest.text = String::from_utf8(octets).unwrap();
        rest
    }
}

/// The length of each record in `octets`, headers included.
pub fn records(octets: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut rest = octets;
    while let [_, _, _, high, low, ..] = rest {
        let length = 5 + usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(length);
        rest = &rest[length..];
    }
    assert!(rest.is_empty(), "half a record");
    lengths
}

/// Where to cut `octets`: at every record, around its header, and in the middle.
pub fn cuts(octets: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut cuts = vec![0];
    for length in records(octets) {
        cuts.extend([1, 4, 5, 6, length / 2, length - 1, length].map(|part| at + part));
        at += length;
    }
    cuts.dedup();
    cuts
}
