//! From HTTP to another protocol: what stands behind the handshake reaches it, wherever the segments end.

use crate::{Wire, name, run};
use http_tokio::role::Client;
use http_tokio::{BodyLength, ClientConnection, RequestHead, Upgraded};
use tests::memory::Seen;
use tests::raw::End;
use tests::raw_server::RawServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";
const TUNNEL: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const FRAMES: &str = "first\r\nHTTP/1.1 frame";

fn ask(conn: &mut ClientConnection, tunnel: bool) {
    let (connect, get) = (RequestHead::new("CONNECT", "h:443"), RequestHead::get("h", "/").upgrade(&["raw"]));
    conn.start(if tunnel { &connect } else { &get }, BodyLength::Empty).unwrap();
}

// I16, X4: split at every octet; both ends go on, and each closes its side by itself.
#[test]
fn i16_x4_the_next_protocol_gets_all_of_its_octets() {
    for (handshake, tunnel) in [(SWITCH, false), (TUNNEL, true)] {
        let length = handshake.len() + FRAMES.len();
        let server = RawServer::start(move |number, mut peer| {
            let head = peer.head();
            assert_eq!(head.starts_with("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n"), tunnel, "{head}");
            let text = [handshake, FRAMES].concat();
            peer.send_slowly([&text[..number], &text[number..]]);
            assert_eq!(peer.octets(4), b"ping");
            peer.send("pong");
            peer.half_close();
            assert_eq!(peer.rest(), (b"last".to_vec(), End::Closed));
        });
        run(async {
            for split in 0..=length {
                let Wire { mut conn, mut inbox } = Wire::open(&server).await;
                ask(&mut conn, tunnel);
                let tail = loop {
                    match conn.next_event(&mut inbox).await.map(Seen::new::<Client>).unwrap() {
                        Seen::Tail(tail) => break tail,
                        Seen::Head(_) | Seen::Complete(_) => {}
                        other => panic!("{other:?}"),
                    }
                };
                assert!(FRAMES.as_bytes().starts_with(&tail));
                let upgraded = conn.into_upgraded(inbox.retain()).expect("HTTP is over");
                let mut stream = Upgraded::from(upgraded);
                let mut frames = vec![0; FRAMES.len()];
                stream.read_exact(&mut frames).await.unwrap();
                assert_eq!(frames, FRAMES.as_bytes(), "split at {split}");
                stream.write_all(b"ping").await.unwrap();
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.unwrap();
                assert_eq!(rest, b"pong");
                stream.write_all(b"last").await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        server.finish();
    }
}

// An offer that is declined, and a CONNECT that is refused, are answers like others.
#[test]
fn an_offer_that_is_not_taken() {
    let server = RawServer::start(|_, mut peer| {
        peer.head();
        peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        peer.rest();
    });
    run(async {
        for tunnel in [false, true] {
            let mut wire = Wire::open(&server).await;
            ask(&mut wire.conn, tunnel);
            assert_eq!(wire.answer().await.len(), 3);
            assert!(wire.conn.into_upgraded(bytes::Bytes::new()).is_err());
        }
    });
    server.finish();
}

// A protocol that nobody offered, and a handshake that breaks off.
#[test]
fn a_handshake_that_is_none() {
    let server = RawServer::start(|number, mut peer| {
        peer.head();
        peer.send(if number == 0 { SWITCH } else { &SWITCH[..40] });
    });
    run(async {
        for expected in ["unsolicited_upgrade", "incomplete_head"] {
            let mut wire = Wire::open(&server).await;
            if expected == "unsolicited_upgrade" {
                wire.get()
            } else {
                ask(&mut wire.conn, false)
            }
            let (events, error) = wire.failure().await;
            assert_eq!((events, name(&error).as_str()), (vec![], expected));
        }
    });
    server.finish();
}
