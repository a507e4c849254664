//! [`FileBody`]: a file, or a range of one, as content. Files are read by tokio's threads for blocking work, piece by
//! piece as the client takes them.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::task::{JoinHandle, spawn_blocking};

/// Octets of one read: where throughput is best. Less does not repay handing the work to another thread; more leaves
/// the cache before it is written.
const PIECE: usize = 256 * 1024;

/// A file, or a range of one, as content of known length. It is read in pieces of 256 KiB, one at a time, when the
/// connection has room for it.
///
/// If the file turns out to be shorter than it was, the message is cut off, so that the client notices. What it has
/// grown by is not sent.
///
/// ```no_run
/// # use http_tokio::{Body, FileBody, Response};
/// # async fn answer() -> std::io::Result<Response<Body>> {
/// let file = tokio::fs::File::open("index.html").await?;
/// let response = Response::new(FileBody::new(file).await?.into());
/// # Ok(response)
/// # }
/// ```
#[derive(Debug)]
pub struct FileBody {
    reading: Reading,
    /// Octets not yet handed over.
    left: u64,
}

#[derive(Debug)]
enum Reading {
    /// The next read begins here, if that is not where the last one ended.
    Rest(std::fs::File, Option<u64>),
    Busy(JoinHandle<io::Result<(std::fs::File, Vec<u8>)>>),
    /// Everything was read, or reading has failed.
    Over,
}

/// The file ended before the content that was announced.
#[derive(Debug)]
struct TooShort;

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file is shorter than the length announced")
    }
}

impl std::error::Error for TooShort {}

impl FileBody {
    /// A file from its beginning to its end, wherever it was read last.
    ///
    /// # Errors
    /// Its length cannot be told.
    ///
    /// # Cancel safety
    /// The file is closed if the future is dropped.
    pub async fn new(file: File) -> io::Result<Self> {
        let length = file.metadata().await?.len();
        Ok(Self::range(file, 0, length).await)
    }

    /// `length` octets of a file from `offset` on, for a range (RFC 9110 section 14), or where the length is known.
    ///
    /// # Cancel safety
    /// The file is closed if the future is dropped.
    pub async fn range(file: File, offset: u64, length: u64) -> Self {
        FileBody { reading: Reading::Rest(file.into_std().await, Some(offset)), left: length }
    }

    /// Octets that are still to come.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.reading, Reading::Over) {
                Reading::Rest(file, from) => {
                    let length = self.left.min(PIECE as u64);
                    // Memory of this thread: the allocator gives the next piece that of one that was sent.
                    let piece = Vec::with_capacity(length as usize);
                    self.reading = Reading::Busy(spawn_blocking(move || read(file, from, piece, length)));
                }
                Reading::Busy(mut task) => {
                    let Poll::Ready(done) = Pin::new(&mut task).poll(cx) else {
                        self.reading = Reading::Busy(task);
                        return Poll::Pending;
                    };
                    let (file, piece) = done??;
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

/// Reads just `length` octets into `piece`.
fn read(
    mut file: std::fs::File,
    from: Option<u64>,
    mut piece: Vec<u8>,
    length: u64,
) -> io::Result<(std::fs::File, Vec<u8>)> {
    if let Some(from) = from {
        file.seek(SeekFrom::Start(from))?;
    }
    file.by_ref().take(length).read_to_end(&mut piece)?;
    if (piece.len() as u64) < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, TooShort));
    }
    Ok((file, piece))
}

impl Body for FileBody {
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

impl From<FileBody> for http_driver::Body {
    fn from(file: FileBody) -> Self {
        http_driver::Body::new(file)
    }
}
