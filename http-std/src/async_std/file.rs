//! [`FileBody`]: async-std's files as content, read by its threads for blocking work.

use super::AsyncStd;
use async_std::fs::File;
use async_std::task::spawn_blocking;
use http_driver::Files;
use http_driver::async_io::into_std;
use std::io;

/// A file, or a range of one, as content: see [`http_driver::FileBody`].
pub type FileBody = http_driver::FileBody<AsyncStd>;

impl Files for AsyncStd {
    type File = File;

    fn into_std(file: File) -> impl Future<Output = io::Result<std::fs::File>> + Send {
        into_std(file)
    }

    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + Sync + 'static {
        spawn_blocking(work)
    }
}
