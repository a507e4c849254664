//! [`Request`]: an owned head, a body that is still arriving, and who sent them.

use crate::Body;
use http_proto::{Fields, MethodKind, OwnedRequest, Version};
use std::net::SocketAddr;

/// A request as the handler gets it.
#[derive(Debug)]
pub struct Request {
    parts: Box<Parts>,
    /// The content.
    pub body: Body,
}

/// Apart, so that a request is cheap to move.
#[derive(Debug)]
struct Parts {
    head: OwnedRequest,
    peer: SocketAddr,
}

impl Request {
    pub(crate) fn new(head: &http_proto::Request<'_>, peer: SocketAddr, body: Body) -> Self {
        let mut parts = Box::new(Parts { head: OwnedRequest::default(), peer });
        head.clone_into(&mut parts.head);
        Request { parts, body }
    }

    /// The head, with everything that it says.
    #[expect(clippy::missing_panics_doc, reason = "every request is made with a head")]
    pub fn head(&self) -> http_proto::Request<'_> {
        self.parts.head.view().expect("a request is made with a head")
    }

    /// The method, with its case.
    pub fn method(&self) -> &str {
        self.head().method()
    }

    /// The method as the protocol knows it.
    pub fn method_kind(&self) -> MethodKind {
        self.head().method_kind()
    }

    /// The request target exactly as received.
    pub fn target(&self) -> &str {
        self.head().target()
    }

    /// The version received.
    pub fn version(&self) -> Version {
        self.head().version()
    }

    /// The header section.
    pub fn fields(&self) -> Fields<'_> {
        self.head().fields()
    }

    /// The address of the client's end of the connection.
    pub fn peer(&self) -> SocketAddr {
        self.parts.peer
    }
}
