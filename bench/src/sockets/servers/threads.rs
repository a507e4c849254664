//! Ours on threads: the wire itself, with a thread for each connection; and plain functions on a few workers.

use super::wire::{FIELDS, length};
use crate::sockets::content::{self, DOWN, HELLO, LENGTH, Large, OCTETS, PIECE};
use http::{Method, Request, Response};
use http_std::role::Server;
use http_std::{Body, BodyError, BodyLength, Connection, Error, Event, Flow, Inbox, MethodKind, ResponseHead};
use hyper::body::Bytes;

pub(super) fn wire_hello(mut http: Connection<Server>) -> Result<(), Error> {
    let mut inbox = Inbox::new();
    loop {
        match http.next_event(&mut inbox)? {
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

pub(super) fn wire_content(mut http: Connection<Server>) -> Result<(), Error> {
    let mut inbox = Inbox::new();
    let mut get = None;
    loop {
        match http.next_event(&mut inbox)? {
            Event::HeadersComplete(request) => {
                get = (request.method_kind() == MethodKind::Get).then(|| request.target() == DOWN);
            }
            Event::MessageComplete(_) => {
                http.respond(&ResponseHead::new(200), length(get)).expect("an answer that may be sent");
                if get.is_some() {
                    for _ in 0..LENGTH / PIECE as u64 {
                        match http.send_owned(Bytes::from_static(&OCTETS)) {
                            Ok(Flow::Ready) => {}
                            Ok(Flow::Full) => http.ready(),
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

pub(super) fn hello(_: Request<Body>) -> Response<Body> {
    content::hello()
}

pub(super) fn content(mut request: Request<Body>) -> Result<Response<Body>, BodyError> {
    if request.method() == Method::GET {
        return Ok(Response::new(Body::new(Large::at(request.uri().path()))));
    }
    while let Some(chunk) = request.body_mut().chunk() {
        chunk?;
    }
    Ok(Response::new(Body::empty()))
}
