//! One exchange: states, events, heads, the reset behind it.

use http_proto::{
    BodyLength, Client, Connection, FieldBlock, RecvBuf, RequestHead, ResponseHead, SendBuf, SendError, Server, State,
    TargetForm,
};
use tests::pair::one::One;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: ResponseHead<'static> = ResponseHead::new(200);

#[test]
fn i1_send_before_start_is_refused_and_emits_nothing() {
    let mut client = One::client();
    assert_eq!(client.connection.send(b"x", &mut client.out), Err(SendError::NoMessage));
    assert_eq!(client.connection.finish(None, &mut client.out), Err(SendError::NoMessage));
    let mut server = One::server();
    server.hear(GET);
    assert_eq!(server.connection.send(b"x", &mut server.out), Err(SendError::NoMessage));
    assert_eq!((client.written(), server.written()), (String::new(), String::new()));
    assert_eq!(client.connection.state(), State::ReceivingHeaders);
}

// I5: the paths that a server takes through the states, one event or command after the other.
#[test]
fn i5_states_of_a_server() {
    use State::{
        Closed, Closing, DispatchingOrSending as Dispatching, ReceivingBody as Body, ReceivingHeaders as Head,
    };
    let mut server = One::server();
    let mut path = vec![server.connection.state()];
    assert_eq!(server.input.fill_from(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"), 48);
    for _ in 0..3 {
        server.connection.step(&mut server.input).unwrap();
        path.push(server.connection.state());
    }
    server.connection.respond(&OK, BodyLength::Exact(1), &mut server.out).unwrap();
    path.push(server.connection.state());
    let _ = server.connection.send(b"y", &mut server.out).unwrap();
    server.connection.finish(None, &mut server.out).unwrap();
    path.push(server.connection.state());
    assert_eq!(path, [Head, Body, Body, Dispatching, Dispatching, Head]);

    path.clear();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Streaming, &mut server.out).unwrap();
    path.push(server.connection.state());
    server.connection.finish(None, &mut server.out).unwrap();
    path.push(server.connection.state());
    server.hear(GET);
    server.connection.respond(&OK.close(), BodyLength::Empty, &mut server.out).unwrap();
    path.push(server.connection.state());
    server.written();
    server.input.set_end(http_proto::End::Clean);
    assert_eq!(server.events(), ["Closed"]);
    server.connection.poll_timeout(http_proto::Instant::ORIGIN, &server.out);
    path.push(server.connection.state());
    assert_eq!(path, [State::Streaming, Head, Closing, Closed]);
}

// I5: what leads where at all.
#[test]
fn i5_no_way_back() {
    for from in State::ALL {
        for to in State::ALL {
            let back = match from {
                State::ReceivingHeaders | State::ReceivingBody | State::DispatchingOrSending | State::Streaming => {
                    false
                }
                State::Upgraded => !matches!(to, State::Upgraded | State::Closing | State::Closed),
                State::Closing => !matches!(to, State::Closing | State::Closed),
                State::Closed => to != State::Closed,
            };
            assert_eq!(from.may_become(to), !back, "{from:?} to {to:?}");
        }
        // From every state there is a way to the end.
        assert!(from.may_become(State::Closed));
    }
}

#[test]
fn i7_head_payload_completion() {
    let mut server = One::server();
    let request =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n";
    assert_eq!(server.hear(format!("{request}{GET}")), ["H POST /a HTTP/1.1", "P abc", "M T=1", "Paused"]);
    server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
    assert_eq!(server.events(), ["H GET / HTTP/1.1", "M", "NeedInput"]);
}

/// An exchange as a server sees it: octets of the request, and the answer.
type Script = (&'static str, fn(&mut One<Server>));

fn respond(server: &mut One<Server>, head: ResponseHead<'_>, body: BodyLength, content: &[u8]) {
    server.connection.respond(&head, body, &mut server.out).unwrap();
    if !content.is_empty() {
        let _ = server.connection.send(content, &mut server.out).unwrap();
    }
    if body != BodyLength::Empty {
        server.connection.finish(None, &mut server.out).unwrap();
    }
}

const SCRIPTS: [Script; 9] = [
    (GET, |server| respond(server, OK, BodyLength::Empty, b"")),
    ("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n", |server| respond(server, OK, BodyLength::Exact(5), b"")),
    ("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", |server| {
        respond(server, OK, BodyLength::Unknown, b"x")
    }),
    ("GET /1.0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", |server| respond(server, OK, BodyLength::Exact(1), b"x")),
    ("PUT /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nc", |server| {
        respond(server, ResponseHead::new(204), BodyLength::Empty, b"");
    }),
    ("GET /u HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", |server| {
        respond(server, ResponseHead::new(404), BodyLength::Empty, b"");
    }),
    ("\r\nGET /s HTTP/1.1\r\nHost: h\r\n\r\n", |server| respond(server, OK, BodyLength::Streaming, b"tick")),
    ("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nz\r\n0\r\nT: 1\r\n\r\n", |server| {
        server.connection.inform(&ResponseHead::new(103), &mut server.out).unwrap();
        server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
        let trailers = FieldBlock::from_fields([("T", b"1".as_slice())]).unwrap();
        server.connection.finish(Some(&trailers), &mut server.out).unwrap();
    }),
    ("GET /304 HTTP/1.1\r\nHost: h\r\n\r\n", |server| {
        respond(server, ResponseHead::new(304), BodyLength::Exact(9), b"")
    }),
];

#[test]
fn i9_every_exchange_behind_every_other_is_as_on_a_fresh_connection() {
    let run = |server: &mut One<Server>, script: Script| {
        let heard = server.hear(script.0);
        (script.1)(server);
        (heard, server.written(), server.connection.state(), server.interest(), server.connection.outstanding())
    };
    for before in SCRIPTS {
        for script in SCRIPTS {
            let mut used = One::server();
            run(&mut used, before);
            assert_eq!(run(&mut used, script), run(&mut One::server(), script), "behind {}", before.0);
        }
    }
}

#[test]
fn i9_a_client_starts_afresh_too() {
    let post = RequestHead::new("POST", "/").host("h").expect_continue();
    let run = |client: &mut One<Client>| {
        client.connection.start(&post, BodyLength::Unknown, &mut client.out).unwrap();
        let waits = client.connection.send(b"x", &mut client.out);
        let heard = client.hear("HTTP/1.1 100 \r\n\r\n");
        let _ = client.connection.send(b"x", &mut client.out).unwrap();
        client.connection.finish(None, &mut client.out).unwrap();
        let answered = client.hear("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny");
        (waits, heard, answered, client.written(), client.interest(), client.connection.is_reusable())
    };
    let mut used = One::client();
    let first = run(&mut used);
    assert_eq!(first.0, Err(SendError::AwaitingContinue));
    assert_eq!(run(&mut used), first);
}

#[test]
fn i21_the_head_is_sent_once() {
    let mut server = One::server();
    server.hear(GET);
    server.connection.respond(&OK, BodyLength::Unknown, &mut server.out).unwrap();
    let written = server.written();
    assert_eq!(server.connection.respond(&OK, BodyLength::Unknown, &mut server.out), Err(SendError::AlreadyResponded));
    assert_eq!(server.connection.inform(&ResponseHead::new(103), &mut server.out), Err(SendError::AlreadyResponded));
    server.connection.finish(None, &mut server.out).unwrap();
    assert_eq!(server.connection.respond(&OK, BodyLength::Empty, &mut server.out), Err(SendError::NothingToAnswer));
    assert_eq!((written.matches("HTTP/1.1").count(), server.written().as_str()), (1, "0\r\n\r\n"));
}

#[test]
fn i25_targets_of_all_forms_both_ways() {
    use TargetForm::{Absolute, Asterisk, Authority, Origin};
    let valid = [
        ("GET", "/", Some("h"), Origin, Some("h")),
        ("GET", "/a/b?c=d&e", Some("h:8080"), Origin, Some("h:8080")),
        ("OPTIONS", "*", Some("h"), Asterisk, Some("h")),
        ("GET", "http://other:81/x?y", None, Absolute, Some("other:81")),
        ("GET", "http://[::1]/", None, Absolute, Some("[::1]")),
        ("CONNECT", "h:443", None, Authority, Some("h:443")),
        ("GET", "/", Some(""), Origin, None),
    ];
    for (method, target, host, form, authority) in valid {
        let mut client = One::client();
        let mut head = RequestHead::new(method, target);
        head.host = host;
        client.connection.start(&head, BodyLength::Empty, &mut client.out).unwrap();
        let mut server = One::server();
        assert!(server.input.fill_from(client.written().as_bytes()) > 0);
        let http_proto::Event::HeadersComplete(request) = server.connection.recv(&mut server.input).unwrap() else {
            panic!("no head for {target}");
        };
        assert_eq!((request.method(), request.target()), (method, target));
        assert_eq!((request.target_form(), request.authority()), (form, authority), "{target}");
    }
    let invalid = [
        ("GET", "*"),
        ("GET", "h:443"),
        ("GET", ""),
        ("GET", "/a b"),
        ("GET", "/a#b"),
        ("GET", "/\u{e9}"),
        ("GET", "http://u@h/"),
        ("GET", "http:///"),
        ("CONNECT", "h"),
        ("CONNECT", "/"),
        ("CONNECT", "h:"),
        ("CONNECT", "h:65536"),
        ("OPTIONS", "**"),
    ];
    for (method, target) in invalid {
        let mut client = One::client();
        let refused =
            client.connection.start(&RequestHead::new(method, target).host("h"), BodyLength::Empty, &mut client.out);
        assert_eq!(refused, Err(SendError::InvalidTarget), "{method} {target}");
        let heard = One::server().hear(format!("{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert!(heard.len() == 1 && heard[0].contains("Invalid"), "{method} {target}: {heard:?}");
    }
}

#[test]
fn n25_original_case_and_order_and_look_up_without_case() {
    let mut server = One::server();
    let octets = "GET / HTTP/1.1\r\nhOSt: h\r\nX-b: 2\r\nx-A: 1\r\nX-B:\t3 \r\n\r\n";
    assert!(server.input.fill_from(octets.as_bytes()) > 0);
    let http_proto::Event::HeadersComplete(request) = server.connection.recv(&mut server.input).unwrap() else {
        panic!("no head");
    };
    let fields: Vec<(&str, &[u8])> = request.fields().iter().collect();
    assert_eq!(fields, [("hOSt", b"h".as_slice()), ("X-b", b"2"), ("x-A", b"1"), ("X-B", b"3")]);
    assert_eq!(request.fields().get_all("x-B").collect::<Vec<_>>(), [b"2", b"3"]);
    assert_eq!(request.fields().combined("X-B").unwrap(), b"2, 3");

    let sent = [("x-Z", b"1".as_slice()), ("X-y", b"\xff"), ("X-z", b"")];
    let mut client = One::client();
    client.connection.start(&RequestHead::get("h", "/").fields(&sent), BodyLength::Empty, &mut client.out).unwrap();
    let mut slices = [std::io::IoSlice::new(b"")];
    assert_eq!(client.out.io_slices(&mut slices), 1);
    assert_eq!(&slices[0][..], b"GET / HTTP/1.1\r\nHost: h\r\nx-Z: 1\r\nX-y: \xff\r\nX-z: \r\n\r\n");
}

// L14: no lock inside, and nothing that ties it to a thread.
#[test]
fn l14_a_connection_is_self_contained() {
    const fn is_send<T: Send + 'static>() {}
    const _: () = {
        is_send::<Connection<Server>>();
        is_send::<Connection<Client>>();
        is_send::<RecvBuf<Vec<u8>>>();
        is_send::<RecvBuf<bytes::BytesMut>>();
        is_send::<RecvBuf<bytes::Bytes>>();
        is_send::<SendBuf>();
    };
    // It moves with its state.
    let mut server = One::server();
    server.hear(GET);
    let mut server = std::thread::spawn(move || {
        server.connection.respond(&OK, BodyLength::Empty, &mut server.out).unwrap();
        server
    })
    .join()
    .unwrap();
    assert_eq!(server.written(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}
