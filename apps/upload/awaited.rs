//! What the examples `upload` do, where waiting is a future. Files, and how they are read, are the runtime's.

use crate::app::{Upload, print, progress, trailers};
use crate::{AsyncRead, AsyncReadExt, Body, BodySender, BoxError, Disconnected, File, spawn, stdin};
use http::StatusCode;
use std::io::{Write, stdout};

/// Octets of one piece.
const PIECE: usize = 64 * 1024;

pub(crate) async fn run(upload: &Upload) -> Result<StatusCode, BoxError> {
    let (sender, body) = Body::channel();
    let mut length = None;
    if let Some(file) = &upload.file {
        let file = File::open(file).await?;
        let octets = file.metadata().await?.len();
        length = Some(octets);
        spawn(send(sender, file.take(octets), length));
    } else {
        spawn(send(sender, stdin(), None));
    }
    let mut response = upload.request(length).body(body).send().await?;
    print(&format!("{:?} {}", response.version(), response.status()), response.headers())?;
    while let Some(frame) = response.body_mut().frame().await {
        match frame?.into_data() {
            Ok(content) => stdout().write_all(&content)?,
            Err(frame) => print("", &frame.into_trailers().unwrap_or_default())?,
        }
    }
    Ok(response.status())
}

/// Reads and sends, a piece at a time, and never more than the server takes.
async fn send(mut to: BodySender, mut from: impl AsyncRead + Unpin, length: Option<u64>) -> Result<(), Disconnected> {
    let bar = progress(length);
    loop {
        to.ready().await?;
        let mut piece = vec![0; PIECE];
        match from.read(&mut piece).await {
            Ok(0) => break,
            Ok(count) => piece.truncate(count),
            // The server must not take what it has for the whole.
            Err(error) => {
                to.abort(error);
                return Ok(());
            }
        }
        bar.inc(piece.len() as u64);
        to.send(piece).await?;
    }
    bar.finish_and_clear();
    match length {
        Some(_) => to.finish(),
        None => to.trailers(trailers(bar.position()))?,
    }
    Ok(())
}
