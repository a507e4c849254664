//! The calls: those of both roles, and those that only one has.

use super::{EXTERNAL, Runner};
use crate::pair::inbox::Inbox;
use crate::pair::source::Source;
use bytes::Bytes;
use http_proto::{
    BodyLength, Client, Config, Connection, End, FieldBlock, Request, RequestHead, Response, ResponseHead, Role,
    SendBuf, SendError, Server, Version,
};
use std::sync::Arc;

/// What the two roles do differently.
pub(super) trait Side: Role + std::fmt::Debug {
    const IS_SERVER: bool;

    fn connection(config: Arc<Config>) -> Connection<Self>;

    /// The request that a head makes outstanding, with whether it offers an upgrade, and whether the head is interim.
    fn read_head(head: &Self::Head<'_>) -> (Option<(Vec<u8>, bool)>, bool);

    /// Octets that a peer could send.
    fn template(source: &mut Source<'_>) -> &'static [u8];

    fn call<'a, S: Inbox<'a>>(runner: &mut Runner<Self, S>, source: &mut Source<'a>);

    /// What holds after every call.
    fn check(connection: &Connection<Self>, out: &SendBuf);
}

/// One call, of any kind.
pub(super) fn call<'a, R: Side, S: Inbox<'a>>(runner: &mut Runner<R, S>, source: &mut Source<'a>) {
    match source.octet() % 32 {
        0..=5 => give(runner, source, true),
        6 => {
            let count = source.size();
            let octets = source.take(count);
            put(runner, octets);
        }
        7..=9 => runner.pump(usize::MAX),
        10 => runner.pump(1),
        11 => runner.retain(),
        12..=16 => R::call(runner, source),
        17 => {
            let payload = vec![b'p'; source.size()];
            runner.sending(&payload, |connection, out| connection.send(&payload, out));
        }
        18 => {
            let payload = Bytes::from(vec![b'o'; source.size()]);
            runner.sending(&payload, |connection, out| connection.send_owned(payload.clone(), out));
        }
        19 => {
            let payload = vec![EXTERNAL; source.size()];
            runner.sending(&payload, |connection, out| connection.send_external(payload.len() as u64, out));
        }
        20 => finish(runner, source),
        21 => {
            let count = source.size() as u64;
            runner.write(count);
        }
        22 => runner.write(u64::MAX),
        23 => runner.pop_owned(),
        24 => {
            let (seconds, nanos) = (u64::from(source.octet()), u64::from(source.octet()));
            runner.pass(seconds * 500_000_000 + nanos);
        }
        25 => lend(runner, source),
        26 => {
            runner.input.release();
            runner.out.release();
        }
        27 => runner.connection.discard(),
        28 => rare(runner, source),
        29..=31 => give(runner, source, false),
        _ => unreachable!("a remainder of 32"),
    }
}

/// A message that makes sense, whole or in part, and mostly read at once.
fn give<'a, R: Side, S: Inbox<'a>>(runner: &mut Runner<R, S>, source: &mut Source<'a>, whole: bool) {
    let template = R::template(source);
    if whole {
        put(runner, template);
        runner.pump(usize::MAX);
        return;
    }
    let (head, tail) = template.split_at(source.below(template.len() + 1));
    put(runner, head);
    if source.one_in(2) {
        runner.pump(usize::MAX);
        put(runner, tail);
    }
}

/// More than a buffer takes is not read.
fn put<'a, R: Side, S: Inbox<'a>>(runner: &mut Runner<R, S>, octets: &'a [u8]) {
    if runner.lent.is_none() && runner.input.unread_len() < 100_000 {
        S::give(&mut runner.input, octets);
    }
}

fn finish<'a, R: Side, S: Inbox<'a>>(runner: &mut Runner<R, S>, source: &mut Source<'a>) {
    let mut trailers = FieldBlock::new();
    if source.one_in(3) {
        trailers.push(source.one_of(&["X-Sum", "Content-Length", "Trailer", "Etag"]), b"1").unwrap_or(());
    }
    let trailers = if trailers.is_empty() && source.one_in(2) { None } else { Some(trailers) };
    let count = trailers.as_ref().map_or(0, FieldBlock::len);
    if runner.command(|connection, out| connection.finish(trailers.as_ref(), out)).is_ok() {
        runner.wire.finished(count);
    }
}

fn lend<'a, R: Side, S: Inbox<'a>>(runner: &mut Runner<R, S>, source: &mut Source<'a>) {
    match runner.lent.take() {
        None => runner.lent = S::lend(&mut runner.input),
        Some(storage) => {
            if source.one_in(4) {
                let refused = S::restore(&mut runner.input, S::default(), &[]);
                if refused {
                    // Nothing was unread, so that an empty storage is as good as the one that was lent.
                    return;
                }
            }
            assert!(S::restore(&mut runner.input, storage, R::template(source)), "what was lent");
        }
    }
}

/// Calls after which there is little left to do.
fn rare<'a, R: Side, S: Inbox<'a>>(runner: &mut Runner<R, S>, source: &mut Source<'a>) {
    match source.octet() % 16 {
        0..=3 => runner.end(End::Clean),
        4 => runner.end(End::Aborted),
        5..=8 => runner.connection.shutdown(),
        9 | 10 => runner.connection.abort(),
        11 | 12 => runner.connection.abandon(),
        13 | 14 => runner.failing(|connection, _| connection.delivery_failed()),
        _ => {
            // Whatever the peer says after that, it was asked to go.
            runner.connection.shutdown();
            runner.connection.discard();
        }
    }
}

fn body_length(source: &mut Source<'_>) -> BodyLength {
    match source.octet() % 6 {
        0 | 1 => BodyLength::Empty,
        2 => BodyLength::Exact(source.size() as u64),
        3 => BodyLength::Exact(0),
        4 => BodyLength::Unknown,
        5 => BodyLength::Streaming,
        _ => unreachable!("a remainder of 6"),
    }
}

const FIELDS: [&[(&str, &[u8])]; 8] = [
    &[],
    &[("Content-Type", b"text/plain")],
    &[("X-A", b""), ("x-a", b"\xff")],
    &[("Te", b"trailers"), ("Keep-Alive", b"timeout=5")],
    &[("Content-Length", b"5")],
    &[("X-Bad", b"a\r\nb")],
    &[("bad name", b"v")],
    &[("Transfer-Encoding", b"chunked")],
];

impl Side for Server {
    const IS_SERVER: bool = true;

    fn connection(config: Arc<Config>) -> Connection<Self> {
        Connection::server(config)
    }

    fn read_head(head: &Request<'_>) -> (Option<(Vec<u8>, bool)>, bool) {
        assert!(format!("{head:?}").contains(head.method()));
        assert_eq!(head.to_owned().view().map(|view| view.target().to_owned()).as_deref(), Some(head.target()));
        (Some((head.method().into(), head.upgrade_offered())), false)
    }

    fn template(source: &mut Source<'_>) -> &'static [u8] {
        source.one_of(&[
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /a HTTP/1.1\r\nHost: h\r\n\r\nHEAD /b HTTP/1.1\r\nHost: h\r\n\r\n",
            b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
            b"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nX-T: 1\r\n\r\n",
            b"PUT /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
            b"hello",
            b"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /u HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket, x/2\r\n\r\n",
            b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
            b"GET /old HTTP/1.0\r\n\r\n",
            b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"POST /u HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x/2\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
            b"\r\n",
            b"\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            b"0\r\n\r\n",
            b"\x81\x00tail",
        ])
    }

    fn call<'a, S: Inbox<'a>>(runner: &mut Runner<Self, S>, source: &mut Source<'a>) {
        let kind = source.octet() % 16;
        let mut head = ResponseHead::new(match kind {
            0..=7 => source.one_of(&[200, 404, 204, 304, 205, 500, 417, 101, 100, 42, 1000, 999]),
            8..=10 => source.one_of(&[103, 102, 199, 100, 101, 200]),
            11..=13 => source.one_of(&[101, 200, 204, 205, 299, 404]),
            _ => 200,
        });
        let extras = source.octet();
        head.fields = FIELDS[if extras & 0x80 == 0 { usize::from(extras & 3) } else { usize::from(extras & 7) }];
        head.close = extras & 0x18 == 0x18;
        head.reason = if extras & 0x60 == 0x60 { Some(b"Because") } else { None };
        match kind {
            0..=7 => {
                let length = body_length(source);
                if runner.command(|connection, out| connection.respond(&head, length, out)).is_ok() {
                    runner.wire.answered(head.status, length == BodyLength::Empty);
                }
            }
            8..=10 => {
                head.close = false;
                if runner.command(|connection, out| connection.inform(&head, out)).is_ok() {
                    runner.wire.informed(head.status);
                }
            }
            11..=13 => upgrade(runner, head, source),
            14 => {
                if runner.command(|connection, out| connection.proceed(out)).is_ok() {
                    runner.wire.informed(100);
                }
            }
            _ => {
                let Some(error) = runner.failure else { return };
                if runner.command(|connection, out| connection.refuse(error, None, out)).is_ok() {
                    runner.wire.answered(error.status().expect("an answer"), true);
                }
            }
        }
    }

    fn check(connection: &Connection<Self>, _: &SendBuf) {
        assert!(!connection.awaiting_continue() || connection.outstanding() > 0);
    }
}

fn upgrade<'a, S: Inbox<'a>>(runner: &mut Runner<Server, S>, mut head: ResponseHead<'_>, source: &mut Source<'a>) {
    head.upgrade = source.one_of(&[None, Some("websocket"), Some("x/2"), Some("other")]);
    let call = |connection: &mut Connection<Server>, out: &mut SendBuf| connection.upgrade(&head, out);
    if runner.command(call).is_ok() {
        runner.wire.answered(head.status, true);
    }
}

impl Side for Client {
    const IS_SERVER: bool = false;

    fn connection(config: Arc<Config>) -> Connection<Self> {
        Connection::client(config)
    }

    fn read_head(head: &Response<'_>) -> (Option<(Vec<u8>, bool)>, bool) {
        assert!(format!("{head:?}").contains("fields"));
        assert_eq!(head.to_owned().view().map(|view| view.status()), Some(head.status()));
        (None, head.is_interim())
    }

    fn template(source: &mut Source<'_>) -> &'static [u8] {
        source.one_of(&[
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n",
            b"HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x/2\r\n\r\ntail",
            b"HTTP/1.1 200 OK\r\n\r\nuntil the close",
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab",
            b"HTTP/1.1 417 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 404 Not\r\n Found: no\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
            b"\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        ])
    }

    fn call<'a, S: Inbox<'a>>(runner: &mut Runner<Self, S>, source: &mut Source<'a>) {
        let method =
            source.one_of(&["GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "TRACE", "QUERY", "bad method"]);
        let target = match method {
            "CONNECT" => source.one_of(&["h:443", "h:443", "/"]),
            "OPTIONS" => source.one_of(&["*", "/o", "http://h/o"]),
            _ => source.one_of(&["/", "/a?b", "http://h/c", "*", "h:1", ""]),
        };
        let extras = source.octet();
        let mut head = RequestHead::new(method, target);
        head.host = [Some("h"), Some("h"), None, Some("h:443")][usize::from(extras & 3)];
        if method == "CONNECT" && extras & 3 < 2 {
            head.host = None;
        }
        head.fields =
            FIELDS[if extras & 0x20 == 0 { usize::from(extras >> 2 & 3) } else { usize::from(extras >> 2 & 7) }];
        head.close = extras & 0xc0 == 0xc0;
        let more = source.octet();
        head.expect_continue = more & 3 == 3;
        head.upgrade = if more & 0x0c == 0x0c { &["x/2", "websocket"] } else { &[] };
        if more & 0x30 == 0x30 {
            head.version = Version::HTTP_10;
        }
        let length = body_length(source);
        let call = |connection: &mut Connection<Client>, out: &mut SendBuf| -> Result<(), SendError> {
            connection.start(&head, length, out)
        };
        if runner.command(call).is_ok() {
            runner.wire.started(method, target, length == BodyLength::Empty);
        }
    }

    fn check(connection: &Connection<Self>, out: &SendBuf) {
        let unanswered: Vec<_> = connection.unanswered(out).collect();
        assert_eq!(unanswered.len(), connection.outstanding());
        assert!(unanswered.is_sorted_by_key(|request| !request.left), "they leave in their order: {unanswered:?}");
        assert!(unanswered.iter().skip(1).all(|request| !request.answer_begun), "and are answered in it");
        if connection.awaits_answer(out) {
            assert!(connection.interest(out).read && unanswered.first().is_some_and(|oldest| oldest.sent));
        }
    }
}
