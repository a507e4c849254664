//! Work on a connection under its lock. What there is to tell of it is told when the lock is open again: hooks may ask for
//! anything.

use super::{Conn, Shared};
use http_driver::parts::{closed, lock, refused};
use http_driver::{Ended, Record};
use http_proto::{RecvError, State};

/// What is to be told.
pub(super) enum News {
    State(State),
    Broken(RecvError),
    Finished(Box<Record>),
    Closed(Ended),
}

impl Shared {
    /// Works on the connection, while nobody else does.
    pub(super) fn with<V>(&self, work: impl FnOnce(&mut Conn) -> V) -> V {
        let mut conn = lock(&self.conn);
        let value = work(&mut conn);
        if conn.news.is_empty() {
            return value;
        }
        let news = std::mem::take(&mut conn.news);
        drop(conn);
        for news in news {
            match news {
                News::State(state) => self.options.changed(&self.info, state),
                News::Broken(error) => {
                    refused(&self.info, error);
                    self.options.broke_the_protocol(&self.info, error);
                }
                News::Finished(record) => self.options.finished(&self.info, record),
                News::Closed(ended) => {
                    closed(&self.info, &ended);
                    self.options.closed(&self.info, &ended);
                }
            }
        }
        value
    }
}
