//! [`ClientTimeouts`]: the deadlines of a client.

use std::time::Duration;

/// Deadlines of a client beyond those of its connections ([`http_proto::Timeouts`]: sending, the head and the content of
/// an answer, each without progress) and of its connector (resolving, connecting). [`Duration::MAX`] switches one off.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientTimeouts {
    /// Waiting for a connection, where there may be no further one. Default: 30 s.
    pub wait: Duration,
    /// Having a proxy make a tunnel, behind connecting to it. Default: 30 s, as it has to connect itself.
    pub tunnel: Duration,
    /// From the last octet of the request to the first head of an answer, anew with every interim one. Default: 300 s, as
    /// some answers take minutes to be made.
    pub answer: Duration,
    /// The whole exchange, to the last octet of the answer. Default: none, as long content takes long.
    pub whole: Duration,
}

impl Default for ClientTimeouts {
    fn default() -> Self {
        ClientTimeouts {
            wait: Duration::from_secs(30),
            tunnel: Duration::from_secs(30),
            answer: Duration::from_secs(300),
            whole: Duration::MAX,
        }
    }
}
