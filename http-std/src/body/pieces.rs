//! Content that is made piece by piece by whoever asks for it: from readers and iterators.

use bytes::Bytes;
use http_body::Frame;
use http_driver::BoxError;
use std::io::{self, ErrorKind, Read};

/// Octets of one piece of a reader: enough to make reading cheap, and few enough to stay in the cache.
const PIECE: usize = 64 * 1024;

type Made = Box<dyn Iterator<Item = Result<Frame<Bytes>, BoxError>> + Send>;

/// Frames, one after the other.
pub(super) struct Frames {
    frames: Made,
    /// Octets still to come, if that is known.
    left: Option<u64>,
    over: bool,
}

impl Frames {
    pub(super) fn new(frames: impl Iterator<Item = Result<Frame<Bytes>, BoxError>> + Send + 'static) -> Self {
        Frames { frames: Box::new(frames), left: None, over: false }
    }

    pub(super) fn sized(
        frames: impl Iterator<Item = Result<Frame<Bytes>, BoxError>> + Send + 'static,
        length: u64,
    ) -> Self {
        Frames { left: Some(length), ..Frames::new(frames) }
    }

    /// Octets still to come, if that is known.
    pub(super) fn left(&self) -> Option<u64> {
        self.left
    }

    pub(super) fn next(&mut self) -> Option<Result<Frame<Bytes>, BoxError>> {
        if self.over {
            return None;
        }
        let next = self.frames.next();
        if let (Some(left), Some(Ok(frame))) = (&mut self.left, &next) {
            *left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        // An iterator need not end behind an error.
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A reader as pieces.
pub(super) struct Readable<R> {
    reader: R,
    /// Octets to be read, if that is known.
    left: Option<u64>,
}

impl<R: Read> Readable<R> {
    pub(super) fn to_end(reader: R) -> Self {
        Readable { reader, left: None }
    }

    pub(super) fn exact(reader: R, length: u64) -> Self {
        Readable { reader, left: Some(length) }
    }

    fn read(&mut self) -> io::Result<Bytes> {
        let most = self.left.map_or(PIECE, |left| left.min(PIECE as u64) as usize);
        let mut piece = vec![0; most];
        loop {
            match self.reader.read(&mut piece) {
                Ok(0) if self.left.is_some() && most > 0 => {
                    let short = "what is read is shorter than the length announced";
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, short));
                }
                Ok(count) => {
                    piece.truncate(count);
                    self.left = self.left.map(|left| left.saturating_sub(count as u64));
                    return Ok(piece.into());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Iterator for Readable<R> {
    type Item = Result<Frame<Bytes>, BoxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == Some(0) {
            return None;
        }
        match self.read() {
            Ok(piece) if piece.is_empty() => None,
            Ok(piece) => Some(Ok(Frame::data(piece))),
            Err(error) => Some(Err(error.into())),
        }
    }
}
