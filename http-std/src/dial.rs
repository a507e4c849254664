//! [`Threads`]: plain threads as a runtime. How they open sockets, and ask for names.

use crate::waiting::block_on;
use crate::{Sleep, Socket, Stream};
use http_driver::parts::lock;
use http_driver::{Address, Dial, Opened, Runtime, Timer, begin_tcp};
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

/// How long a Unix socket whose backlog is full is left alone: the system tells nobody when there is room.
const FULL: Duration = Duration::from_millis(5);

/// Plain threads, as a runtime for clients. A future runs on the thread that waits for it, by [`block_on`]; a task is a
/// thread of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Threads;

impl Runtime for Threads {
    type Timer = Sleep;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Where there can be no further thread, the task is dropped, and whoever counts on it is told.
        let _ = thread::Builder::new().name("http-client".into()).spawn(|| block_on(task));
    }
}

impl Dial for Threads {
    type Io = Stream<Socket>;

    fn tcp(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> impl Future<Output = io::Result<Opened<Stream<Socket>>>> + Send + 'static {
        open(to, from)
    }

    fn unix(&self, path: &Path) -> impl Future<Output = io::Result<Opened<Stream<Socket>>>> + Send + 'static {
        let path = path.to_owned();
        async move {
            let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            let address = socket2::SockAddr::unix(&path)?;
            while let Err(error) = socket.connect(&address) {
                if error.kind() != ErrorKind::WouldBlock {
                    return Err(error);
                }
                let mut sleep = Sleep::default();
                sleep.reset(sleep.now().saturating_add(FULL));
                poll_fn(|cx| sleep.poll(cx)).await;
            }
            Ok(Opened {
                io: Stream::nonblocking(UnixStream::from(socket).into()),
                local: Address::Unix(None),
                peer: Address::Unix(Some(path.into())),
            })
        }
    }

    fn lookup(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        look_up(host.to_owned(), port)
    }
}

async fn open(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Opened<Stream<Socket>>> {
    let stream = Arc::new(begin_tcp(to, from)?);
    let mut io = Stream::nonblocking(Socket::Tcp(Arc::clone(&stream)));
    poll_fn(|cx| io.poll_connected(cx)).await?;
    let local = TcpStream::local_addr(&stream)?.into();
    Ok(Opened { io, local, peer: to.into() })
}

/// What a thread that looks a name up has found, and who waits for it.
#[derive(Default)]
struct LookUp {
    found: Option<io::Result<Vec<SocketAddr>>>,
    waiter: Option<Waker>,
}

/// Asks the system in a thread of its own: it may take longer than anybody wants to wait.
async fn look_up(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let shared = Arc::<Mutex<LookUp>>::default();
    let finds = Arc::clone(&shared);
    thread::Builder::new().name("http-lookup".into()).spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        let mut look_up = lock(&finds);
        look_up.found = Some(found);
        let waiter = look_up.waiter.take();
        drop(look_up);
        waiter.into_iter().for_each(Waker::wake);
    })?;
    poll_fn(|cx| {
        let mut look_up = lock(&shared);
        look_up.waiter = Some(cx.waker().clone());
        look_up.found.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
