//! What a request may carry among its extensions.

use http::Response;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// As an extension of a request: who is told of interim responses (RFC 9110 section 15.2), 100 (Continue) and 103 (Early
/// Hints) among them.
#[derive(Clone)]
pub struct Informed(Arc<dyn Fn(Response<()>) + Send + Sync>);

impl Informed {
    /// Tells `call`.
    pub fn new(call: impl Fn(Response<()>) + Send + Sync + 'static) -> Self {
        Informed(Arc::new(call))
    }

    pub(super) fn tell(&self, interim: Response<()>) {
        (self.0)(interim);
    }
}

impl fmt::Debug for Informed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Informed").finish_non_exhaustive()
    }
}

/// As an extension of a request: the whole exchange, to the last octet of its answer, has so long, whatever the client's
/// own bound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within(pub Duration);
