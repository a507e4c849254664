//! Feature `tracing`: a span for every request, and events for what goes wrong. Without the feature all of it is nothing,
//! under the same names, so that no caller has to know.

#[cfg(not(feature = "tracing"))]
pub use off::{RequestSpan, closed, refused};
#[cfg(feature = "tracing")]
pub use on::{RequestSpan, closed, refused};

#[cfg(feature = "tracing")]
mod on {
    use crate::info::ConnInfo;
    use crate::options::Ended;
    use crate::record::RequestId;
    use http_proto::{RecvError, Request};
    use tracing::field::{self, Empty};
    use tracing::{Span, debug, info_span};

    /// The span of a request: it lasts until the answer is made or given up, and is entered whenever the service is
    /// polled for it. A default one is none.
    pub struct RequestSpan {
        span: Span,
        status: Option<u16>,
    }

    impl Default for RequestSpan {
        fn default() -> Self {
            RequestSpan { span: Span::none(), status: None }
        }
    }

    impl RequestSpan {
        /// The span of a request.
        pub fn new(request: &Request<'_>, connection: &ConnInfo, number: u64) -> Self {
            let span = info_span!(
                target: "http_driver",
                parent: None,
                "request",
                id = %RequestId { connection: connection.id(), number },
                connection = connection.id(),
                method = request.method(),
                target = request.target(),
                status = Empty,
            );
            RequestSpan { span, status: None }
        }

        /// Calls `call` in the span.
        pub fn enter<T>(&self, call: impl FnOnce() -> T) -> T {
            self.span.in_scope(call)
        }

        /// Notes the status, for the end: a fault may still replace it.
        pub fn set_status(&mut self, status: u16) {
            self.status = Some(status);
        }

        /// The exchange was given up.
        pub fn cut_off(&self) {
            debug!(target: "http_driver", parent: &self.span, "cut off");
        }
    }

    impl Drop for RequestSpan {
        fn drop(&mut self) {
            if let Some(status) = self.status {
                self.span.record("status", status);
            }
        }
    }

    /// What a client sent cannot be read.
    pub fn refused(connection: &ConnInfo, error: RecvError) {
        debug!(
            target: "http_driver",
            parent: None,
            connection = connection.id(),
            error = %error,
            status = error.status(),
            "refused",
        );
    }

    /// A connection is over.
    pub fn closed(connection: &ConnInfo, ended: &Ended) {
        debug!(
            target: "http_driver",
            parent: None,
            connection = connection.id(),
            error = ended.error.map(field::display),
            transport = ended.transport.as_ref().map(field::debug),
            cut_off = ended.cut_off,
            upgraded = ended.upgraded,
            "closed",
        );
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::info::ConnInfo;
    use crate::options::Ended;
    use http_proto::{RecvError, Request};

    #[derive(Default)]
    /// Nothing, in the place of a span.
    pub struct RequestSpan(());

    impl RequestSpan {
        /// Nothing.
        pub fn new(_: &Request<'_>, _: &ConnInfo, _: u64) -> Self {
            RequestSpan(())
        }

        /// Calls `call`.
        pub fn enter<T>(&self, call: impl FnOnce() -> T) -> T {
            call()
        }

        /// Does nothing.
        pub fn set_status(&mut self, _: u16) {}

        /// Does nothing.
        pub fn cut_off(&self) {}
    }

    /// Does nothing.
    pub fn refused(_: &ConnInfo, _: RecvError) {}

    /// Does nothing.
    pub fn closed(_: &ConnInfo, _: &Ended) {}
}
