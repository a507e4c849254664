//! [`FileBody`]: a file, or a range of one, as content. Files are read by the runtime's threads for blocking work, piece
//! by piece as the peer takes them.

use super::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Octets of one read: where throughput is best. Less does not repay handing the work to another thread; more leaves
/// the cache before it is written.
const PIECE: usize = 256 * 1024;

/// The files of a runtime, and its threads for work that blocks.
pub trait Files: 'static {
    /// Its files.
    type File: Send + 'static;

    /// The same file as std has it.
    ///
    /// # Errors
    /// The system's.
    fn into_std(file: Self::File) -> impl Future<Output = io::Result<File>> + Send;

    /// Does this on a thread that may be blocked.
    ///
    /// # Errors
    /// Those of the work, or that it could not be done.
    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + Sync + 'static;
}

/// A file, or a range of one, as content of known length. It is read in pieces of 256 KiB, one at a time, when the
/// connection has room for it.
///
/// If the file turns out to be shorter than it was, the message is cut off, so that the peer notices. What it has
/// grown by is not sent.
pub struct FileBody<F> {
    reading: Reading,
    /// Octets not yet handed over.
    left: u64,
    files: PhantomData<fn() -> F>,
}

enum Reading {
    /// The next read begins here, if that is not where the last one ended.
    Rest(File, Option<u64>),
    Busy(Work),
    /// Everything was read, or reading has failed.
    Over,
}

/// Reads a piece; the file comes back with it.
type Work = Pin<Box<dyn Future<Output = io::Result<(File, Vec<u8>)>> + Send + Sync>>;

/// The file ended before the content that was announced.
#[derive(Debug)]
struct TooShort;

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file is shorter than the length announced")
    }
}

impl std::error::Error for TooShort {}

impl<F: Files> FileBody<F> {
    /// A file from its beginning to its end, wherever it was read last.
    ///
    /// # Errors
    /// Its length cannot be told.
    ///
    /// # Cancel safety
    /// The file is closed if the future is dropped.
    pub async fn new(file: F::File) -> io::Result<Self> {
        let file = F::into_std(file).await?;
        let (file, length) = F::unblock(move || file.metadata().map(|metadata| (file, metadata.len()))).await?;
        Ok(Self::part(file, 0, length))
    }

    /// `length` octets of a file from `offset` on, for a range (RFC 9110 section 14), or where the length is known.
    ///
    /// # Errors
    /// The system's.
    ///
    /// # Cancel safety
    /// The file is closed if the future is dropped.
    pub async fn range(file: F::File, offset: u64, length: u64) -> io::Result<Self> {
        Ok(Self::part(F::into_std(file).await?, offset, length))
    }

    fn part(file: File, offset: u64, length: u64) -> Self {
        FileBody { reading: Reading::Rest(file, Some(offset)), left: length, files: PhantomData }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.reading, Reading::Over) {
                Reading::Rest(file, from) => {
                    let length = self.left.min(PIECE as u64);
                    // Memory of this thread: the allocator gives the next piece that of one that was sent.
                    let piece = Vec::with_capacity(length as usize);
                    self.reading = Reading::Busy(Box::pin(F::unblock(move || read(file, from, piece, length))));
                }
                Reading::Busy(mut work) => {
                    let Poll::Ready(done) = work.as_mut().poll(cx) else {
                        self.reading = Reading::Busy(work);
                        return Poll::Pending;
                    };
                    let (file, piece) = done?;
                    self.left -= piece.len() as u64;
                    if self.left > 0 {
                        self.reading = Reading::Rest(file, None);
                    }
                    return Poll::Ready(Ok(piece.into()));
                }
                Reading::Over => return Poll::Ready(Ok(Bytes::new())),
            }
        }
    }
}

impl<F> FileBody<F> {
    /// Octets that are still to come.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

/// Reads just `length` octets into `piece`.
fn read(mut file: File, from: Option<u64>, mut piece: Vec<u8>, length: u64) -> io::Result<(File, Vec<u8>)> {
    if let Some(from) = from {
        file.seek(SeekFrom::Start(from))?;
    }
    file.by_ref().take(length).read_to_end(&mut piece)?;
    if (piece.len() as u64) < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, TooShort));
    }
    Ok((file, piece))
}

impl<F: Files> http_body::Body for FileBody<F> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = ready!(self.poll_piece(cx))?;
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl<F: Files> From<FileBody<F>> for Body {
    fn from(file: FileBody<F>) -> Self {
        Body::new(file)
    }
}

impl<F> fmt::Debug for FileBody<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody").field("left", &self.left).finish_non_exhaustive()
    }
}
