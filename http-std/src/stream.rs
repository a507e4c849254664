//! [`Stream`]: sockets, and whatever else reads and writes, as a [`BlockingTransport`].

use crate::socket::{Handle, Socket};
#[cfg(unix)]
use crate::waiting::Watched;
use crate::{BlockingTransport, clock};
use http_proto::Instant;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A stream that carries HTTP.
///
/// It looks after the mode and the timeouts of a socket, and tells the system only when they change.
pub struct Stream<S = TcpStream> {
    inner: S,
    /// The socket in it.
    socket: fn(&S) -> Option<Handle<'_>>,
    /// What the system was told; `None`: not known.
    nonblocking: Option<bool>,
    read: Timeout,
    write: Timeout,
    #[cfg(unix)]
    pub(crate) polled: Polled,
}

/// What is known of a socket that is polled.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(crate) struct Polled {
    /// Begun with the first wait.
    pub(crate) watched: Option<Watched>,
    pub(crate) looked: Looked,
}

/// What was seen when the socket was read last.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Looked {
    /// Something; or it is not known.
    #[default]
    Anything,
    /// There was nothing.
    Nothing,
    /// There was nothing, and then something was written: what is an answer to that cannot be here yet.
    NothingBeforeWriting,
}

/// A timeout of a socket; without a value it was not set.
#[derive(Debug, Clone, Copy, Default)]
struct Timeout(Option<Option<Duration>>);

impl Timeout {
    /// What the system is to be told so that it waits for `left`, but no longer. A shorter wait than that does no harm,
    /// as it is followed by another; and for the sake of a few of those it need not be told again and again.
    fn change(&mut self, left: Option<Duration>) -> Option<Option<Duration>> {
        let enough = match (self.0, left) {
            (Some(None), None) => true,
            (Some(Some(set)), Some(left)) => set <= left && set >= left / 2,
            (Some(None) | None, Some(_)) | (Some(Some(_)) | None, None) => false,
        };
        if enough {
            return None;
        }
        // What is below the system's resolution would be taken for no timeout at all.
        let left = left.map(|left| left.max(Duration::from_millis(1)));
        self.0 = Some(left);
        Some(left)
    }
}

impl<S: Read + Write> Stream<S> {
    /// Any stream of octets in both directions. It knows no deadlines, has no reset, and its sending side cannot be
    /// closed alone: what is cut off just ends. What can be read at once is not known, so nothing is.
    pub fn new(inner: S) -> Self {
        Self::over(inner, |_| None)
    }
}

impl<S> Stream<S> {
    fn over(inner: S, socket: fn(&S) -> Option<Handle<'_>>) -> Self {
        Stream {
            inner,
            socket,
            nonblocking: None,
            read: Timeout::default(),
            write: Timeout::default(),
            #[cfg(unix)]
            polled: Polled::default(),
        }
    }

    /// The stream inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The stream inside. A socket blocks, and has no timeouts.
    pub fn into_inner(self) -> S {
        if let Some(socket) = (self.socket)(&self.inner) {
            let _ = socket.set_nonblocking(false);
            let _ = socket.set_read_timeout(None);
            let _ = socket.set_write_timeout(None);
        }
        self.inner
    }

    /// Makes the system wait until the deadline.
    fn prepare(&mut self, deadline: Option<Instant>, writes: bool) -> io::Result<()> {
        let Some(socket) = (self.socket)(&self.inner) else { return Ok(()) };
        let left = match deadline {
            None => None,
            Some(Instant::ORIGIN) => Some(Duration::ZERO),
            Some(at) => Some(at.saturating_since(clock::now())),
        };
        let nonblocking = left == Some(Duration::ZERO);
        if self.nonblocking != Some(nonblocking) {
            socket.set_nonblocking(nonblocking)?;
            self.nonblocking = Some(nonblocking);
        }
        if nonblocking {
            return Ok(());
        }
        if writes {
            self.write.change(left).map_or(Ok(()), |timeout| socket.set_write_timeout(timeout))
        } else {
            self.read.change(left).map_or(Ok(()), |timeout| socket.set_read_timeout(timeout))
        }
    }
}

impl<S: Read + Write> Stream<S> {
    /// Repeats what a signal has interrupted, and what has ended before the deadline.
    fn insist<T>(
        &mut self,
        deadline: Option<Instant>,
        writes: bool,
        mut attempt: impl FnMut(&mut S) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            self.prepare(deadline, writes)?;
            match attempt(&mut self.inner) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let tries = deadline.is_none_or(|at| at > clock::now());
                    if !tries || self.nonblocking.is_none() {
                        return Err(ErrorKind::TimedOut.into());
                    }
                }
                done => return done,
            }
        }
    }
}

impl<S: Read + Write> BlockingTransport for Stream<S> {
    fn read(&mut self, room: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        if deadline == Some(Instant::ORIGIN) && (self.socket)(&self.inner).is_none() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.insist(deadline, false, |inner| inner.read(room))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        let written = self.insist(deadline, true, |inner| inner.write_vectored(slices))?;
        if (self.socket)(&self.inner).is_none() {
            self.insist(deadline, true, Write::flush)?;
        }
        Ok(written)
    }

    fn shutdown(&mut self, _: Option<Instant>) -> io::Result<()> {
        (self.socket)(&self.inner).map_or(Ok(()), |socket| socket.shutdown())
    }

    fn abort(&mut self) {
        if let Some(socket) = (self.socket)(&self.inner) {
            socket.abort();
        }
    }

    fn now(&self) -> Instant {
        clock::now()
    }
}

#[cfg(unix)]
impl Stream<Socket> {
    /// A socket that does not block, as is known.
    pub(crate) fn nonblocking(inner: Socket) -> Self {
        Stream { nonblocking: Some(true), ..inner.into() }
    }

    /// The socket, which does not block.
    pub(crate) fn at_once(&mut self) -> io::Result<&mut Socket> {
        self.prepare(Some(Instant::ORIGIN), false)?;
        Ok(&mut self.inner)
    }
}

impl From<TcpStream> for Stream<TcpStream> {
    fn from(inner: TcpStream) -> Self {
        Stream::over(inner, |stream| Some(Handle::Tcp(stream)))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream<UnixStream> {
    fn from(inner: UnixStream) -> Self {
        Stream::over(inner, |stream| Some(Handle::Unix(stream)))
    }
}

impl From<Socket> for Stream<Socket> {
    fn from(inner: Socket) -> Self {
        Stream::over(inner, |socket| Some(socket.handle()))
    }
}

impl<S: fmt::Debug> fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.inner).finish()
    }
}
