//! What everybody in a run has a hand on; and how clients get to servers.

use super::net::{Net, Socket};
use super::notes::Notes;
use super::plan::Plan;
use super::tasks::Spawner;
use super::wait::sleep;
use http_driver::{Address, Connect, ConnectError, Connected, Listener, Opened, Runtime, Target};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// What everybody has a hand on.
pub struct Stage {
    /// What is going to happen.
    pub plan: Plan,
    /// What has happened.
    pub notes: Notes,
    /// The network.
    pub net: Net,
    /// The tasks.
    pub spawner: Spawner,
    /// The doors of the servers.
    pub doors: Vec<Door>,
}

impl Stage {
    /// Begins a task.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawner.spawn(task);
    }
}

#[derive(Default)]
struct Queue {
    sockets: VecDeque<Socket>,
    waker: Option<Waker>,
    closed: bool,
}

/// Where a server's connections come in.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<Queue>>);

impl Door {
    /// A connection to whoever is behind it; `None`: nobody is any more.
    pub fn open(&self, net: &Net) -> Option<Socket> {
        let mut queue = self.0.lock().unwrap();
        if queue.closed {
            return None;
        }
        let (ours, theirs) = net.connect();
        queue.sockets.push_back(theirs);
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
        Some(ours)
    }

    /// The next connection, if there is one.
    pub fn accept(&self) -> Option<Socket> {
        self.0.lock().unwrap().sockets.pop_front()
    }

    /// Its server's side.
    pub fn listener(&self) -> Listening {
        Listening(self.clone())
    }
}

/// The address of who is at the other end: the number of the connection.
fn opened(io: Socket) -> Opened<Socket> {
    let peer = Address::Tcp(([127, 0, 0, 1], io.cable() as u16).into());
    Opened { io, local: Address::Unknown, peer }
}

/// The number of a connection, from such an address.
pub fn cable(peer: &Address) -> usize {
    peer.tcp().map_or(usize::MAX, |address| usize::from(address.port()))
}

/// A door as its server sees it. Dropped, it is closed.
pub struct Listening(Door);

impl Listener for Listening {
    type Io = Socket;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Opened<Socket>>> {
        let mut queue = self.0.0.lock().unwrap();
        match queue.sockets.pop_front() {
            Some(io) => Poll::Ready(Ok(opened(io))),
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn local_addr(&self) -> Address {
        Address::Unknown
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut queue = self.0.0.lock().unwrap();
        queue.closed = true;
        let sockets = std::mem::take(&mut queue.sockets);
        drop(queue);
        for mut socket in sockets {
            http_driver::Transport::abort(&mut socket);
        }
    }
}

/// A client's way to the servers: to the first one as `h0`, and so on.
pub struct Way(pub Arc<Stage>);

impl Connect for Way {
    type Runtime = Spawner;
    type Io = Socket;

    fn runtime(&self) -> &Spawner {
        &self.0.spawner
    }

    fn connect(&self, to: &Target) -> impl Future<Output = Result<Connected<Socket>, ConnectError>> + Send + 'static {
        let stage = Arc::clone(&self.0);
        let door: usize = to.host().trim_start_matches('h').parse().expect("the number of a server");
        let (fails, delay) = stage.net.attempt();
        async move {
            sleep(delay).await;
            let socket = stage.doors[door].open(&stage.net).filter(|_| !fails);
            let socket = socket.ok_or(ConnectError::Connect(ErrorKind::ConnectionRefused.into()))?;
            Ok(Connected::new(opened(socket)))
        }
    }
}
