//! Lists and what they are made of: RFC 9110 sections 5.6 and 7.6, and options of Connection and TE.

use crate::support::*;
use http_proto::{BodyLength, FieldBlock, Framing, RequestHead, ResponseHead, SendError};

checks![
    no_empty_elements_are_sent,
    empty_elements_are_ignored,
    no_blanks_are_sent_in_lists,
    connection_options,
    listed_options,
    options_of_end_to_end_fields,
    end_to_end_fields,
    te_with_its_option,
    te_without_chunked,
    allow_field,
    proxy_connection,
];

/// The options that Connection lists in a sent head.
fn connection_of(sent: &str) -> Option<&str> {
    head_of(sent).lines().find_map(|line| line.strip_prefix("Connection: "))
}

#[test]
fn no_empty_elements_are_sent() {
    covers!("R9110-5.6.1.1-01");
    for option in ["", " ", ","] {
        let options = [option];
        let head = RequestHead { connection_options: &options, ..RequestHead::get("h", "/") };
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::InvalidConnectionOption));
    }
    assert_eq!(FieldBlock::allow(&["GET", ""]), Err(SendError::InvalidMethod));
    assert_eq!(FieldBlock::trailer(&["A", ""]), Err(SendError::InvalidFieldName));
    assert_eq!(FieldBlock::trailer(&[]), Err(SendError::InvalidFieldName));
    assert_eq!(
        asked(&RequestHead::get("h", "/").upgrade(&["a", ""]), BodyLength::Empty),
        Err(SendError::InvalidUpgrade)
    );
    let head = RequestHead { connection_options: &["x", "y"], ..RequestHead::get("h", "/").upgrade(&["a", "b/1"]) };
    let sent = asked(&head.close(), BodyLength::Empty).unwrap();
    assert_eq!(connection_of(&sent), Some("close, upgrade, x, y"));
    assert!(sent.contains("\r\nUpgrade: a, b/1\r\n"));
}

#[test]
fn empty_elements_are_ignored() {
    covers!("R9110-5.6.1.2-01");
    for value in [", close,", ",,close", "close,,", " , \t, close , ,x", ",CLOSE"] {
        assert!(!accepts(get(&format!("Connection: {value}\r\n"))).head().keep_alive, "{value}");
    }
    assert_eq!(accepts(post("Transfer-Encoding: , chunked,,\r\n", "0\r\n\r\n")).head().framing, Framing::Chunked);
    // Thousands of commas are only octets.
    let commas = ",".repeat(30_000);
    let trace = accepts(get(&format!("Connection: {commas}close\r\n")));
    assert!(!trace.head().keep_alive);
}

#[test]
fn no_blanks_are_sent_in_lists() {
    covers!("R9110-5.6.3-01");
    // The only blank that is sent in a list is the one behind a comma; chunks have no extensions at all.
    let mut client = Endpoint::client();
    let fields = [("TE", &b"trailers"[..])];
    let head = RequestHead::new("POST", "/").host("h").fields(&fields).upgrade(&["a", "b"]);
    let sent = client.start(&head, BodyLength::Unknown).unwrap();
    assert_eq!(connection_of(&sent), Some("upgrade, TE"));
    assert_eq!(client.send("hello").unwrap(), "5\r\nhello\r\n");
    assert_eq!(client.finish().unwrap(), "0\r\n\r\n");
}

