//! [`Session`]: TLS without a transport: ciphertext in, plaintext out. What it holds is bounded: no ciphertext is taken
//! while plaintext waits to be read.

use super::error::TlsError;
use rustls::Connection;
use std::io::{self, ErrorKind, Read};

/// Octets of plaintext that are taken to be sent before the ciphertext of those before has left: four records.
pub(super) const UNSENT: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Session {
    pub(super) tls: Connection,
    /// Ciphertext that was received, and waits until the plaintext before it has been read.
    rest: Vec<u8>,
    /// The last read was full, or there was none since octets were taken: there may be plaintext.
    unread: bool,
    /// TLS has broken. What was received before that is still delivered.
    failed: Option<rustls::Error>,
    /// Our end of what is sent has been announced.
    closing: bool,
}

impl Session {
    pub(super) fn new(mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(UNSENT));
        Session { tls, rest: Vec::new(), unread: false, failed: None, closing: false }
    }

    /// Reads plaintext that is there already; `None`: there is none. Zero octets are close_notify.
    pub(super) fn read(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        let rest = std::mem::take(&mut self.rest);
        self.receive(&rest, room)
    }

    /// Takes ciphertext, behind all that was taken before, and reads what plaintext there is then.
    pub(super) fn receive(&mut self, mut octets: &[u8], room: &mut [u8]) -> io::Result<Option<usize>> {
        let mut filled = 0;
        let read = loop {
            let Some(room) = room.get_mut(filled..).filter(|room| !room.is_empty()) else { break Ok(None) };
            match self.tls.reader().read(room) {
                Ok(0) => break Ok(Some(0)),
                Ok(count) => {
                    filled += count;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => break Err(error),
            }
            if let Some(error) = &self.failed {
                break Err(TlsError::from(error.clone()).into());
            }
            if octets.is_empty() {
                break Ok(None);
            }
            self.step(&mut octets);
        };
        self.rest = octets.to_vec();
        self.unread = filled == room.len();
        // An end is told behind what came before it.
        if filled > 0 { Ok(Some(filled)) } else { read }
    }

    /// Takes ciphertext of a handshake.
    pub(super) fn shake(&mut self, mut octets: &[u8]) -> Result<(), TlsError> {
        while self.tls.is_handshaking() && !octets.is_empty() {
            self.step(&mut octets);
            if let Some(error) = &self.failed {
                return Err(error.clone().into());
            }
        }
        self.rest = octets.to_vec();
        self.unread = true;
        Ok(())
    }

    /// Whether a read may find something.
    pub(super) fn has_buffered(&self) -> bool {
        self.unread || !self.rest.is_empty()
    }

    /// The transport has ended.
    pub(super) fn end(&mut self) {
        // Reading nothing is how rustls is told. Whether that is in order shows when plaintext is read.
        let _ = self.tls.read_tls(&mut io::empty());
    }

    /// Takes a piece of ciphertext.
    fn step(&mut self, octets: &mut &[u8]) {
        match self.tls.read_tls(octets) {
            // Behind close_notify nothing counts.
            Ok(0) => *octets = &[],
            Ok(_) => self.failed = self.tls.process_new_packets().err(),
            // A message of a handshake beyond all bounds.
            Err(error) => self.failed = Some(rustls::Error::General(error.to_string())),
        }
    }

    /// Announces the end of what is sent.
    pub(super) fn close(&mut self) {
        if !std::mem::replace(&mut self.closing, true) {
            self.tls.send_close_notify();
        }
    }

    /// Whether plaintext can still be sent.
    pub(super) fn can_send(&self) -> bool {
        !self.closing && self.failed.is_none()
    }
}
