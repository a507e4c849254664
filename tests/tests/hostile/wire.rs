//! The server under attack without a service: a loop over the events of a connection.

use crate::server::{LARGE, PIECE, Shared, Working};
use http_tokio::role::Server;
use http_tokio::{BodyLength, Config, Connection, Event, Flow, Inbox, ResponseHead, SendError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::net::TcpListener;

/// Serves the routes of `server.rs` for ever.
pub(crate) async fn listen(listener: &TcpListener, config: Config, shared: Arc<Shared>) {
    let (config, open) = (Arc::new(config), Arc::<AtomicUsize>::default());
    let count = Arc::clone(&open);
    *shared.connections.lock().expect("no panic") = Some(Box::new(move || count.load(SeqCst)));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let mut connection = Connection::server(stream, Arc::clone(&config));
        let (shared, open) = (Arc::clone(&shared), Arc::clone(&open));
        open.fetch_add(1, SeqCst);
        tokio::spawn(async move {
            serve(&mut connection, &shared).await;
            shared.read.fetch_add(connection.transferred().0, SeqCst);
            open.fetch_sub(1, SeqCst);
        });
    }
}

async fn serve(connection: &mut Connection<Server>, shared: &Shared) {
    let mut inbox = Inbox::new();
    let mut path = String::new();
    let mut count = 0;
    let mut working = None;
    loop {
        match connection.next_event(&mut inbox).await {
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
                if answer(connection, &path, count, shared).await.is_ok() {
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

fn whole(connection: &mut Connection<Server>, status: u16, content: &[u8]) -> Result<(), SendError> {
    connection.respond(&ResponseHead::new(status), BodyLength::Exact(content.len() as u64))?;
    let _flow = connection.send(content)?;
    connection.finish(None)
}

/// Answers; the error says that there is none yet, or no longer.
async fn answer(
    connection: &mut Connection<Server>,
    path: &str,
    count: usize,
    shared: &Shared,
) -> Result<(), SendError> {
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
                    Flow::Full => connection.ready().await,
                }
            }
        }
        _ => Err(SendError::NothingToAnswer),
    }
}
