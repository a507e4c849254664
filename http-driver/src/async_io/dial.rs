//! How sockets are opened.

use super::{Socket, Sockets, Stream};
#[cfg(unix)]
use crate::Address;
use crate::{Dial, Opened};
use async_io::Async;
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;

impl<R: Sockets> Dial for R {
    type Io = Stream<Socket, R>;

    fn tcp(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> impl Future<Output = io::Result<Opened<Self::Io>>> + Send + 'static {
        open(to, from)
    }

    #[cfg(unix)]
    fn unix(&self, path: &Path) -> impl Future<Output = io::Result<Opened<Self::Io>>> + Send + 'static {
        let path = path.to_owned();
        async move {
            let stream = Async::<UnixStream>::connect(&path).await?;
            Ok(Opened {
                io: Socket::Unix(stream).into(),
                local: Address::Unix(None),
                peer: Address::Unix(Some(path.into())),
            })
        }
    }

    fn lookup(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        R::lookup(host.to_owned(), port)
    }
}

async fn open<R: Sockets>(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Opened<Stream<Socket, R>>> {
    let socket = socket2::Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(from) = from {
        socket.bind(&SocketAddr::new(from, 0).into())?;
    }
    match socket.connect(&to.into()) {
        Err(error) if !is_under_way(&error) => return Err(error),
        Err(_) | Ok(()) => {}
    }
    let stream = Async::new_nonblocking(TcpStream::from(socket))?;
    stream.writable().await?;
    if let Some(error) = stream.get_ref().take_error()? {
        return Err(error);
    }
    let local = stream.get_ref().local_addr()?.into();
    Ok(Opened { io: Socket::Tcp(stream).into(), local, peer: to.into() })
}

#[cfg(unix)]
fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}

#[cfg(not(unix))]
fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
