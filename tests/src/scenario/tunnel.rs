//! Both ends of a tunnel, for servers that make one with the means of their runtime.

use super::{DEADLINE, Running};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;

/// More than sockets hold.
const LENGTH: usize = 8 * 1024 * 1024;

/// Either end may say all that it has to say and close its side; the other still gets it all, and is heard. The server
/// answers CONNECT with a tunnel to the target.
pub fn both_ways_to_the_ends<S>(server: &Running<S>) {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = other.local_addr().unwrap();
    for client_first in [true, false] {
        let mut client = server.client();
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nahead"));
        assert!(client.head().starts_with("HTTP/1.1 200 "));
        let (mut there, _) = other.accept().unwrap();
        there.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut ahead = [0; 5];
        there.read_exact(&mut ahead).unwrap();
        assert_eq!(&ahead, b"ahead");
        let here = client.stream.socket();
        assert!(client.read.is_empty());
        let (first, second) = if client_first { (here, &there) } else { (&there, here) };
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
