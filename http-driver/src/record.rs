//! [`Record`]: what is told of an exchange when it is over, to hooks and to the access log.

use crate::Timings;
use crate::info::ConnInfo;
use http_proto::{Request, Version};
use std::time::{Duration, SystemTime};

/// An exchange that is over.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Record {
    /// The number of the request on its connection, from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The request target as received.
    pub target: String,
    /// The version received.
    pub version: Version,
    /// The values of Referer and User-Agent, with what is not UTF-8 replaced.
    pub referer: Option<String>,
    /// The value of User-Agent.
    pub user_agent: Option<String>,
    /// When the head had come.
    pub received: SystemTime,
    /// The status of the answer, if one was begun.
    pub status: Option<u16>,
    /// Octets of content that were sent.
    pub content: u64,
    /// The last octet of the answer has reached the kernel. False: it was cut off.
    pub complete: bool,
    /// When the exchange passed its stations.
    pub timings: Timings,
}

impl Record {
    pub(crate) fn new(request: &Request<'_>, number: u64) -> Self {
        let text = |name: &str| request.fields().get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        Record {
            number,
            method: request.method().to_owned(),
            target: request.target().to_owned(),
            version: request.version(),
            referer: text("referer"),
            user_agent: text("user-agent"),
            received: SystemTime::now(),
            status: None,
            content: 0,
            complete: false,
            timings: Timings::default(),
        }
    }

    /// From the first octet of the request to the last one of the answer.
    pub fn duration(&self) -> Option<Duration> {
        Some(self.timings.done?.saturating_since(self.timings.first_octet_in?))
    }

    /// A name of the request that no other request of the server has.
    pub fn id(&self, connection: &ConnInfo) -> String {
        format!("{:x}-{:x}", connection.id(), self.number)
    }
}

/// Writes exchanges down. A closure is one, too.
pub trait Logger: Send + Sync {
    /// Writes one down. Called by the connection's task: it should be quick.
    fn log(&self, connection: &ConnInfo, record: &Record);
}

impl<F: Fn(&ConnInfo, &Record) + Send + Sync> Logger for F {
    fn log(&self, connection: &ConnInfo, record: &Record) {
        self(connection, record);
    }
}
