//! Conversions to and from the types of the `http` crate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version as HttpVersion};
use http_proto::{
    BodyLength, Chunk, Client, Config, Connection, Event, FieldBlock, HttpError, HttpRequestHead, HttpResponseHead,
    ReasonPhrase, RecvBuf, RequestHead, SendBuf, SendError, Server, SplitHeaders, Version,
};
use std::sync::Arc;

fn received(request: &[u8]) -> Result<Request<()>, HttpError> {
    let mut connection = Connection::server(Arc::new(Config::server()));
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(request);
    match connection.recv(&mut input).unwrap() {
        Event::HeadersComplete(head) => head.try_into(),
        other => panic!("{other:?}"),
    }
}

fn answered(response: &[u8]) -> Result<Response<()>, HttpError> {
    let (mut connection, mut out) = (client(), SendBuf::new());
    connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut out).unwrap();
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(response);
    match connection.recv(&mut input).unwrap() {
        Event::HeadersComplete(head) => head.try_into(),
        other => panic!("{other:?}"),
    }
}

/// Where the first value of an answer lies that was made in `memory`.
fn made(response: &[u8], memory: &mut BytesMut) -> (Response<()>, *const u8) {
    let (mut connection, mut out) = (client(), SendBuf::new());
    connection.start(&RequestHead::get("h", "/"), BodyLength::Empty, &mut out).unwrap();
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(response);
    let Event::HeadersComplete(head) = connection.recv(&mut input).unwrap() else { panic!("no head") };
    let mut made = Response::new(());
    head.write_http(&mut made, memory).unwrap();
    let value = made.headers().values().next().unwrap().as_bytes().as_ptr();
    (made, value)
}

