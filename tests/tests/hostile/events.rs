//! The loop over the events of a connection that answers the routes of `server.rs`. It is compiled with each crate:
//! `names!` are those of the crate, `waits!` and `wait!` say whether its methods are awaited or wait themselves.

use crate::server::{LARGE, PIECE, Shared, Working};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

names!();

use self::names::role::Server;
use self::names::{BodyLength, Config, Connection, Event, Flow, Inbox, ResponseHead, SendError};

waits! {
    fn attend(stream: TcpStream, config: Arc<Config>, shared: Arc<Shared>) -> () {
        shared.open.fetch_add(1, SeqCst);
        let mut connection = Connection::server(stream, config);
        wait!(serve(&mut connection, &shared));
        shared.read.fetch_add(connection.transferred().0, SeqCst);
        drop(connection);
        shared.open.fetch_sub(1, SeqCst);
    }

    fn serve(connection: &mut Connection<Server>, shared: &Shared) -> () {
        let mut inbox = Inbox::new();
        let mut path = String::new();
        let mut count = 0;
        let mut working = None;
        loop {
            match wait!(connection.next_event(&mut inbox)) {
                Ok(Event::HeadersComplete(request)) => {
                    path.clear();
                    path.push_str(request.target());
                    count = 0;
                    working = Some(Working::new(shared));
                    if path == "/refuse" {
                        let _ = whole(connection, 413, b"refused");
                        connection.discard();
                    }
                }
                Ok(Event::Payload(data)) => count += data.len(),
                Ok(Event::MessageComplete(_)) => {
                    if wait!(answer(connection, &path, count, shared)).is_ok() {
                        working = None;
                    }
                }
                // Refused already.
                Err(_) => working = None,
                Ok(Event::Closed) => break,
                Ok(Event::Paused | Event::UpgradeTail(_) | Event::NeedInput) => unreachable!("no route asks for it"),
            }
        }
        drop(working);
    }

    // The error says that there is no answer yet, or no longer.
    fn answer(connection: &mut Connection<Server>, path: &str, count: usize, shared: &Shared) -> Result<(), SendError> {
        let (route, argument) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        match route {
            "hello" => whole(connection, 200, b"Hello, World!"),
            "number" => whole(connection, 200, argument.as_bytes()),
            "large" => whole(connection, 200, &[b'.'; LARGE]),
            "count" => whole(connection, 200, count.to_string().as_bytes()),
            "counts" => whole(connection, 200, shared.to_string().as_bytes()),
            "refuse" => Ok(()),
            "endless" => {
                connection.respond(&ResponseHead::new(200), BodyLength::Unknown)?;
                loop {
                    shared.made.fetch_add(PIECE as u64, SeqCst);
                    match connection.send_owned(vec![b'.'; PIECE].into())? {
                        Flow::Ready => {}
                        Flow::Full => wait!(connection.ready()),
                    }
                }
            }
            _ => Err(SendError::NothingToAnswer),
        }
    }
}

fn whole(connection: &mut Connection<Server>, status: u16, content: &[u8]) -> Result<(), SendError> {
    connection.respond(&ResponseHead::new(status), BodyLength::Exact(content.len() as u64))?;
    let _flow = connection.send(content)?;
    connection.finish(None)
}
