//! The sockets that clients open.

use http_driver::{Dial, Transport};
use http_tokio::{Socket, Tokio};
use std::future::poll_fn;
use tests::scenario::DEADLINE;
use tokio::net::TcpListener;
use tokio::time::timeout;

// N50, L12
#[tokio::test]
async fn a_socket_is_set_up_and_watched() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let opened = Tokio.tcp(address, None).await.unwrap();
    let (theirs, peer) = listener.accept().await.unwrap();
    assert_eq!((opened.local.tcp(), opened.peer.tcp()), (Some(peer), Some(address)));
    let mut stream = opened.io;
    match stream.get_ref() {
        Socket::Tcp(socket) => assert!(socket.nodelay().unwrap()),
        other => panic!("{other:?}"),
    }
    theirs.set_zero_linger().unwrap();
    drop(theirs);
    timeout(DEADLINE, poll_fn(|cx| stream.poll_reset(cx))).await.unwrap();
}
