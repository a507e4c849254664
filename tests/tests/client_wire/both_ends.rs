//! P5: this library's client and its server on one socket, driven by one function that knows neither.

use crate::{head, run};
use http_driver::{Connection, Inbox, Side, Timer, Transport};
use http_tokio::role::{Client, Server};
use http_tokio::{BodyLength, Config, Event, FieldBlock, Flow, RequestHead, ResponseHead};
use std::sync::Arc;
use tests::memory::{Seen, Shown};
use tokio::net::{TcpListener, TcpStream};

/// What one end does when the other has said something.
trait Part: Side + Shown + Sized {
    /// Begins the message that is due when this has come; whether there is one.
    fn begin<Io: Transport, T: Timer>(conn: &mut Connection<Self, Io, T>, last: Option<&Seen>, number: usize) -> bool;
}

const EXCHANGES: usize = 3;

impl Part for Client {
    fn begin<Io: Transport, T: Timer>(conn: &mut Connection<Self, Io, T>, last: Option<&Seen>, number: usize) -> bool {
        let due = number < EXCHANGES && matches!(last, None | Some(Seen::Complete(_)));
        if due {
            let target = format!("/{number}");
            let request = RequestHead::new("POST", &target).host("h").fields(&[("X-A", b"b")]);
            conn.start(&request, BodyLength::Unknown).unwrap();
        }
        due
    }
}

impl Part for Server {
    fn begin<Io: Transport, T: Timer>(conn: &mut Connection<Self, Io, T>, last: Option<&Seen>, number: usize) -> bool {
        let due = matches!(last, Some(Seen::Complete(_)));
        if due {
            // X1, N29, and the last answer says close.
            conn.inform(&ResponseHead::new(103).fields(&[("Link", b"</a>")])).unwrap();
            let head = ResponseHead::new(299).reason(b"Something Else").date(b"Sun, 06 Nov 1994 08:49:37 GMT");
            let head = if number + 1 == EXCHANGES { head.close() } else { head };
            conn.respond(&head, BodyLength::Unknown).unwrap();
        }
        due
    }
}

/// Receives until the end, and answers what has come with content and trailers.
async fn talk<R: Part, Io: Transport, T: Timer>(mut conn: Connection<R, Io, T>, octet: u8) -> Vec<Seen> {
    let mut inbox = Inbox::new();
    let mut heard: Vec<Seen> = Vec::new();
    let mut begun = 0;
    let trailers = FieldBlock::from_fields([("X-Sum", b"1".as_slice())]).unwrap();
    while heard.last() != Some(&Seen::Closed) {
        if R::begin(&mut conn, heard.last(), begun) {
            begun += 1;
            for _ in 0..200 {
                if conn.send(&[octet; 1000]).unwrap() == Flow::Full {
                    conn.ready().await;
                }
            }
            conn.finish(Some(&trailers)).unwrap();
        }
        let event: Event<'_, R::Head<'_>> = conn.next_event(&mut inbox).await.expect("no error");
        heard.push(Seen::new::<R>(event));
    }
    assert_eq!((begun, conn.outstanding()), (EXCHANGES, 0));
    Seen::joined(heard)
}

fn message(heads: impl IntoIterator<Item = Seen>, octet: u8) -> Vec<Seen> {
    let rest = [Seen::Payload(vec![octet; 200_000]), Seen::Complete("X-Sum: 1\n".to_owned())];
    heads.into_iter().chain(rest).collect()
}

// I18, X3
#[test]
fn p5_one_function_drives_a_client_and_a_server() {
    let (heard_by_server, heard_by_client) = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let conn = http_tokio::Connection::<Server>::server(stream, Arc::new(Config::server()));
            talk(conn, b's').await
        };
        let client = async {
            let stream = TcpStream::connect(address).await.unwrap();
            let conn = http_tokio::Connection::<Client>::client(stream, Arc::new(Config::client()));
            talk(conn, b'c').await
        };
        tokio::join!(server, client)
    });
    let requests = (0..EXCHANGES).flat_map(|number| {
        message([head(&format!("POST /{number}\nHost: h\nX-A: b\nTransfer-Encoding: chunked\n"))], b'c')
    });
    assert_eq!(heard_by_server, requests.chain([Seen::Closed]).collect::<Vec<_>>());
    let answers = (0..EXCHANGES).flat_map(|number| {
        let close = if number + 1 == EXCHANGES { "Connection: close\n" } else { "" };
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\n";
        let hints = head("103\nLink: </a>\n");
        message([hints, head(&format!("299\n{date}Transfer-Encoding: chunked\n{close}"))], b's')
    });
    assert_eq!(heard_by_client, answers.chain([Seen::Closed]).collect::<Vec<_>>());
}
