//! The wire itself, on any runtime.

use crate::sockets::content::{DOWN, HELLO, LENGTH, MEDIA_TYPE, OCTETS, PIECE};
use http_driver::{Connection, Error, Inbox, Timer, Transport};
use http_proto::{BodyLength, Config, Event, FieldBlock, Flow, MethodKind, ResponseHead, Server};
use hyper::body::Bytes;
use std::sync::{Arc, LazyLock};

/// What every connection is configured with.
pub(super) fn config() -> Arc<Config> {
    static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::server()));
    Arc::clone(&CONFIG)
}

/// The fields of the short answer.
pub(super) static FIELDS: LazyLock<FieldBlock> = LazyLock::new(|| {
    FieldBlock::from_fields([("content-type", MEDIA_TYPE.as_bytes())]).expect("a field that may be sent")
});

#[expect(clippy::manual_async_fn, reason = "the future of an async function has room for its argument twice")]
pub(super) fn hello<Io: Transport, T: Timer>(
    mut http: Connection<Server, Io, T>,
) -> impl Future<Output = Result<(), Error>> {
    async move {
        let mut inbox = Inbox::new();
        loop {
            match http.next_event(&mut inbox).await? {
                Event::HeadersComplete(_) => {
                    let answered = http
                        .respond(&ResponseHead::new(200).block(&FIELDS), BodyLength::Exact(HELLO.len() as u64))
                        .and_then(|()| http.send(HELLO.as_bytes()))
                        .and_then(|_| http.finish(None));
                    answered.expect("an answer that may be sent");
                }
                Event::Closed => return Ok(()),
                Event::Payload(_) | Event::MessageComplete(_) | Event::UpgradeTail(_) => {}
                Event::NeedInput | Event::Paused => {}
            }
        }
    }
}

pub(super) async fn content<Io: Transport, T: Timer>(mut http: Connection<Server, Io, T>) -> Result<(), Error> {
    let mut inbox = Inbox::new();
    let mut get = None;
    loop {
        match http.next_event(&mut inbox).await? {
            Event::HeadersComplete(request) => {
                get = (request.method_kind() == MethodKind::Get).then(|| request.target() == DOWN);
            }
            Event::MessageComplete(_) => {
                http.respond(&ResponseHead::new(200), length(get)).expect("an answer that may be sent");
                if get.is_some() {
                    for _ in 0..LENGTH / PIECE as u64 {
                        match http.send_owned(Bytes::from_static(&OCTETS)) {
                            Ok(Flow::Ready) => {}
                            Ok(Flow::Full) => http.ready().await,
                            Err(_) => return Ok(()),
                        }
                    }
                    _ = http.finish(None);
                }
            }
            Event::Closed => return Ok(()),
            Event::Payload(_) | Event::UpgradeTail(_) | Event::NeedInput | Event::Paused => {}
        }
    }
}

/// Of the answer to a request for content with a length or without, or to another.
pub(super) fn length(get: Option<bool>) -> BodyLength {
    match get {
        Some(true) => BodyLength::Exact(LENGTH),
        Some(false) => BodyLength::Unknown,
        None => BodyLength::Empty,
    }
}
