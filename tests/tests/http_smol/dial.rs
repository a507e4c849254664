//! The sockets that clients open.

use crate::stream::is_reset;
use http_driver::Dial;
use http_smol::{Smol, Socket};
use smol::net::TcpListener;
use socket2::SockRef;
use std::time::Duration;

// N50, L12
#[test]
fn a_socket_is_set_up_and_watched() {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let opened = Smol::default().tcp(address, None).await.unwrap();
        let (theirs, peer) = listener.accept().await.unwrap();
        assert_eq!((opened.local.tcp(), opened.peer.tcp()), (Some(peer), Some(address)));
        let mut stream = opened.io;
        match stream.get_ref() {
            Socket::Tcp(socket) => assert!(socket.get_ref().nodelay().unwrap()),
            other => panic!("{other:?}"),
        }
        SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
        drop(theirs);
        assert!(is_reset(&mut stream).await);
    });
}
