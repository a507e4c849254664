//! What the examples `client_get` do, where waiting is a future. Files, and how they are written, are the runtime's.

use crate::app::{is_good, print_head, progress};
use crate::{AsyncWrite, AsyncWriteExt, Body, BoxError, Client, fs, stdout};

/// Whether what was fetched is what was asked for.
pub(crate) async fn fetch(url: &str, file: Option<&str>) -> Result<bool, BoxError> {
    // Each phase has its deadline: resolving, connecting, sending, the wait for the answer, its head, its content.
    let mut response = Client::new().get(url).send().await?;
    print_head(&response)?;
    match file {
        None => save(response.body_mut(), stdout()).await?,
        Some(file) => {
            let part = format!("{file}.part");
            save(response.body_mut(), fs::File::create(&part).await?).await?;
            fs::rename(part, file).await?;
        }
    }
    Ok(is_good(&response))
}

/// Writes content piece by piece. What is not written yet is not received either: a slow disk slows the server down.
async fn save(body: &mut Body, mut to: impl AsyncWrite + Unpin) -> Result<(), BoxError> {
    let bar = progress(body)?;
    while let Some(piece) = body.chunk().await {
        // An end that comes too early is an error, never a short success.
        let piece = piece?;
        to.write_all(&piece).await?;
        bar.inc(piece.len() as u64);
    }
    bar.finish_and_clear();
    Ok(to.flush().await?)
}
