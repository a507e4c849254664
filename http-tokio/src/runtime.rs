//! [`Tokio`]: the runtime that servers run on.

use crate::Sleep;
use http_driver::Runtime;

/// The tokio runtime in whose context it is used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tokio;

impl Runtime for Tokio {
    type Timer = Sleep;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}
