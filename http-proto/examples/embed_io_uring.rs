//! An HTTP server on an io_uring: `http-proto` and `compio`. Buffers are lent to the kernel and come back filled or
//! written; `embed/loans.rs` keeps the books, and what it serves is in `embed`. The argument is its address. Where there
//! is no io_uring to be had, it exits with status 3.

mod embed;
#[path = "embed/loans.rs"]
mod loans;

use bytes::Bytes;
use compio::BufResult;
use compio::io::{AsyncReadExt, AsyncWrite};
use compio::net::{TcpListener, TcpStream};
use compio::runtime::Runtime;
use compio::time::sleep;
use embed::{Session, Site};
use http_proto::Instant;
use loans::Loans;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no io_uring here: {error}");
            return ExitCode::from(3);
        }
    };
    let Err(error) = runtime.block_on(listen(&address));
    eprintln!("{address}: {error}");
    ExitCode::FAILURE
}

async fn listen(address: &str) -> io::Result<Infallible> {
    let site = Site::new().map_err(io::Error::other)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => compio::runtime::spawn(serve(stream, Arc::clone(&site))).detach(),
            // Out of descriptors, say.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, site: Arc<Site>) {
    let origin = std::time::Instant::now();
    let now = || Instant::from(origin.elapsed());
    let mut loans = Loans::new(Session::new(site));
    // At most one of each is under way. At the end they are cancelled; until then the kernel keeps their buffers.
    let (mut reading, mut writing, mut deadline) = (pin!(None), pin!(None), pin!(None));
    loop {
        let session = &mut loans.session;
        session.http.handle_timeout(now(), &session.out);
        session.take_events();
        let until = session.http.poll_timeout(now(), &session.out);
        let next = session.interest();
        if next.close {
            if next.abort {
                let _may_be_reset_already = stream.set_zero_linger();
            }
            return;
        }
        if next.shutdown_write {
            let _may_be_reset_already = (&stream).shutdown().await;
        }
        if let Some(buffer) = loans.lend() {
            reading.set(Some(read(&stream, buffer)));
        }
        if let Some(octets) = loans.pop() {
            writing.set(Some(write(&stream, octets)));
        }
        deadline.set(until.map(|at| sleep(at.saturating_since(now()))));
        poll_fn(|cx| {
            let passed = poll_some(deadline.as_mut(), cx);
            let read = poll_some(reading.as_mut(), cx).map(|BufResult(read, buffer)| loans.restore(buffer, read));
            let written = poll_some(writing.as_mut(), cx).map(|BufResult(count, octets)| loans.advance(octets, count));
            if [passed, read, written].iter().any(Poll::is_ready) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Reads into what lies behind the length of the buffer.
async fn read(mut stream: &TcpStream, buffer: Vec<u8>) -> BufResult<usize, Vec<u8>> {
    stream.append(buffer).await
}

async fn write(mut stream: &TcpStream, octets: Bytes) -> BufResult<usize, Bytes> {
    stream.write(octets).await
}

/// Polls a future that may be there; it is not any more when it is ready.
fn poll_some<F: Future>(mut future: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    let Some(pending) = future.as_mut().as_pin_mut() else { return Poll::Pending };
    let done = ready!(pending.poll(cx));
    future.set(None);
    Poll::Ready(done)
}
