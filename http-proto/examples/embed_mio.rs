//! An HTTP server on one epoll loop: `http-proto` and `mio`. What it serves is in `embed`; the argument is its address.

mod embed;

use embed::{Session, Site};
use http_proto::{Chunk, End, Instant};
use mio::{Events, Interest, Poll, Registry, Token, net};
use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

const LISTENER: usize = 0;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let mut listener = net::TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    println!("listening on {}", listener.local_addr()?);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(256));
    poll.registry().register(&mut listener, Token(LISTENER), Interest::READABLE)?;
    let site = Site::new().map_err(io::Error::other)?;
    let (mut links, mut last) = (HashMap::new(), LISTENER);
    let mut deadlines = BTreeSet::<(Instant, usize)>::new();
    let origin = std::time::Instant::now();
    let now = || Instant::from(origin.elapsed());
    loop {
        let wait = deadlines.first().map(|(at, _)| at.saturating_since(now()));
        if let Err(error) = poll.poll(&mut events, wait)
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error);
        }
        let now = now();
        let later = deadlines.split_off(&(now, usize::MAX));
        let passed = std::mem::replace(&mut deadlines, later).into_iter().map(|(_, token)| token);
        let mut due: BTreeSet<usize> = events.iter().map(|event| event.token().0).chain(passed).collect();
        while due.contains(&LISTENER) {
            match listener.accept() {
                Ok((mut stream, _)) => {
                    last += 1;
                    poll.registry().register(&mut stream, Token(last), Interest::READABLE)?;
                    links.insert(last, Link { session: Session::new(site.clone()), stream, deadline: now });
                    due.insert(last);
                }
                Err(error) => {
                    due.remove(&LISTENER);
                    // Out of descriptors, say: no event tells when there are some again.
                    let again = (now.saturating_add(Duration::from_millis(100)), LISTENER);
                    deadlines.extend((error.kind() != ErrorKind::WouldBlock).then_some(again));
                }
            }
        }
        for token in due {
            let Some(link) = links.get_mut(&token) else { continue };
            deadlines.remove(&(link.deadline, token));
            if turn(link, now, Token(token), poll.registry())? {
                deadlines.insert((link.deadline, token));
            } else {
                links.remove(&token);
            }
        }
    }
}

/// A connection on its socket.
struct Link {
    session: Session,
    stream: net::TcpStream,
    deadline: Instant,
}

/// Goes on until the socket would block, for only then it tells again of being ready; false if the connection is over.
fn turn(link: &mut Link, now: Instant, token: Token, poll: &Registry) -> io::Result<bool> {
    let Link { session, stream, deadline } = link;
    session.http.handle_timeout(now, &session.out);
    // What these rounds leave undone: at once, but after the others.
    *deadline = now;
    for _ in 0..16 {
        session.take_events();
        let next = session.interest();
        if next.close {
            if next.abort {
                socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?;
            }
            return Ok(false);
        }
        if next.shutdown_write {
            let _may_be_reset_already = stream.shutdown(std::net::Shutdown::Write);
        }
        let (wrote, read) = (next.write && write(session, stream), next.read && read(session, stream));
        if !wrote && !read {
            let both = Interest::READABLE | Interest::WRITABLE;
            let only = if next.write { Interest::WRITABLE } else { Interest::READABLE };
            poll.reregister(stream, token, if next.read && next.write { both } else { only })?;
            *deadline = session.http.poll_timeout(now, &session.out).unwrap_or(Instant::from_nanos(u64::MAX));
            break;
        }
    }
    Ok(true)
}

/// Like `read`, does so once; false if the socket would block.
fn write(session: &mut Session, stream: &mut net::TcpStream) -> bool {
    let Some(Chunk::Octets(octets)) = session.out.front() else { return false };
    match stream.write(octets) {
        Ok(count @ 1..) => session.advance(count),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
        Ok(0) | Err(_) => session.http.delivery_failed(),
    }
    true
}

fn read(session: &mut Session, stream: &mut net::TcpStream) -> bool {
    match stream.read(session.input.spare_mut()) {
        Ok(0) => session.input.set_end(End::Clean),
        Ok(count) => session.input.commit(count),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
        Err(_) => session.input.set_end(End::Aborted),
    }
    true
}
