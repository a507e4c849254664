//! [`FileBody`]: smol's files as content, read by its threads for blocking work.

use crate::Smol;
use async_fs::File;
use http_driver::Files;
use http_driver::async_io::into_std;
use std::io;

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

    fn into_std(file: File) -> impl Future<Output = io::Result<std::fs::File>> + Send {
        into_std(file)
    }

    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + Sync + 'static {
        blocking::unblock(work)
    }
}
