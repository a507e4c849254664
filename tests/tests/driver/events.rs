//! What a connection of level 1 says, in which order, however octets come in.

use super::*;
use http_proto::{Client, Config, RequestHead};
use tests::memory::{Seen, client, client_with, server, server_with};

const REQUESTS: &str = "GET /a HTTP/1.1\r\nHost: h\r\nX-Y: z\r\n\r\n\
    POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world\
    POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n";

fn head(text: &str) -> Seen {
    Seen::Head(text.to_owned())
}

fn content(text: &str) -> Seen {
    Seen::Payload(text.into())
}

fn complete() -> Seen {
    Seen::Complete(String::new())
}

fn requests() -> Vec<Seen> {
    vec![
        head("GET /a\nHost: h\nX-Y: z\n"),
        complete(),
        head("POST /b\nHost: h\nContent-Length: 11\n"),
        content("hello world"),
        complete(),
        head("POST /c\nHost: h\nTransfer-Encoding: chunked\n"),
        content("hello!"),
        Seen::Complete("X-Sum: 1\n".to_owned()),
        Seen::Closed,
    ]
}

/// All events of a server that answers when a request is complete.
fn serve(end: &mut End<Server>) -> Vec<Seen> {
    let mut events = Vec::new();
    while let Some(event) = end.try_next() {
        let event = event.unwrap();
        if let Seen::Complete(_) = event {
            answer(end);
        }
        events.push(event);
        if events.last() == Some(&Seen::Closed) {
            break;
        }
    }
    Seen::joined(events)
}

// I3, I18
#[test]
fn requests_at_every_split() {
    for split in 0..=REQUESTS.len() {
        let (mut end, peer) = server();
        peer.send(&REQUESTS[..split]);
        let mut events = serve(&mut end);
        peer.send_last(&REQUESTS[split..]);
        events.extend(serve(&mut end));
        assert_eq!(Seen::joined(events), requests(), "split at {split}");
        assert_eq!(peer.text().matches("HTTP/1.1 200 OK\r\n").count(), 3);
    }
}

#[test]
fn requests_in_pieces_of_every_size() {
    for size in 1..=REQUESTS.len() {
        let (mut end, peer) = server_with(Config::server(), pieces(size));
        peer.send_last(REQUESTS);
        assert_eq!(serve(&mut end), requests(), "{size} at a time");
        let (read, written) = end.conn.transferred();
        let answers = peer.read();
        assert_eq!((read, written), (REQUESTS.len() as u64, answers.len() as u64));
    }
}

const ANSWERS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
    HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
const LAST: &str = "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\ntill the end";

fn answers() -> Vec<Seen> {
    vec![
        head("103\nLink: </a>\n"),
        head("200\nTransfer-Encoding: chunked\n"),
        content("hello"),
        Seen::Complete("X-Sum: 1\n".to_owned()),
        head("404\nConnection: close\n"),
        content("till the end"),
        complete(),
        Seen::Closed,
    ]
}

fn ask(end: &mut End<Client>) {
    end.conn.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
}

/// Two exchanges of a client; `feed` sends both answers.
fn fetch(end: &mut End<Client>, peer: &Peer, mut feed: impl FnMut(&Peer, bool)) -> Vec<Seen> {
    let mut events = Vec::new();
    for last in [false, true] {
        ask(end);
        end.rest();
        feed(peer, last);
        while let Some(event) = end.try_next() {
            events.push(event.unwrap());
            match events.last() {
                Some(Seen::Complete(_)) if !last => break,
                Some(Seen::Closed) => break,
                _ => {}
            }
        }
    }
    Seen::joined(events)
}

