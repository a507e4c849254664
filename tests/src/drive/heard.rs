//! What is heard of a connection: events put together to messages, in the order that events must have.

use super::side::{Side, owned};
use crate::reference::Message;
use http_proto::Event;

/// What a connection has told, so far.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Every message that was completed, in order.
    pub messages: Vec<Message>,
    /// What was told of a message that was not.
    pub unfinished: Option<Message>,
    /// What lies behind HTTP.
    pub tail: Option<Vec<u8>>,
}

impl Heard {
    /// The next event, of a connection in this role.
    ///
    /// # Panics
    /// Such an event may not come now.
    pub fn hear<R: Side>(&mut self, event: Event<'_, R::Head<'_>>) {
        match event {
            Event::HeadersComplete(head) => {
                assert!(self.unfinished.is_none() && self.tail.is_none(), "a head only between messages");
                let message = R::begin(&head);
                if message.interim {
                    self.messages.push(message);
                } else {
                    self.unfinished = Some(message);
                }
            }
            Event::Payload(octets) => {
                assert!(!octets.is_empty(), "payload is never empty");
                let message = self.unfinished.as_mut().expect("payload only inside a message");
                message.body.extend_from_slice(octets);
            }
            Event::MessageComplete(trailers) => {
                let mut message = self.unfinished.take().expect("an end only inside a message");
                message.trailers = owned(trailers);
                self.messages.push(message);
            }
            Event::UpgradeTail(tail) => {
                assert!(self.tail.is_none() && self.unfinished.is_none(), "one tail, between messages");
                self.tail = Some(tail.to_vec());
            }
            Event::NeedInput | Event::Paused | Event::Closed => {}
        }
    }
}
