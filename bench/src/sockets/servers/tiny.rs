//! tiny_http: a thread for each connection, and one that answers.

use crate::sockets::content::{DOWN, HELLO, LENGTH, MEDIA_TYPE};
use socket2::SockRef;
use std::io::{self, Read};
use std::net::TcpListener;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

pub(super) fn requests(listener: TcpListener) -> io::Result<()> {
    let media_type = Header::from_bytes("Content-Type", MEDIA_TYPE).map_err(|()| io::ErrorKind::InvalidInput)?;
    each(listener, |request| request.respond(Response::from_string(HELLO).with_header(media_type.clone())))
}

pub(super) fn bodies(listener: TcpListener) -> io::Result<()> {
    each(listener, |mut request| {
        if *request.method() == Method::Get {
            let length = (request.url() == DOWN).then_some(LENGTH as usize);
            let content = io::repeat(b'x').take(LENGTH);
            // By default it does not tell large lengths.
            let response = Response::new(StatusCode(200), Vec::new(), content, length, None);
            return request.respond(response.with_chunked_threshold(usize::MAX));
        }
        io::copy(request.as_reader(), &mut io::sink())?;
        request.respond(Response::empty(200))
    })
}

fn each(listener: TcpListener, answer: impl Fn(Request) -> io::Result<()>) -> io::Result<()> {
    // It does not do so for its connections, which have it from the listener on Linux.
    SockRef::from(&listener).set_tcp_nodelay(true)?;
    let server = Server::from_listener(listener, None).map_err(io::Error::other)?;
    loop {
        let _ = answer(server.recv()?);
    }
}