#[test]
fn answers_in_pieces_of_every_size() {
    for size in 1..=ANSWERS.len() {
        let (mut end, peer) = client_with(Config::client(), pieces(size));
        let feed = |peer: &Peer, last: bool| if last { peer.send_last(LAST) } else { peer.send(ANSWERS) };
        assert_eq!(fetch(&mut end, &peer, feed), answers(), "{size} at a time");
        assert_eq!(peer.text(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(2));
    }
}

#[test]
fn answers_at_every_split() {
    for split in 0..=ANSWERS.len() {
        let (mut end, peer) = client();
        ask(&mut end);
        peer.send(&ANSWERS[..split]);
        let mut events = end.events();
        peer.send(&ANSWERS[split..]);
        events.extend(end.events());
        assert_eq!(Seen::joined(events), answers()[..4], "split at {split}");
    }
}

// Nothing is read where there is no room: that would be taken for the end of the input.
#[test]
fn a_buffer_that_is_lent_is_not_read_into() {
    let (mut end, peer) = server();
    peer.send(&GET[..10]);
    end.rest();
    let lent = end.inbox.buffer().lend().unwrap();
    peer.send(&GET[10..]);
    end.rest();
    end.inbox.buffer().restore(lent, 0).unwrap();
    assert!(matches!(end.events()[..], [Seen::Head(_), Seen::Complete(_)]));
}

// I18: whatever the events were, behind `Closed` there is nothing but `Closed`.
#[test]
fn i18_closed_comes_once_and_last() {
    let (mut end, peer) = server();
    peer.send_last(GET);
    assert_eq!(serve(&mut end), [head("GET /\nHost: h\n"), complete(), Seen::Closed]);
    assert_eq!((end.event(), end.event()), (Seen::Closed, Seen::Closed));
}

// I18, N13: half-closed with requests unanswered: they are answered, then it is over.
#[test]
fn i18_closed_behind_a_half_close_waits_for_the_answers() {
    let (mut end, peer) = server();
    peer.send_last([GET, GET].concat());
    assert_eq!(end.events().len(), 5);
    assert_eq!((end.event(), end.conn.outstanding()), (Seen::Closed, 2));
    answer(&mut end);
    assert_eq!((end.event(), end.conn.outstanding()), (Seen::Closed, 1));
    assert_eq!(peer.text(), "", "octets go out when that is waited for");
    answer(&mut end);
    assert_eq!((end.event(), end.conn.outstanding()), (Seen::Closed, 0));
    assert_eq!(peer.text().matches("200 OK").count(), 2);
}

#[test]
fn i18_an_idle_connection_closes_at_its_deadline() {
    let (mut end, peer) = server();
    end.rest();
    end.clock.advance(seconds(75) - Duration::from_nanos(1));
    end.rest();
    end.clock.advance(Duration::from_nanos(1));
    assert_eq!(end.events(), [Seen::Closed]);
    drop(end);
    assert!(peer.saw_fin() && !peer.counts().aborted);
}

// An error is returned once, and `Closed` follows.
#[test]
fn i18_closed_follows_an_error() {
    let (mut end, peer) = server();
    peer.send_last("GET / HTTP/1.1\r\nBad[Name: x\r\n\r\n");
    assert_eq!(kind(&end.error()), RecvErrorKind::InvalidFieldName);
    assert_eq!((end.event(), end.event()), (Seen::Closed, Seen::Closed));
    let refusal = peer.text();
    assert!(refusal.starts_with("HTTP/1.1 400 Bad Request\r\n") && refusal.contains("Connection: close"), "{refusal}");
    assert!(refusal.contains(tests::memory::DATE));
}

// L10: a parse error behind unanswered requests lets them be answered first.
#[test]
fn l10_an_error_waits_for_the_answers_before_it() {
    for size in [1, 7, 1000] {
        let (mut end, peer) = server_with(Config::server(), pieces(size));
        peer.send_last([GET, GET, "?"].concat());
        let mut heads = 0;
        let error = loop {
            match end.try_next().expect("an event") {
                Ok(event) => heads += usize::from(matches!(event, Seen::Head(_))),
                Err(error) => break error,
            }
        };
        assert_eq!((kind(&error), heads, end.conn.outstanding()), (RecvErrorKind::InvalidMethod, 2, 3));
        assert_eq!(end.event(), Seen::Closed);
        answer(&mut end);
        assert_eq!(end.event(), Seen::Closed);
        answer(&mut end);
        assert_eq!((end.event(), end.conn.outstanding()), (Seen::Closed, 0));
        let answers = peer.text();
        let statuses: Vec<_> = answers.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
        assert_eq!(statuses, ["200 OK", "200 OK", "400 Bad Request"], "{answers}");
    }
}

#[test]
fn i18_a_client_is_told_of_an_answer_that_it_did_not_ask_for() {
    let (mut end, peer) = client();
    end.rest();
    peer.send(OK);
    assert_eq!(kind(&end.error()), RecvErrorKind::UnsolicitedResponse);
    assert_eq!(end.event(), Seen::Closed);
}

#[test]
fn i18_a_client_that_gets_no_answer_is_told() {
    let (mut end, peer) = client();
    ask(&mut end);
    end.rest();
    peer.fin();
    assert_eq!(kind(&end.error()), RecvErrorKind::NoResponse);
    assert_eq!((end.event(), end.conn.outstanding()), (Seen::Closed, 1));
    assert!(end.conn.unanswered().all(|request| request.may_retry()));
}

// N15: the pipeline is full: paused until an answer makes room; then it goes on where it was.
#[test]
fn paused_until_there_is_room() {
    let mut config = Config::server();
    config.pipeline.depth = 2;
    let (mut end, peer) = server_with(config, Shape::default());
    peer.send(GET.repeat(3));
    let events = end.events();
    assert_eq!((events.len(), events.last()), (5, Some(&Seen::Paused)));
    assert_eq!(end.event(), Seen::Paused);
    answer(&mut end);
    assert_eq!(end.events(), [head("GET /\nHost: h\n"), complete(), Seen::Paused]);
    answer(&mut end);
    answer(&mut end);
    end.rest();
    assert_eq!(peer.text().matches("200 OK").count(), 3);
}

// Chunks of one octet, octet by octet.
#[test]
fn chunks_of_one_octet() {
    for size in [1, 2, 3, 4096] {
        let (mut end, peer) = server_with(Config::server(), pieces(size));
        let chunks = "1\r\nx\r\n".repeat(3000);
        peer.send_last(format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"));
        let events = serve(&mut end);
        assert_eq!(events[1..], [content(&"x".repeat(3000)), complete(), Seen::Closed]);
    }
}
