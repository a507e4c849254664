//! The client of level 2 before servers that break the protocol, flood, or go away. What such a server does costs the
//! connection, is told as what it is, and nothing of it is left for the next request.

use super::dialing::run;
use super::requests::{client, client_with, content, get, sleep};
use super::{Rig, SHORT, within};
use crate::raw::Raw;
use crate::raw_server::RawServer;
use bytes::Bytes;
use http_driver::{
    Body, BodyError, Client, ClientExchange, Connect, ErrorKind, Phase, RequestBuilder, RequestError, Runtime,
};
use http_proto::{Config, RecvErrorKind};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// The last of its connection.
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/// A server that answers `/fine` in good order, and does to everything else what `script` does: it gets the path.
fn server(script: impl Fn(&str, Raw) + Send + Sync + 'static) -> RawServer {
    RawServer::start(move |_, mut peer| {
        let head = peer.head();
        match head.split(' ').nth(1) {
            Some("/fine") => peer.send(LAST),
            path => script(path.unwrap_or_default(), peer),
        }
    })
}

fn url(server: &RawServer, path: &str) -> String {
    format!("http://{}{path}", server.address())
}

/// Asserts that nothing is left of a connection, and that the next request gets another one.
async fn is_over<C: Connect>(client: &Client<C>, server: &RawServer) {
    assert_eq!(client.connections().connections, 0);
    let before = server.connections();
    let response = client.get(url(server, "/fine")).send().await.unwrap();
    assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), 1);
    assert_eq!(content(Ok(response)).await, "ok");
    assert_eq!(server.connections(), before + 1);
}

/// What the server has done wrong, in the head or in the content.
async fn fault<C: Connect>(request: RequestBuilder<C>) -> (bool, RecvErrorKind) {
    match request.send().await {
        Ok(response) => match response.into_body().collect(1 << 20).await.unwrap_err() {
            BodyError::Received(error) => (true, error.kind()),
            other => panic!("{other:?}"),
        },
        Err(RequestError::Broken(error)) => match error.kind() {
            ErrorKind::Received(received) => (false, received.kind()),
            other => panic!("{other:?}"),
        },
        Err(other) => panic!("{other:?}"),
    }
}

/// Answers that are none, up to the end of the connection, and what is wrong with them.
const HEADS: &[(&str, RecvErrorKind)] = &[
    ("", RecvErrorKind::NoResponse),
    ("\r\n\r\n", RecvErrorKind::NoResponse),
    ("HTTP/1.1 103 Early Hints\r\n\r\n", RecvErrorKind::NoResponse),
    ("HTTP/1.1 200 OK\r\nContent-Le", RecvErrorKind::IncompleteHead),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", RecvErrorKind::IncompleteHead),
    ("SSH-2.0-OpenSSH_9.9\r\n", RecvErrorKind::InvalidStatusLine),
    ("HTTP/2.0 200 OK\r\n\r\n", RecvErrorKind::UnsupportedVersion),
    ("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n", RecvErrorKind::BareLf),
    ("HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", RecvErrorKind::BlankBeforeColon),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", RecvErrorKind::RepeatedContentLength),
    ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", RecvErrorKind::InvalidContentLength),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        RecvErrorKind::LengthWithTransferEncoding,
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        RecvErrorKind::LengthWithTransferEncoding,
    ),
    ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", RecvErrorKind::TransferEncodingInHttp10),
    (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        RecvErrorKind::UnsolicitedUpgrade,
    ),
];

/// Answers whose content is none, up to the end of the connection, and what is wrong with it.
const CONTENTS: &[(&str, RecvErrorKind)] = &[
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345678", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n", RecvErrorKind::IncompleteBody),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", RecvErrorKind::InvalidChunkEnd),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", RecvErrorKind::InvalidChunkSize),
];

