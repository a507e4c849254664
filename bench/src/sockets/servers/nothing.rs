//! What a server costs that parses nothing, on whatever it runs: it reads, and writes what was prepared. No server can do
//! without that.

use crate::sockets::content::{DOWN_CHUNKED, HELLO, LENGTH, MEDIA_TYPE, OCTETS, PIECE};
use crate::sockets::tail::keep_last;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::ready;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Octets of a read.
const READ: usize = 64 << 10;
/// Answers that one write can take.
const ANSWERS: usize = 64;
const DATE: &str = "Tue, 15 Oct 2024 08:12:31 GMT";
/// Octets that are looked through at once.
const BLOCK: usize = 128;
const HEAD_END: [u8; 4] = *b"\r\n\r\n";

thread_local! {
    /// For all connections of a thread: they need it only between a read and the next await.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

static ANSWER: LazyLock<String> = LazyLock::new(|| {
    let length = HELLO.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {length}\r\nDate: {DATE}\r\n\r\n{HELLO}")
});
/// [`ANSWERS`] of them.
static ALL_ANSWERS: LazyLock<String> = LazyLock::new(|| ANSWER.repeat(ANSWERS));
/// A whole chunk, so that it takes one write, too.
static CHUNK: LazyLock<Vec<u8>> = LazyLock::new(|| [format!("{PIECE:x}\r\n").as_bytes(), &OCTETS, b"\r\n"].concat());

/// The answer that was prepared.
pub(super) fn answer() -> &'static [u8] {
    ANSWER.as_bytes()
}

/// Answers requests until the end.
pub(super) async fn requests<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> io::Result<()> {
    counted(stream, |_| {}).await
}

/// Tells `count` of the requests that it is about to answer.
pub(crate) async fn counted<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, count: impl Fn(u64)) -> io::Result<()> {
    let (length, answers) = (ANSWER.len(), ALL_ANSWERS.as_bytes());
    let mut last = [0; 3];
    loop {
        let mut due = read(&mut stream, |octets| heads(&mut last, octets)).await?;
        count(due as u64);
        while due > 0 {
            let now = due.min(ANSWERS);
            stream.write_all(&answers[..now * length]).await?;
            stream.flush().await?;
            due -= now;
        }
    }
}

/// How many heads end in these octets. `last` are the three before them.
fn heads(last: &mut [u8; 3], octets: &[u8]) -> usize {
    let begin = &octets[..octets.len().min(3)];
    let across = [last, begin].concat();
    let mut count = across.windows(4).filter(|window| *window == HEAD_END).count();
    // In blocks whose count fits into an octet, which compilers vectorise.
    let mut rest = octets;
    while rest.len() > 3 {
        let block = (rest.len() - 3).min(BLOCK);
        let octets = rest[..block].iter().zip(&rest[1..]).zip(&rest[2..]).zip(&rest[3..]);
        let is_end = |(((a, b), c), d): (((&u8, &u8), &u8), &u8)| {
            u8::from((*a == b'\r') & (*b == b'\n') & (*c == b'\r') & (*d == b'\n'))
        };
        count += usize::from(octets.map(is_end).sum::<u8>());
        rest = &rest[block..];
    }
    keep_last(last, octets);
    count
}

/// Reads once. What was read goes to `take`, which tells what is to be done about it.
async fn read<S: AsyncRead + Unpin, T>(stream: &mut S, mut take: impl FnMut(&[u8]) -> T) -> io::Result<T> {
    poll_fn(|cx| {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
            match buffer.filled() {
                [] => Err(ErrorKind::UnexpectedEof.into()),
                octets => Ok(take(octets)),
            }
            .into()
        })
    })
    .await
}

/// Sends large content, or swallows it, until the end.
pub(super) async fn bodies<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    loop {
        content(&mut stream).await?;
    }
}

/// One message. The head comes in one read, as the load sends it in one write.
async fn content<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    let (is_put, is_chunked, mut received) = read(stream, |octets| {
        let head = octets.windows(4).position(|window| window == HEAD_END).map_or(octets.len(), |end| end + 4);
        let target = octets.split(|&octet| octet == b' ').nth(1);
        (octets.starts_with(b"PUT"), target == Some(DOWN_CHUNKED.as_bytes()), (octets.len() - head) as u64)
    })
    .await?;
    if is_put {
        while received < LENGTH {
            received += read(stream, |octets| octets.len() as u64).await?;
        }
        return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    }
    let (framing, piece, end) = if is_chunked {
        ("Transfer-Encoding: chunked".to_owned(), CHUNK.as_slice(), "0\r\n\r\n")
    } else {
        (format!("Content-Length: {LENGTH}"), OCTETS.as_slice(), "")
    };
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes()).await?;
    for _ in 0..LENGTH / PIECE as u64 {
        stream.write_all(piece).await?;
    }
    stream.write_all(end.as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_counted_in_any_pieces() {
        let octets = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(16);
        for split in 0..octets.len() {
            for length in 1..5 {
                let (first, second) = octets.split_at(split);
                let (second, third) = second.split_at(length.min(second.len()));
                let mut last = [0; 3];
                let count: usize = [first, second, third].map(|piece| heads(&mut last, piece)).iter().sum();
                assert_eq!(count, 16, "{split}, {length}");
            }
        }
    }
}