#[test]
fn memory_of_a_head_is_used_again_when_its_values_are_gone() {
    const ZERO: HeaderValue = HeaderValue::from_static("0");
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
    let mut memory = BytesMut::new();
    let (first, _) = made(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &mut memory);
    let (second, at) = made(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n", &mut memory);
    assert_eq!((&first.headers()["content-length"], &second.headers()["content-type"]), (&ZERO, &TEXT));
    drop(second);
    let (_third, again) = made(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n", &mut memory);
    assert_eq!(again, at);
    assert_eq!(first.headers()["content-length"], "0");
    // Not for the longest head that ever came.
    let mut memory = BytesMut::new();
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(5000));
    let (response, _) = made(long.as_bytes(), &mut memory);
    assert_eq!((response.headers()["x-long"].len(), memory.capacity()), (5000, 0));
}

/// Those that are told without a search, in either case and with any octet changed.
#[test]
fn usual_names_are_what_the_http_crate_takes_them_for() {
    let names = "host date etag vary accept cookie server origin referer user-agent connection set-cookie content-type \
        cache-control authorization if-none-match last-modified accept-ranges content-length accept-encoding \
        accept-language content-encoding transfer-encoding if-modified-since";
    let mut count = 0;
    let mut check = |name: &[u8]| {
        let value: &[u8] = if name.len() == "transfer-encoding".len() { b"chunked" } else { b"1" };
        let response = [b"HTTP/1.1 200 OK\r\n", name, b": ", value, b"\r\n\r\n"].concat();
        let response = answered(&response).unwrap();
        let expected = HeaderName::from_bytes(name).unwrap();
        assert_eq!(response.headers().iter().collect::<Vec<_>>(), [(&expected, &response.headers()[&expected])]);
        count += 1;
    };
    for name in names.split_whitespace() {
        check(name.as_bytes());
        check(name.to_uppercase().as_bytes());
        for at in 0..name.len() {
            for octet in (0x21..0x7f).filter(|octet| HeaderName::from_bytes(&[*octet]).is_ok()) {
                let mut changed = name.as_bytes().to_vec();
                changed.splice(at..=at, [octet]);
                check(&changed);
            }
        }
    }
    assert!(count > 10_000, "{count}");
}

fn client() -> Connection<Client> {
    Connection::client(Arc::new(Config::client()))
}

fn server(request: &str) -> Connection<Server> {
    let mut connection = Connection::server(Arc::new(Config::server()));
    let mut input = RecvBuf::<&[u8]>::new();
    input.feed(request.as_bytes());
    while !matches!(connection.recv(&mut input).unwrap(), Event::NeedInput | Event::Paused) {}
    connection
}

fn wire(out: &mut SendBuf) -> Vec<u8> {
    let mut octets = Vec::new();
    while let Some(Chunk::Octets(slice)) = out.front() {
        octets.extend_from_slice(slice);
        let length = slice.len() as u64;
        out.advance(length);
    }
    octets
}

/// What a client sends for this request.
fn sent(request: Request<()>, to_proxy: bool, body: BodyLength) -> Result<String, HttpError> {
    let (parts, ()) = request.into_parts();
    let head = HttpRequestHead::new(&parts, to_proxy)?;
    let mut out = SendBuf::new();
    client().start(&head.head(), body, &mut out)?;
    Ok(String::from_utf8(wire(&mut out)).unwrap())
}

fn get(uri: &str) -> http::request::Builder {
    Request::builder().uri(uri)
}

/// What a server answers to a GET with this response.
fn response(response: Response<()>, known: Option<u64>) -> Result<String, HttpError> {
    let (parts, ()) = response.into_parts();
    let head = HttpResponseHead::new(&parts)?;
    let body = head.split.body_length(known, false)?;
    let mut out = SendBuf::new();
    server("GET / HTTP/1.1\r\nHost: h\r\n\r\n").respond(&head.head(), body, &mut out)?;
    Ok(wire(&mut out).iter().map(|&c| char::from(c)).collect())
}

fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

#[test]
fn request_received() {
    let request = received(
        b"PATCH /a%20b?c=d HTTP/1.1\r\nHost: h:81\r\nX-Odd_Name: 1\r\nA: x\r\nx-odd_name:\r\nB: \xff\t\x80\r\n\r\n",
    )
    .unwrap();
    assert_eq!((request.method(), request.version()), (&http::Method::PATCH, HttpVersion::HTTP_11));
    assert_eq!(request.uri(), "/a%20b?c=d");
    let headers = request.headers();
    assert_eq!(headers.len(), 5);
    assert_eq!(headers["host"], "h:81");
    assert_eq!(headers.get_all("X-ODD_NAME").iter().collect::<Vec<_>>(), ["1", ""]);
    assert_eq!(headers["b"].as_bytes(), b"\xff\t\x80");
    assert!(request.extensions().get::<Version>().is_none());
}

#[test]
fn forms_of_targets() {
    let uri = |line: &str| received(format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).map(|r| r.uri().clone());
    let absolute = uri("GET http://[::1]:81/p?q").unwrap();
    let parts = (absolute.scheme_str(), absolute.authority().map(|a| a.as_str()), absolute.path(), absolute.query());
    assert_eq!(parts, (Some("http"), Some("[::1]:81"), "/p", Some("q")));
    assert_eq!(uri("OPTIONS *").unwrap().path(), "*");
    let authority = uri("CONNECT h:443").unwrap();
    assert_eq!((authority.authority().unwrap().as_str(), authority.scheme()), ("h:443", None));
    assert_eq!(uri("GET //a//b").unwrap().path(), "//a//b");
    // Valid here and not there.
    assert_eq!(uri("GET /<"), Err(HttpError::Uri));
    assert_eq!(uri("get /").unwrap(), Uri::from_static("/"));
}

#[test]
fn method_with_its_case() {
    for method in ["get", "M-SEARCH", "!#$%&'*+-.^_`|~", "AVeryLongMethodThatIsNotInline"] {
        let request = received(format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(request.method().as_str(), method);
    }
}

#[test]
fn versions_received() {
    let version = |version: &str| {
        let request = received(format!("GET / HTTP/{version}\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        (request.version(), request.extensions().get::<Version>().map(|version| version.minor()))
    };
    assert_eq!(version("1.0"), (HttpVersion::HTTP_10, None));
    assert_eq!(version("1.1"), (HttpVersion::HTTP_11, None));
    assert_eq!(version("1.4"), (HttpVersion::HTTP_11, Some(4)));
}

#[test]
fn response_received() {
    let response = answered(b"HTTP/1.0 404 Not Found\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n").unwrap();
    assert_eq!((response.status(), response.version()), (StatusCode::NOT_FOUND, HttpVersion::HTTP_10));
    assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(response.extensions().get::<ReasonPhrase>().is_none());
    for (line, reason) in [("404 Nicht da", "Nicht da"), ("200 ", ""), ("299 x", "x")] {
        let response = answered(format!("HTTP/1.1 {line}\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(response.extensions().get::<ReasonPhrase>().unwrap().0, reason);
    }
    assert!(answered(b"HTTP/1.1 299 \r\n\r\n").unwrap().extensions().is_empty());
    assert_eq!(answered(b"HTTP/1.1 999 \r\n\r\n").unwrap().status().as_u16(), 999);
    assert_eq!(answered(b"HTTP/1.1 099 \r\n\r\n").unwrap_err(), HttpError::Status);
    let newer = answered(b"HTTP/1.9 200 OK\r\n\r\n").unwrap();
    assert_eq!(
        (newer.version(), newer.extensions().get().map(|v: &Version| v.minor())),
        (HttpVersion::HTTP_11, Some(9))
    );
    let odd = answered(b"HTTP/1.1 200 \xff\r\n\r\n").unwrap();
    assert_eq!(odd.extensions().get::<ReasonPhrase>().unwrap().0, &b"\xff"[..]);
}

#[test]
fn trailers_received() {
    let mut connection = Connection::server(Arc::new(Config::server()));
    let mut input = RecvBuf::<&[u8]>::new();
    input
        .feed(b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nx-sum:\t\xff \r\n\r\n");
    assert!(matches!(connection.recv(&mut input), Ok(Event::HeadersComplete(_))));
    let Event::MessageComplete(trailers) = connection.recv(&mut input).unwrap() else { panic!("no end") };
    let map = HeaderMap::try_from(trailers).unwrap();
    let values: Vec<_> = map.get_all("x-sum").iter().map(HeaderValue::as_bytes).collect();
    assert_eq!((map.len(), values), (2, vec![&b"1"[..], b"\xff"]));
}

#[test]
fn errors_say_what_is_wrong() {
    use HttpError::{ContentLength, Expect, Field, Host, Option, Status, TooManyFields, TransferEncoding, Uri};
    let inner = SendError::RepeatedField;
    let errors = [Uri, Status, TooManyFields, Host, ContentLength, TransferEncoding, Expect, Option, Field(inner)];
    let mut texts: Vec<_> = errors.iter().map(HttpError::to_string).collect();
    assert_eq!(texts.last(), Some(&inner.to_string()));
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), errors.len());
    assert!(texts.iter().all(|text| text.len() > 3 && !text.ends_with('.')), "{texts:?}");
}

#[test]
fn names_of_every_tchar() {
    let request = received(b"GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~09aZ: v\r\n\r\n").unwrap();
    assert_eq!(request.headers()["!#$%&'*+-.^_`|~09az"], "v");
}

#[test]
fn fields_to_a_block() {
    let block = FieldBlock::try_from(&map(&[("a", " x\t"), ("b", "\u{e9}"), ("a", "")])).unwrap();
    assert_eq!(block.len(), 3);
    for name in ["host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "proxy-connection"] {
        assert_eq!(FieldBlock::try_from(&map(&[(name, "1")])), Err(SendError::FramingField), "{name}");
    }
    assert_eq!(FieldBlock::try_from(&map(&[("date", "x"), ("date", "y")])), Err(SendError::RepeatedField));
}

#[test]
fn targets_sent() {
    let line = |request: Request<()>, to_proxy| {
        sent(request, to_proxy, BodyLength::Empty).map(|sent| sent.lines().take(2).collect::<Vec<_>>().join("|"))
    };
    for (uri, to_proxy, expected) in [
        ("http://h:81/a?b", false, "GET /a?b HTTP/1.1|Host: h:81"),
        ("http://h", false, "GET / HTTP/1.1|Host: h"),
        ("http://h?q", false, "GET /?q HTTP/1.1|Host: h"),
        ("http://u:p@h/", false, "GET / HTTP/1.1|Host: h"),
        ("http://h:81/a?b", true, "GET http://h:81/a?b HTTP/1.1|Host: h:81"),
        ("https://u:p@h?q", true, "GET https://h/?q HTTP/1.1|Host: h"),
        ("http://[::1]:1", true, "GET http://[::1]:1/ HTTP/1.1|Host: [::1]:1"),
        // Where to connect, and no path.
        ("h:81", false, "GET / HTTP/1.1|Host: h:81"),
    ] {
        assert_eq!(line(get(uri).body(()).unwrap(), to_proxy).unwrap(), expected);
    }
    // The Host field counts where the target has no authority.
    let hosted = |uri: &str| get(uri).header("host", "other").body(()).unwrap();
    assert_eq!(line(hosted("/p"), false).unwrap(), "GET /p HTTP/1.1|Host: other");
    assert_eq!(line(hosted("http://h/p"), false).unwrap(), "GET /p HTTP/1.1|Host: other");
    assert_eq!(line(hosted("http://h/p"), true).unwrap(), "GET http://h/p HTTP/1.1|Host: h");
    assert_eq!(line(get("/p").body(()).unwrap(), false), Err(HttpError::Field(SendError::MissingHost)));
    assert_eq!(line(hosted("/p"), true), Err(HttpError::Uri));
    let options = |uri: &str| Request::builder().method("OPTIONS").uri(uri).header("host", "h").body(()).unwrap();
    for to_proxy in [false, true] {
        assert_eq!(line(options("*"), to_proxy).unwrap(), "OPTIONS * HTTP/1.1|Host: h");
    }
    // RFC 9112 section 3.2.4: without a path it is the server as a whole that is meant, on the whole way to it.
    for (target, last, to_the_next) in [
        ("http://h", "OPTIONS * HTTP/1.1|Host: h", "OPTIONS http://h HTTP/1.1|Host: h"),
        ("http://h/", "OPTIONS / HTTP/1.1|Host: h", "OPTIONS http://h/ HTTP/1.1|Host: h"),
        ("http://h?q", "OPTIONS /?q HTTP/1.1|Host: h", "OPTIONS http://h/?q HTTP/1.1|Host: h"),
        ("*", "OPTIONS * HTTP/1.1|Host: h", "OPTIONS * HTTP/1.1|Host: h"),
    ] {
        let passed_on = || received(format!("OPTIONS {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(line(passed_on(), false).unwrap(), last);
        assert_eq!(line(passed_on(), true).unwrap(), to_the_next);
    }
    let uri = Uri::builder().scheme("http").authority("h").path_and_query("*").build().unwrap();
    let whole = |to_proxy| line(Request::options(uri.clone()).body(()).unwrap(), to_proxy).unwrap();
    assert_eq!(whole(false), "OPTIONS * HTTP/1.1|Host: h");
    assert_eq!(whole(true), "OPTIONS http://h HTTP/1.1|Host: h");
}

#[test]
fn connect_sent() {
    let line = |uri: &str| {
        let request = Request::builder().method("CONNECT").uri(uri).body(()).unwrap();
        sent(request, true, BodyLength::Empty)
    };
    for (uri, authority) in [
        ("h:8443", "h:8443"),
        ("https://h", "h:443"),
        ("http://u@h/p", "h:80"),
        ("https://[::1]", "[::1]:443"),
        ("https://h:1", "h:1"),
    ] {
        let expected = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        assert_eq!(line(uri).unwrap(), expected);
    }
    assert_eq!(line("h"), Err(HttpError::Uri));
    assert_eq!(line("/p"), Err(HttpError::Uri));
}

#[test]
fn request_fields_are_split() {
    let request = get("http://h/")
        .method("POST")
        .header("connection", "close, TE, x-mine, Keep-Alive, Upgrade")
        .header("te", "trailers")
        .header("content-length", "5")
        .header("upgrade", "a/1, b")
        .header("expect", "100-Continue")
        .header("proxy-connection", "keep-alive")
        .header("accept", "*/*")
        .body(())
        .unwrap();
    let (parts, ()) = request.clone().into_parts();
    let split = SplitHeaders::new(&parts.headers).unwrap();
    assert_eq!((split.content_length, split.close, split.expect_continue, split.chunked), (Some(5), true, true, false));
    assert_eq!((&split.upgrade[..], &split.connection_options[..]), (&["a/1", "b"][..], &["x-mine"][..]));
    assert_eq!(split.block.len(), 2);
    let expected = "POST / HTTP/1.1\r\nHost: h\r\nte: trailers\r\naccept: */*\r\nExpect: 100-continue\r\n\
                    Content-Length: 5\r\nUpgrade: a/1, b\r\nConnection: close, upgrade, TE, x-mine\r\n\r\n";
    assert_eq!(sent(request, false, split.body_length(None, false).unwrap()).unwrap(), expected);
}

#[test]
fn versions_sent() {
    for (version, line) in [
        (HttpVersion::HTTP_10, "GET / HTTP/1.0\r\n"),
        (HttpVersion::HTTP_11, "GET / HTTP/1.1\r\n"),
        (HttpVersion::HTTP_2, "GET / HTTP/1.1\r\n"),
    ] {
        let request = get("http://h/").version(version).body(()).unwrap();
        assert!(sent(request, false, BodyLength::Empty).unwrap().starts_with(line));
    }
}

#[test]
fn contradictions_are_refused() {
    let split = |fields: &[(&'static str, &str)]| SplitHeaders::new(&map(fields)).map(|split| split.content_length);
    assert_eq!(split(&[("content-length", "5"), ("content-length", "5")]), Ok(Some(5)));
    assert_eq!(split(&[("content-length", "18446744073709551615")]), Ok(Some(u64::MAX)));
    for value in ["", "+5", "-1", "5, 5", "0x5", "18446744073709551616", "184467440737095516150", "5 5"] {
        assert_eq!(split(&[("content-length", value)]), Err(HttpError::ContentLength), "{value}");
    }
    assert_eq!(split(&[("content-length", "5"), ("content-length", "6")]), Err(HttpError::ContentLength));
    assert_eq!(split(&[("content-length", "5"), ("transfer-encoding", "chunked")]), Err(HttpError::ContentLength));
    for value in ["gzip", "gzip, chunked", "chunked, chunked", ""] {
        assert_eq!(split(&[("transfer-encoding", value)]), Err(HttpError::TransferEncoding), "{value}");
    }
    let twice = [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
    assert_eq!(split(&twice), Err(HttpError::TransferEncoding));
    assert_eq!(split(&[("expect", "x")]), Err(HttpError::Expect));
    assert_eq!(split(&[("host", "a"), ("host", "a")]), Err(HttpError::Host));
    assert_eq!(split(&[("date", "x"), ("date", "y")]), Err(HttpError::Field(SendError::RepeatedField)));
    // What is not text can neither be repeated nor compared.
    for (name, error) in [("upgrade", HttpError::Option), ("connection", HttpError::Option), ("host", HttpError::Host)]
    {
        let odd = || HeaderValue::from_bytes(b"\xff").unwrap();
        let (request, ()) = get("/").header(name, odd()).body(()).unwrap().into_parts();
        assert_eq!(HttpRequestHead::new(&request, false).map(|_| ()), Err(error), "{name}");
        let (response, ()) = Response::builder().header(name, odd()).body(()).unwrap().into_parts();
        assert_eq!(HttpResponseHead::new(&response).map(|_| ()), Err(error), "{name}");
    }
}

#[test]
fn body_lengths() {
    let with = map(&[("content-length", "5")]);
    let (with, without) = (SplitHeaders::new(&with).unwrap(), SplitHeaders::default());
    assert_eq!(with.body_length(Some(5), false), Ok(BodyLength::Exact(5)));
    assert_eq!(with.body_length(None, false), Ok(BodyLength::Exact(5)));
    assert_eq!(with.body_length(Some(4), false), Err(HttpError::ContentLength));
    assert_eq!(without.body_length(Some(0), false), Ok(BodyLength::Empty));
    assert_eq!(without.body_length(Some(7), false), Ok(BodyLength::Exact(7)));
    assert_eq!(without.body_length(None, false), Ok(BodyLength::Unknown));
    // The length is that of the answer to GET.
    assert_eq!(with.body_length(Some(0), true), Ok(BodyLength::Exact(5)));
    assert_eq!(with.body_length(None, true), Ok(BodyLength::Exact(5)));
    assert_eq!(without.body_length(Some(7), true), Ok(BodyLength::Exact(7)));
    assert_eq!(without.body_length(Some(0), true), Ok(BodyLength::Unknown));
    assert_eq!(without.body_length(None, true), Ok(BodyLength::Unknown));
}

#[test]
fn responses_sent() {
    let plain = Response::builder().header("content-type", "text/plain").body(()).unwrap();
    let expected = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(response(plain, Some(3)).unwrap(), expected);
    let framed = Response::builder()
        .header("transfer-encoding", "chunked")
        .header("connection", "keep-alive")
        .header("keep-alive", "timeout=5")
        .header("host", "h")
        .body(())
        .unwrap();
    let expected =
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nTransfer-Encoding: chunked\r\nConnection: Keep-Alive\r\n\r\n";
    assert_eq!(response(framed, None).unwrap(), expected);
    let mut odd = Response::builder().status(404).header("connection", "close").body(()).unwrap();
    odd.extensions_mut().insert(ReasonPhrase(Bytes::from_static(b"Nicht da\xe9")));
    let expected = "HTTP/1.1 404 Nicht da\u{e9}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(response(odd, Some(0)).unwrap(), expected);
    let mut bad = Response::new(());
    bad.extensions_mut().insert(ReasonPhrase(Bytes::from_static(b"a\r\nb")));
    assert_eq!(response(bad, Some(0)), Err(HttpError::Field(SendError::InvalidReason)));
    let dated = Response::builder().header("date", "Sun, 06 Nov 1994 08:49:37 GMT").body(()).unwrap();
    assert!(HttpResponseHead::new(&dated.into_parts().0).unwrap().split.has_date);
}

#[test]
fn upgrade_answered() {
    let (parts, ()) = Response::builder()
        .status(101)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", "x")
        .body(())
        .unwrap()
        .into_parts();
    let head = HttpResponseHead::new(&parts).unwrap();
    let mut out = SendBuf::new();
    let request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    server(request).upgrade(&head.head(), &mut out).unwrap();
    let expected = "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: x\r\nUpgrade: websocket\r\n\
                    Connection: upgrade\r\n\r\n";
    assert_eq!(wire(&mut out), expected.as_bytes());
}

#[test]
fn there_and_back() {
    let request = b"PUT /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\nX: \xfe y\r\nX: z\r\n\r\n";
    let (parts, ()) = received(request).unwrap().into_parts();
    let head = HttpRequestHead::new(&parts, false).unwrap();
    let body = head.split.body_length(None, false).unwrap();
    let mut out = SendBuf::new();
    client().start(&head.head(), body, &mut out).unwrap();
    let expected = b"PUT /p?q HTTP/1.1\r\nHost: h:1\r\nx: \xfe y\r\nx: z\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(wire(&mut out), expected);
    assert_eq!(received(expected).unwrap().headers(), &parts.headers);
}
