//! Files of runtimes that keep what they have read ahead, or not yet written.

use futures_io::AsyncWrite;
use std::fs::File;
use std::future::poll_fn;
use std::io;
#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(windows)]
use std::os::windows::io::AsHandle as AsFd;
use std::pin::Pin;

/// The same file as std has it, when nothing is read or written behind its back any more.
///
/// # Errors
/// The system's.
pub async fn into_std(mut file: impl AsyncWrite + AsFd + Unpin) -> io::Result<File> {
    poll_fn(|cx| Pin::new(&mut file).poll_close(cx)).await?;
    #[cfg(unix)]
    let file = file.as_fd().try_clone_to_owned()?;
    #[cfg(windows)]
    let file = file.as_handle().try_clone_to_owned()?;
    Ok(file.into())
}
