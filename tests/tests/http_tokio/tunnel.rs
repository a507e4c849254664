//! A tunnel to another server, as a proxy makes it, with tokio's own copying.

use crate::rig::Tokio;
use http::{Request, Response};
use http_tokio::{Body, Upgraded};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;
use tests::scenario::{DEADLINE, app, exchange_of, serve};
use tokio::net::TcpStream;

/// More than sockets hold.
const LENGTH: usize = 8 * 1024 * 1024;

/// Either end may say all that it has to say and close its side; the other still gets it all, and is heard.
pub(crate) fn both_ways_to_the_ends(rig: Tokio) {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = other.local_addr().unwrap();
    let server = serve(
        rig,
        app(|request: Request<Body>| async move {
            let mut target = TcpStream::connect(request.uri().to_string()).await?;
            let upgrade = exchange_of(&request).upgrade();
            tokio::spawn(async move {
                let mut client = Upgraded::from(upgrade.await.unwrap());
                tokio::io::copy_bidirectional(&mut client, &mut target).await.unwrap();
            });
            Ok(Response::new(Body::empty()))
        }),
    );
    for client_first in [true, false] {
        let mut client = server.client();
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nahead"));
        assert!(client.head().starts_with("HTTP/1.1 200 "));
        let (mut there, _) = other.accept().unwrap();
        there.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut ahead = [0; 5];
        there.read_exact(&mut ahead).unwrap();
        assert_eq!(&ahead, b"ahead");
        let here = client.stream;
        assert!(client.read.is_empty());
        let (first, second) = if client_first { (&here, &there) } else { (&there, &here) };
        for (mut from, mut to) in [(first, second), (second, first)] {
            thread::scope(|scope| {
                scope.spawn(move || {
                    from.write_all(&vec![b'x'; LENGTH]).unwrap();
                    from.shutdown(Shutdown::Write).unwrap();
                });
                let mut received = Vec::new();
                to.read_to_end(&mut received).unwrap();
                assert_eq!(received.len(), LENGTH);
            });
        }
    }
}