// L10, N31
pub fn whatever_is_wrong_is_told(rig: impl Rig) {
    let server = server(|path, mut peer| {
        let (how, number) = path[1..].split_once('/').unwrap();
        let number: usize = number.parse().unwrap();
        let (answer, _) = HEADS.iter().chain(CONTENTS).nth(number).unwrap();
        let size = if how == "slowly" { 1 } else { answer.len().max(1) };
        for piece in answer.as_bytes().chunks(size) {
            // A client that has understood is gone.
            if peer.try_send(piece).is_err() {
                return;
            }
        }
        peer.half_close();
        assert_eq!(peer.rest().0, b"", "a client says nothing to it");
    });
    run(rig, async move {
        let client = client(rig);
        for how in ["at-once", "slowly"] {
            for (number, (answer, expected)) in HEADS.iter().chain(CONTENTS).enumerate() {
                let before = server.connections();
                let told = fault(client.get(url(&server, &format!("/{how}/{number}")))).await;
                assert_eq!(told, (number >= HEADS.len(), *expected), "{how}: {answer:?}");
                assert_eq!(server.connections(), before + 1, "it is not asked again: {answer:?}");
                is_over(&client, &server).await;
            }
        }
    });
}

// N31: wherever the reset is, no part is taken for the whole.
pub fn a_reset_anywhere_is_an_error(rig: impl Rig) {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
    let server = server(|path, mut peer| {
        peer.send(&CHUNKED[..path[1..].parse().unwrap()]);
        peer.reset();
    });
    run(rig, async move {
        for length in 0..=CHUNKED.len() {
            let client = client(rig);
            match client.get(url(&server, &format!("/{length}"))).send().await {
                Ok(response) => match response.into_body().collect(100).await.unwrap_err() {
                    BodyError::Received(error) => assert_eq!(error.kind(), RecvErrorKind::Aborted, "{length}"),
                    other => panic!("{length}: {other:?}"),
                },
                Err(RequestError::Broken(error)) => match error.kind() {
                    ErrorKind::Transport(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
                    other => panic!("{length}: {other:?}"),
                },
                Err(other) => panic!("{length}: {other:?}"),
            }
            is_over(&client, &server).await;
        }
    });
}

// N37, X5: who closes before the answer is asked again where the connection had been used before, once, if that can do no
// harm.
pub fn a_close_before_the_answer(rig: impl Rig) {
    // Of each target the first connection answers once; all others none at all.
    let start = || {
        RawServer::start(|number, mut peer| {
            peer.head();
            if number == 0 {
                peer.send(OK);
                peer.head();
            }
        })
    };
    let [get_twice, post_twice] = [start(), start()];
    run(rig, async move {
        let client = client(rig);
        assert_eq!(content(client.get(url(&get_twice, "/")).send().await).await, "ok");
        let error = client.get(url(&get_twice, "/")).send().await.unwrap_err();
        assert!(matches!(&error, RequestError::Broken(_)) && error.may_retry(), "{error:?}");
        assert_eq!(get_twice.connections(), 2);

        assert_eq!(content(client.get(url(&post_twice, "/")).send().await).await, "ok");
        let error = client.post(url(&post_twice, "/")).send().await.unwrap_err();
        assert!(matches!(&error, RequestError::Broken(_)) && !error.may_retry(), "{error:?}");
        assert_eq!(post_twice.connections(), 1);
        assert_eq!(client.connections().connections, 0);
    });
}

// I10: behind the answer, at once and later; a body longer than announced is the same.
pub fn what_nobody_asked_for_costs_the_connection<R: Rig>(rig: R) {
    let sent = Arc::<AtomicUsize>::default();
    let told = Arc::clone(&sent);
    let server = server(move |path, mut peer| match path {
        "/another" => {
            peer.send(OK.repeat(2));
            peer.rest();
        }
        "/longer" => {
            peer.send(format!("{OK}, really"));
            peer.rest();
        }
        "/longer-than-none" => {
            peer.send("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok");
            peer.rest();
        }
        _ => {
            peer.send(OK);
            peer.head();
            peer.send(OK);
            peer.pause(SHORT);
            peer.send(OK);
            sent.fetch_add(1, SeqCst);
            peer.rest();
        }
    });
    run(rig, async move {
        let client = client(rig);
        for path in ["/another", "/longer", "/longer-than-none"] {
            let mut response = client.get(url(&server, path)).send().await.unwrap();
            let expected = if path == "/longer-than-none" { "" } else { "ok" };
            assert_eq!(response.body_mut().collect(100).await.unwrap(), expected, "{path}");
            is_over(&client, &server).await;
        }
        // What a runtime has learned of the socket with the first one is used up with the second one.
        for number in 1..=2 {
            let response = client.get(url(&server, "/later")).send().await.unwrap();
            assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), number);
            assert_eq!(content(Ok(response)).await, "ok");
        }
        within(|| told.load(SeqCst) == 1);
        // On one thread nobody hears of that until somebody waits.
        sleep::<<R::Runtime as Runtime>::Timer>(SHORT).await;
        // The idle one is looked at before it is used.
        assert_eq!(client.connections().idle, 1);
        let response = client.get(url(&server, "/fine")).send().await.unwrap();
        assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), 1);
        assert_eq!(content(Ok(response)).await, "ok");
        assert_eq!(client.connections().connections, 0);
    });
}

