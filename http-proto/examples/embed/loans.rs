//! The buffers of a session as completion queues want them: whoever fills or writes them owns them meanwhile. Knows no
//! such queue.

use crate::embed::Session;
use bytes::Bytes;
use http_proto::End;
use std::io;

/// A session that has at most one buffer to be filled lent out, and one to be written.
pub(crate) struct Loans {
    pub(crate) session: Session,
    /// What the last write has left over.
    unsent: Bytes,
    writing: bool,
}

impl Loans {
    pub(crate) fn new(session: Session) -> Self {
        Loans { session, unsent: Bytes::new(), writing: false }
    }

    /// A buffer to be filled behind its length; none if nothing should be read, or it is lent already.
    pub(crate) fn lend(&mut self) -> Option<Vec<u8>> {
        if self.session.interest().read { self.session.input.lend() } else { None }
    }

    /// That buffer again, longer by what was read.
    pub(crate) fn restore(&mut self, buffer: Vec<u8>, read: io::Result<usize>) {
        let input = &mut self.session.input;
        if input.restore(buffer, *read.as_ref().unwrap_or(&0)).is_err() {
            return self.session.http.abort();
        }
        match read {
            Ok(0) => input.set_end(End::Clean),
            Ok(_) => {}
            Err(_) => input.set_end(End::Aborted),
        }
    }

    /// Octets to be written; none if there are none, or some are lent already.
    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        if self.writing || !self.session.interest().write {
            return None;
        }
        let unsent = Some(std::mem::take(&mut self.unsent)).filter(|unsent| !unsent.is_empty());
        let octets = unsent.or_else(|| self.session.out.pop_owned());
        self.writing = octets.is_some();
        octets
    }

    /// Those octets again, and how many of them were written.
    pub(crate) fn advance(&mut self, octets: Bytes, written: io::Result<usize>) {
        self.writing = false;
        match written {
            Ok(count @ 1..) => {
                self.session.advance(count);
                self.unsent = octets.slice(count.min(octets.len())..);
            }
            Ok(0) | Err(_) => self.session.http.delivery_failed(),
        }
    }
}
