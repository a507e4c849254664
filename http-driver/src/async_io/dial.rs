//! How sockets are opened.

use super::{Socket, Sockets, Stream};
#[cfg(unix)]
use crate::Address;
use crate::{Dial, Opened, begin_tcp};
use async_io::Async;
use std::io;
use std::net::{IpAddr, SocketAddr};
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
    let stream = Async::new_nonblocking(begin_tcp(to, from)?)?;
    stream.writable().await?;
    if let Some(error) = stream.get_ref().take_error()? {
        return Err(error);
    }
    let local = stream.get_ref().local_addr()?.into();
    Ok(Opened { io: Socket::Tcp(stream).into(), local, peer: to.into() })
}