// obs-fold is unfolded (RFC 9112 section 5.2), and harms nobody.
pub fn folded_lines_are_unfolded(rig: impl Rig) {
    let server = RawServer::start(|_, mut peer| {
        for _ in 0..2 {
            peer.head();
            peer.send_slowly(["HTTP/1.1 200 OK\r\nA: b\r\n", " c\r\n\td\r\nContent-Length:\r\n", "  2\r\n\r\nok"]);
        }
    });
    run(rig, async move {
        let client = client(rig);
        for number in 1..=2 {
            let response = client.get(url(&server, "/")).send().await.unwrap();
            let words: Vec<_> = response.headers()["a"].to_str().unwrap().split_whitespace().collect();
            assert_eq!(words, ["b", "c", "d"]);
            assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), number);
            assert_eq!(content(Ok(response)).await, "ok");
        }
    });
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const INTERIM: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

/// What comes first, what comes over and over behind it, and what is wrong with that.
const FLOODS: &[(&str, &str, RecvErrorKind)] = &[
    ("", INTERIM, RecvErrorKind::TooManyInterim),
    ("", "\r\n", RecvErrorKind::TooManyEmptyLines),
    ("HTTP/1.1 200 ", "x", RecvErrorKind::HeadTooLong),
    ("HTTP/1.1 200 OK\r\n", "A: b\r\n", RecvErrorKind::TooManyFields),
    ("HTTP/1.1 200 OK\r\nA: ", "x", RecvErrorKind::HeadTooLong),
    ("HTTP/1.1 200 OK\r\nA: b\r\n", " c\r\n", RecvErrorKind::HeadTooLong),
    (CHUNKED, "0", RecvErrorKind::ChunkSizeOverflow),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", RecvErrorKind::ChunkExtensionTooLong),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", RecvErrorKind::TooManyTrailers),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", "x", RecvErrorKind::TrailersTooLong),
];

// X1: interim answers, a million of them; heads, lines, trailers without end. A bounded part is taken, and no more.
pub fn floods_are_read_as_far_as_their_bound(rig: impl Rig) {
    const MILLION: usize = 1_000_000;
    let taken = Arc::<AtomicU64>::default();
    let counted = Arc::clone(&taken);
    let server = server(move |path, mut peer| {
        let (front, piece, _) = FLOODS[path[1..].parse::<usize>().unwrap()];
        peer.small_buffers();
        peer.send(front);
        let block = 64 * 1024 / piece.len();
        for _ in 0..MILLION.div_ceil(block) {
            if peer.try_send(piece.repeat(block)).is_err() {
                return;
            }
            counted.fetch_add((piece.len() * block) as u64, SeqCst);
        }
    });
    run(rig, async move {
        let client = client(rig);
        for (number, (front, piece, expected)) in FLOODS.iter().enumerate() {
            taken.store(0, SeqCst);
            let hints = Arc::<AtomicUsize>::default();
            let count = Arc::clone(&hints);
            let request = client.get(url(&server, &format!("/{number}")));
            let request = request.on_informational(move |_| _ = count.fetch_add(1, SeqCst));
            let (_, told) = fault(request).await;
            assert_eq!(told, *expected, "{front:?}, then {piece:?}");
            let most = usize::from(Config::client().limits.interim);
            assert_eq!(hints.load(SeqCst), if *piece == INTERIM { most } else { 0 });
            // What the sockets hold is taken from the server as well.
            assert!(taken.load(SeqCst) <= 4 << 20, "{} octets of {piece:?}", taken.load(SeqCst));
            is_over(&client, &server).await;
        }
    });
}

