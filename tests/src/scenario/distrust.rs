//! The client over TLS on the wire: servers that do not do their part in a handshake, and answers that are cut off.

use super::by_hand::{ByHand, cuts};
use super::dialing::run;
use super::requests::client_with;
use super::running::listener;
use super::wired::keys;
use super::{DEADLINE, Rig};
use crate::certificates::Authority;
use http_driver::rustls::ClientConfig;
use http_driver::{Body, Client, Connect, ConnectError, Dialer, Phase, RequestError, TlsErrorKind};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

const ANSWER: [&str; 3] = ["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "hello", "world"];

/// Does with one connection after the other what `play` does, then waits for the client to go; until it says that this was
/// the last one.
fn server(mut play: impl FnMut(usize, &TcpStream) -> bool + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    let (listener, address) = listener();
    let playing = thread::spawn(move || {
        for number in 0.. {
            let (mut socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(DEADLINE)).unwrap();
            let last = play(number, &socket);
            // However it goes.
            let _ = socket.read_to_end(&mut Vec::new());
            if last {
                return;
            }
        }
    });
    (address, playing)
}

fn client<R: Rig>(rig: R, config: &Arc<ClientConfig>, timeout: Duration) -> Client<Dialer<R::Runtime>> {
    let dialer = Dialer::new(rig.runtime()).tls(Arc::clone(config)).tls_timeout(timeout);
    client_with(rig, |client| client.connector(dialer))
}

/// The content of an answer; `None`: it was cut off.
async fn ask<C: Connect>(client: &Client<C>, to: SocketAddr) -> Result<Option<String>, RequestError> {
    let mut answer = client.get(format!("https://{to}/")).send().await?;
    let content = answer.body_mut().collect(Body::LIMIT).await.ok();
    Ok(content.map(|octets| String::from_utf8(octets.to_vec()).unwrap()))
}

// N31: whoever cuts the connection off between the two must not decide where content ends.
pub fn an_answer_cut_off_at_any_record_is_an_error(rig: impl Rig) {
    for config in &keys().clients {
        let (tell, told) = channel();
        // First as a whole, then up to each cut.
        let (to, playing) = server(move |number, socket| {
            let mut end = ByHand::server(socket.try_clone().unwrap());
            end.take_until("\r\n\r\n", 1);
            let pieces = ANSWER.map(|piece| end.seal(piece));
            let octets = pieces.concat();
            let cuts = cuts(&octets);
            let cut = number.checked_sub(1).map(|number| cuts[number]);
            tell.send((cut, pieces[0].len(), number == cuts.len())).unwrap();
            match cut {
                Some(cut) => end.send(&octets[..cut]),
                None => {
                    end.tls.send_close_notify();
                    let last = end.wants();
                    end.send([octets, last].concat());
                }
            }
            end.cut();
            number == cuts.len()
        });
        run(rig, async move {
            let client = client(rig, config, DEADLINE);
            loop {
                let asked = ask(&client, to).await;
                let (cut, head, last) = told.recv().unwrap();
                match (cut, asked) {
                    (None, Ok(Some(text))) => assert_eq!(text, "helloworld"),
                    (Some(cut), Ok(None)) => assert!(cut >= head, "{cut}"),
                    (Some(cut), Err(RequestError::Broken(_))) => assert!(cut < head, "{cut}"),
                    other => panic!("{other:?}"),
                }
                if last {
                    break;
                }
            }
            playing.join().unwrap();
        });
    }
}

// X6
pub fn what_is_no_handshake_is_an_error(rig: impl Rig) {
    let cases: [(&'static [u8], TlsErrorKind); 5] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", TlsErrorKind::Protocol),
        (&[0; 600], TlsErrorKind::Protocol),
        (&[0xff; 40_000], TlsErrorKind::Protocol),
        (&[0x15, 3, 3, 0, 2, 2, 40], TlsErrorKind::Refused),
        (b"", TlsErrorKind::Closed),
    ];
    let (to, playing) = server(move |number, mut socket| {
        // Its hello first, so that nothing that was not read resets the connection.
        ByHand::server_with(socket.try_clone().unwrap(), &keys().server).take();
        // Who has seen enough may be gone before the end.
        let _ = socket.write_all(cases[number].0).and_then(|()| socket.shutdown(Shutdown::Write));
        number + 1 == cases.len()
    });
    run(rig, async move {
        let client = client(rig, &keys().client, DEADLINE);
        for (_, kind) in cases {
            match ask(&client, to).await {
                Err(RequestError::Connect(ConnectError::Tls(error))) => assert_eq!(error.kind(), kind),
                other => panic!("{kind:?}: {other:?}"),
            }
        }
        playing.join().unwrap();
    });
}

// X6
pub fn who_cannot_be_trusted_is_told_apart(rig: impl Rig) {
    let strange = Authority::new().identity(&["127.0.0.1"]);
    let servers = [
        (strange.server(), TlsErrorKind::Untrusted),
        (keys().signer.expired(&["127.0.0.1"]).server(), TlsErrorKind::Expired),
        (keys().signer.identity(&["127.0.0.2"]).server(), TlsErrorKind::WrongName),
    ];
    for (config, kind) in servers {
        let config = Arc::new(config);
        let (to, playing) = server(move |_, socket| {
            let mut end = ByHand::server_with(socket.try_clone().unwrap(), &config);
            end.take();
            let flight = end.wants();
            end.send(flight);
            true
        });
        run(rig, async move {
            match ask(&client(rig, &keys().client, DEADLINE), to).await {
                Err(RequestError::Connect(ConnectError::Tls(error))) => assert_eq!(error.kind(), kind),
                other => panic!("{kind:?}: {other:?}"),
            }
            playing.join().unwrap();
        });
    }
}

// X6
pub fn a_server_that_stops_anywhere_in_the_handshake_has_so_long(rig: impl Rig) {
    const STOPS: [usize; 5] = [0, 1, 5, 100, usize::MAX];
    for config in &keys().clients {
        let (to, playing) = server(move |number, socket| {
            let mut end = ByHand::server_with(socket.try_clone().unwrap(), &keys().server);
            end.take();
            // Without the last octet of all it is not over.
            let flight = end.wants();
            end.send(&flight[..STOPS[number].min(flight.len() - 1)]);
            number + 1 == STOPS.len()
        });
        run(rig, async move {
            let client = client(rig, config, Duration::from_millis(500));
            for _ in STOPS {
                let asked = ask(&client, to).await;
                assert!(matches!(asked, Err(RequestError::Timeout(Phase::Tls))), "{asked:?}");
            }
            playing.join().unwrap();
        });
    }
}
