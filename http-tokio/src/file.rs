//! [`FileBody`]: tokio's files as content, read by its threads for blocking work.

use crate::Tokio;
use http_driver::Files;
use std::io;
use tokio::fs::File;
use tokio::task::spawn_blocking;

/// A file, or a range of one, as content: see [`http_driver::FileBody`].
///
/// ```no_run
/// # use http_tokio::{Body, FileBody, Response};
/// # async fn answer() -> std::io::Result<Response<Body>> {
/// let file = tokio::fs::File::open("index.html").await?;
/// let response = Response::new(FileBody::new(file).await?.into());
/// # Ok(response)
/// # }
/// ```
pub type FileBody = http_driver::FileBody<Tokio>;

impl Files for Tokio {
    type File = File;

    async fn into_std(file: File) -> io::Result<std::fs::File> {
        Ok(file.into_std().await)
    }

    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + Sync + 'static {
        let task = spawn_blocking(work);
        async { task.await? }
    }
}
