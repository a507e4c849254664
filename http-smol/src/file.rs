//! [`FileBody`]: smol's files as content, read by its threads for blocking work.

use crate::Smol;
use async_fs::File;
use futures_io::AsyncWrite;
use http_driver::Files;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;

/// A file, or a range of one, as content: see [`http_driver::FileBody`].
///
/// ```no_run
/// # use http_smol::{Body, FileBody, Response};
/// # async fn answer() -> std::io::Result<Response<Body>> {
/// let file = smol::fs::File::open("index.html").await?;
/// let response = Response::new(FileBody::new(file).await?.into());
/// # Ok(response)
/// # }
/// ```
pub type FileBody = http_driver::FileBody<Smol>;

impl Files for Smol {
    type File = File;

    async fn into_std(mut file: File) -> io::Result<std::fs::File> {
        // Nothing is read or written behind our back any more.
        poll_fn(|cx| Pin::new(&mut file).poll_close(cx)).await?;
        #[cfg(unix)]
        let file = std::os::fd::AsFd::as_fd(&file).try_clone_to_owned()?;
        #[cfg(windows)]
        let file = std::os::windows::io::AsHandle::as_handle(&file).try_clone_to_owned()?;
        Ok(file.into())
    }

    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + Sync + 'static {
        blocking::unblock(work)
    }
}