// X6, N36: a head has its time as a whole, however it comes; content only while none comes, unless the whole exchange has
// its time.
pub fn a_slow_drip_has_its_deadlines(rig: impl Rig) {
    const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789";
    let server = server(|path, mut peer| {
        let (at_once, drops, most) = match path {
            "/head" => ("", WHOLE, WHOLE.len()),
            "/endless" => ("HTTP/1.1 200 OK\r\n\r\n", "0123456789", usize::MAX),
            _ => ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", "01234567890123456789", 20),
        };
        peer.send(at_once);
        for drop in drops.bytes().cycle().take(most) {
            if peer.try_send([drop]).is_err() {
                return;
            }
            peer.pause(Duration::from_millis(5));
        }
    });
    run(rig, async move {
        let mut config = Config::client();
        config.timeouts.head = SHORT;
        let hasty = client_with(rig, |client| client.config(Arc::new(config)));
        let error = hasty.get(url(&server, "/head")).send().await.unwrap_err();
        assert_eq!(error.timed_out(), Some(Phase::Head), "{error:?}");
        is_over(&hasty, &server).await;

        let client = client(rig);
        match client.get(url(&server, "/endless")).timeout(6 * SHORT).send().await {
            Ok(response) => match response.into_body().collect(1 << 20).await.unwrap_err() {
                BodyError::TooSlow => {}
                other => panic!("{other:?}"),
            },
            // On a machine that is slow itself.
            Err(error) => assert_eq!(error.timed_out(), Some(Phase::Whole), "{error:?}"),
        }
        is_over(&client, &server).await;
        assert_eq!(get(&client, url(&server, "/whole")).await, "01234567890123456789");
    });
}

// N31, N14: an endless answer is taken as far as somebody reads it, and ends when nobody does.
pub fn an_endless_answer_ends_with_its_reader(rig: impl Rig) {
    let ended = Arc::<AtomicUsize>::default();
    let seen = Arc::clone(&ended);
    let server = server(move |_, mut peer| {
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while peer.try_send([b'.'; 64 << 10]).is_ok() {}
        ended.fetch_add(1, SeqCst);
    });
    run(rig, async move {
        let client = client(rig);
        let mut body = client.get(url(&server, "/")).send().await.unwrap().into_body();
        let mut received = 0;
        while received < 4 << 20 {
            received += body.chunk().await.unwrap().unwrap().len();
        }
        drop(body);
        within(|| seen.load(SeqCst) == 1);
        is_over(&client, &server).await;
        let collected = client.get(url(&server, "/")).send().await.unwrap().into_body().collect(1 << 20).await;
        assert!(matches!(collected, Err(BodyError::TooLarge)), "{collected:?}");
    });
}

// N31: a server that takes nothing of the request, and closes or resets while it is sent.
pub fn a_server_that_only_accepts(rig: impl Rig) {
    let server = server(|path, peer| {
        if path == "/reset" {
            peer.reset();
        }
    });
    run(rig, async move {
        for path in ["/close", "/reset"] {
            for length in [0, 10, 10 << 20] {
                let client = client(rig);
                let body = Body::from(Bytes::from(vec![b'x'; length]));
                let error = client.post(url(&server, path)).body(body).send().await.unwrap_err();
                assert!(matches!(error, RequestError::Broken(_)) && !error.may_retry(), "{path} {length}: {error:?}");
                is_over(&client, &server).await;
            }
        }
    });
}