#[test]
fn connection_options() {
    covers!("R9110-7.6.1-03");
    for (fields, keep_alive) in [
        ("Connection: keep-alive\r\nConnection: Close\r\n", false),
        ("Connection: CLOSE\r\n", false),
        ("Connection: x, close;\r\n", true),
        ("Connection: x\r\nA: b\r\nconnection: y, cLoSe\r\n", false),
        ("Connection: closed\r\n", true),
        ("Connection: \"close\"\r\n", true),
    ] {
        assert_eq!(accepts(get(fields)).head().keep_alive, keep_alive, "{fields}");
        let trace = takes(format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n"));
        assert_eq!(trace.head().keep_alive, keep_alive, "{fields}");
    }
}

#[test]
fn listed_options() {
    covers!("R9110-7.6.1-01");
    for (name, value, option) in [
        ("TE", "trailers", "TE"),
        ("Keep-Alive", "timeout=5", "Keep-Alive"),
        ("HTTP2-Settings", "AAMAAABk", "HTTP2-Settings"),
    ] {
        let fields = [(name, value.as_bytes())];
        let sent = asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty).unwrap();
        assert_eq!(connection_of(&sent), Some(option));
        let block = FieldBlock::from_fields(fields).unwrap();
        let sent = asked(&RequestHead::get("h", "/").block(&block).close(), BodyLength::Empty).unwrap();
        assert_eq!(connection_of(&sent), Some(format!("close, {option}").as_str()));
    }
    let sent = asked(&RequestHead::get("h", "/").upgrade(&["x"]), BodyLength::Empty).unwrap();
    assert_eq!(connection_of(&sent), Some("upgrade"));
    let fields = [("Keep-Alive", &b"timeout=5"[..])];
    let sent = answered(&get(""), &ResponseHead::new(200).fields(&fields), BodyLength::Empty).unwrap();
    assert_eq!(connection_of(&sent), Some("Keep-Alive"));
    assert_eq!(connection_of(&asked(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap()), None);
}

#[test]
fn options_of_end_to_end_fields() {
    covers!("R9110-7.6.1-02");
    for option in ["content-length", "Transfer-Encoding", "HOST", "cache-control", "Content-Type", "Date", "trailer"] {
        let options = [option];
        let request = RequestHead { connection_options: &options, ..RequestHead::get("h", "/") };
        assert_eq!(asked(&request, BodyLength::Empty), Err(SendError::InvalidConnectionOption), "{option}");
        let response = ResponseHead { connection_options: &options, ..ResponseHead::new(200) };
        let refused = answered(&get(""), &response, BodyLength::Empty);
        assert_eq!(refused, Err(SendError::InvalidConnectionOption), "{option}");
    }
}

#[test]
fn end_to_end_fields() {
    covers!("R9110-7.6.1-04", "R9112-6.3#3-02");
    let request = "POST / HTTP/1.1\r\nHost: h\r\nA: 1\r\nX-Hop: 2\r\nKeep-Alive: 3\r\nTE: trailers\r\nProxy-Connection: x\r\n\
                   Connection: x-HOP, content-length\r\nUpgrade: x\r\nContent-Length: 1\r\nconnection: y, B\r\n\
                   a: 4\r\nb: 5\r\nExpect: 100-continue\r\n\r\nz";
    let mut connection = http_proto::Connection::server(std::sync::Arc::new(http_proto::Config::server()));
    let mut input = http_proto::RecvBuf::<&[u8]>::new();
    input.feed(request.as_bytes());
    let http_proto::Event::HeadersComplete(head) = connection.recv(&mut input).unwrap() else { panic!() };
    // The option that names Content-Length takes nothing from the framing.
    assert_eq!(head.framing(), Framing::Length(1));
    let forwarded: Vec<_> = head.fields().end_to_end().collect();
    assert_eq!(forwarded, [("A", &b"1"[..]), ("a", b"4")]);
    // What is forwarded is framed anew, so there never are both.
    let sent = asked(&RequestHead::new("POST", "/").host("h").fields(&forwarded), BodyLength::Unknown).unwrap();
    assert_eq!(sent, "POST / HTTP/1.1\r\nHost: h\r\nA: 1\r\na: 4\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#[test]
fn te_with_its_option() {
    covers!("R9112-7.4-02", "R9110-10.1.4-01");
    for name in ["TE", "te"] {
        let fields = [(name, &b"trailers, deflate;q=0.5"[..])];
        let sent = asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty).unwrap();
        assert_eq!(connection_of(&sent), Some("TE"));
        assert_eq!(sent.matches("Connection:").count(), 1);
    }
}

#[test]
fn te_without_chunked() {
    covers!("R9112-7.4-01");
    for value in ["chunked", "trailers, CHUNKED", "chunked;q=0.1", "gzip,chunked ;q=1"] {
        let fields = [("TE", value.as_bytes())];
        let head = RequestHead::get("h", "/").fields(&fields);
        assert_eq!(asked(&head, BodyLength::Empty), Err(SendError::InvalidFieldValue), "{value}");
    }
    let fields = [("TE", &b"gzip, chunkedish"[..])];
    asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty).unwrap();
}

#[test]
fn allow_field() {
    covers!("R9110-15.5.6-01", "R9110-9.1-02");
    let allow = FieldBlock::allow(&["GET", "HEAD"]).unwrap();
    let sent = answered(&get(""), &ResponseHead::method_not_allowed(&allow), BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n");
    let none = FieldBlock::allow(&[]).unwrap();
    let sent = answered(&get(""), &ResponseHead::method_not_allowed(&none), BodyLength::Empty).unwrap();
    assert_eq!(sent, "HTTP/1.1 405 Method Not Allowed\r\nAllow: \r\nContent-Length: 0\r\n\r\n");
    assert_eq!(FieldBlock::allow(&["G T"]), Err(SendError::InvalidMethod));
    // A method that nobody knows is delivered, and 501 is there to be sent.
    let request = "FROB / HTTP/1.1\r\nHost: h\r\n\r\n";
    let sent = answered(request, &ResponseHead::new(501), BodyLength::Empty).unwrap();
    assert!(sent.starts_with("HTTP/1.1 501 Not Implemented\r\n"));
}

#[test]
fn proxy_connection() {
    covers!("R9112-C.2.2-01");
    let fields = [("Proxy-Connection", &b"keep-alive"[..])];
    assert_eq!(asked(&RequestHead::get("h", "/").fields(&fields), BodyLength::Empty), Err(SendError::FramingField));
    let sent = asked(&RequestHead::new("GET", "http://h/"), BodyLength::Empty).unwrap();
    assert!(!sent.to_ascii_lowercase().contains("proxy-connection"));
    assert!(accepts(get("Proxy-Connection: close\r\n")).head().keep_alive);
    assert!(!accepts("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n").head().keep_alive);
}
