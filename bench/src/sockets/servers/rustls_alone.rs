//! What a TLS connection takes by itself: its session and a socket. Requests are answered one after the other, each on a
//! connection of its own, which is all that a measurement of memory asks for.

use super::nothing::answer;
use crate::sockets::tls;
use rustls::{ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpListener;

pub(super) fn requests(listener: TcpListener) -> io::Result<()> {
    let (config, mut held) = (tls::server(), Vec::new());
    for stream in listener.incoming() {
        let stream = stream?;
        let session = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
        let mut tls = StreamOwned::new(session, stream);
        // As large as it is, the request comes in one record.
        let _request = tls.read(&mut [0; 256])?;
        tls.write_all(answer())?;
        held.push(tls);
    }
    Ok(())
}
