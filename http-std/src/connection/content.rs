//! The content of a message as something to be read, or written to, with the traits of `std`.

use super::Connection;
use crate::BlockingTransport;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_driver::{Inbox, Side};
use http_proto::{Event, Flow, Step};
use std::io::{self, ErrorKind, Read, Write};

/// The content of the message that is being received: see [`Connection::content`].
#[derive(Debug)]
pub struct Content<'a, R: Side, T: BlockingTransport> {
    connection: &'a mut Connection<R, T>,
    inbox: &'a mut Inbox,
    /// What was taken from the inbox, and not read.
    rest: Bytes,
    trailers: Option<HeaderMap>,
}

/// The content of the message that is being sent: see [`Connection::writer`].
#[derive(Debug)]
pub struct Writer<'a, R: Side, T: BlockingTransport>(&'a mut Connection<R, T>);

impl<R: Side, T: BlockingTransport> Connection<R, T> {
    /// The content of the message whose head was received last. It reads up to the end of the message. A piece of which
    /// not all was read goes with the reader.
    pub fn content<'a>(&'a mut self, inbox: &'a mut Inbox) -> Content<'a, R, T> {
        Content { connection: self, inbox, rest: Bytes::new(), trailers: None }
    }

    /// The content of the message whose head was sent last, or is due. [`Connection::finish`] ends it.
    pub fn writer(&mut self) -> Writer<'_, R, T> {
        Writer(self)
    }
}

impl<R: Side, T: BlockingTransport> Content<'_, R, T> {
    /// The trailers, once everything was read; without any there are none.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// The next piece, never empty, without copying it; `None` behind the last.
    ///
    /// # Errors
    /// As those of reading: see [`Connection::next_event`]. [`ErrorKind::UnexpectedEof`]: the message is over early.
    pub fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        loop {
            if self.trailers.is_some() {
                return Ok(None);
            }
            let step = self.connection.step(self.inbox)?;
            let (Step::Event, Some(link)) = (step, &self.connection.link) else {
                return Err(ErrorKind::UnexpectedEof.into());
            };
            let trailers = match link.core.event(self.inbox.buffer()) {
                Event::Payload(_) => None,
                // Two limits of the core are below that of the map.
                Event::MessageComplete(trailers) => Some(trailers.to_header_map().unwrap_or_default()),
                // On a client, an interim response in front of what is to be read.
                Event::HeadersComplete(_) => continue,
                Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            };
            match trailers {
                None => return Ok(Some(self.inbox.retain())),
                trailers => self.trailers = trailers,
            }
        }
    }
}

impl<R: Side, T: BlockingTransport> Read for Content<'_, R, T> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && !room.is_empty() {
            self.rest = self.chunk()?.unwrap_or_default();
        }
        let count = room.len().min(self.rest.len());
        self.rest.copy_to_slice(room.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<R: Side, T: BlockingTransport> Write for Writer<'_, R, T> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if let Flow::Full = self.0.send(octets).map_err(io::Error::other)? {
            self.0.ready();
        }
        Ok(octets.len())
    }

    /// Everything reaches the peer.
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush();
        match self.0.link.as_ref().is_none_or(|link| link.is_closed() || link.error.is_some()) {
            true => Err(ErrorKind::BrokenPipe.into()),
            false => Ok(()),
        }
    }
}
