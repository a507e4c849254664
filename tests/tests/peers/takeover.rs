//! Connections that go on with another protocol: tasks take them over, or threads where the server runs on threads.

use http::Extensions;
use http_driver::Exchange;
use http_smol::Upgraded;
use smol::future::zip;
use smol::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};
use smol::net::TcpStream;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::thread;

/// Sends back what comes, to the end.
pub(crate) fn echo(exchange: &Extensions) {
    if let Some(exchange) = exchange.get::<http_std::Exchange>() {
        let upgrade = exchange.upgrade();
        thread::spawn(move || {
            let mut reader = upgrade.wait().ok()?;
            let mut writer = reader.try_clone().ok()?;
            io::copy(&mut reader, &mut writer).ok()?;
            writer.shutdown().ok()
        });
    } else if let Some(exchange) = exchange.get::<Exchange>() {
        let upgrade = exchange.upgrade();
        let task = async {
            let (reader, writer) = split(Upgraded::from(upgrade.await.ok()?));
            pour(reader, writer).await;
            Some(())
        };
        smol::spawn(task).detach();
    }
}

/// Joins the connection with another one, each direction to its end.
pub(crate) fn join(exchange: &Extensions, far: TcpStream) {
    if let Some(exchange) = exchange.get::<http_std::Exchange>() {
        let upgrade = exchange.upgrade();
        thread::spawn(move || join_waiting(upgrade.wait().ok()?, far).ok());
    } else if let Some(exchange) = exchange.get::<Exchange>() {
        let upgrade = exchange.upgrade();
        let task = async {
            let (near_reader, near_writer) = split(Upgraded::from(upgrade.await.ok()?));
            zip(pour(near_reader, far.clone()), pour(far, near_writer)).await;
            Some(())
        };
        smol::spawn(task).detach();
    }
}

async fn pour(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let _ = copy(from, &mut to).await;
    let _ = to.close().await;
}

fn join_waiting(mut near: http_std::Upgraded, far: TcpStream) -> io::Result<()> {
    let far = std::net::TcpStream::from(far.as_fd().try_clone_to_owned()?);
    far.set_nonblocking(false)?;
    let mut near_writer = near.try_clone()?;
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = io::copy(&mut &far, &mut near_writer);
            let _ = near_writer.shutdown();
        });
        let _ = io::copy(&mut near, &mut &far);
        let _ = far.shutdown(Shutdown::Write);
    });
    Ok(())
}
