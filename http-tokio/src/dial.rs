//! How tokio opens sockets and asks for names.

use crate::{Socket, Stream, Tokio};
#[cfg(unix)]
use http_driver::Address;
use http_driver::{Dial, Opened};
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::Path;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpSocket, lookup_host};

impl Dial for Tokio {
    type Io = Stream<Socket>;

    fn tcp(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> impl Future<Output = io::Result<Opened<Stream<Socket>>>> + Send + 'static {
        open(to, from)
    }

    #[cfg(unix)]
    fn unix(&self, path: &Path) -> impl Future<Output = io::Result<Opened<Stream<Socket>>>> + Send + 'static {
        let path = path.to_owned();
        async move {
            let stream = UnixStream::connect(&path).await?;
            Ok(Opened {
                io: Socket::Unix(stream).into(),
                local: Address::Unix(None),
                peer: Address::Unix(Some(path.into())),
            })
        }
    }

    fn lookup(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static {
        let host = host.to_owned();
        async move { Ok(lookup_host((host, port)).await?.collect()) }
    }
}

async fn open(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Opened<Stream<Socket>>> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_nodelay(true)?;
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(to).await?;
    let local = stream.local_addr()?.into();
    Ok(Opened { io: Socket::Tcp(stream).into(), local, peer: to.into() })
}
