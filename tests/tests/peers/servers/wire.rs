//! Level 1, on tokio: the events themselves, and pipelines made by hand.

use super::running::{Nginx, Script};
use crate::{pattern, within};
use http_driver::{Dialer, connect_with};
use http_tokio::role::Client;
use http_tokio::{BodyLength, ClientConnection, Config, FieldBlock, Flow, Inbox, RequestHead, SendError, Tokio};
use std::sync::Arc;
use tests::memory::Seen;

struct Wire {
    conn: ClientConnection,
    inbox: Inbox,
}

impl Wire {
    async fn open(uri: &str, depth: u16) -> Self {
        let mut config = Config::client();
        config.pipeline.depth = depth;
        config.timeouts.expect_continue = crate::DEADLINE;
        let connecting = connect_with(uri.to_owned(), &Dialer::<Tokio>::default(), Arc::new(config)).await;
        Wire { conn: connecting.expect("a connection"), inbox: Inbox::new() }
    }

    fn get(&mut self, path: &str) -> Result<(), SendError> {
        self.conn.start(&RequestHead::get("h", path), BodyLength::Empty)
    }

    async fn next(&mut self) -> Seen {
        let event = within(self.conn.next_event(&mut self.inbox)).await;
        event.map(Seen::new::<Client>).expect("an event")
    }

    /// The events up to the end of an answer, payloads joined, of heads the status alone.
    async fn answer(&mut self) -> Vec<Seen> {
        let mut events = Vec::new();
        loop {
            events.push(match self.next().await {
                Seen::Head(text) => Seen::Head(text[..3].to_owned()),
                event => event,
            });
            match events.last() {
                Some(Seen::Complete(_)) => return Seen::joined(events),
                Some(Seen::Closed) => panic!("closed behind {events:?}"),
                _ => {}
            }
        }
    }
}

fn head(status: &str) -> Seen {
    Seen::Head(status.to_owned())
}

fn content(text: &str) -> Seen {
    Seen::Payload(text.into())
}

fn complete(trailers: &str) -> Seen {
    Seen::Complete(trailers.to_owned())
}

// I18, X1, X2, X3: everything that Node can say on one connection, in the order in which it says it; `Closed` once, and last.
#[tokio::test]
async fn i18_events_come_in_order() {
    let server = Script::node(None);
    let mut wire = Wire::open(&server.url("/"), 1).await;
    wire.get("/hints").unwrap();
    let expected = [head("103"), head("102"), head("103"), head("200"), content("page"), complete("")];
    assert_eq!(wire.answer().await, expected);
    wire.get("/trailers").unwrap();
    assert_eq!(wire.answer().await, [head("200"), content("onetwo"), complete("Checksum: 12\n")]);

    let count = RequestHead::new("PUT", "/count").host("h").expect_continue();
    wire.conn.start(&count, BodyLength::Unknown).unwrap();
    assert!(wire.conn.awaiting_continue());
    assert_eq!(wire.next().await, head("100\n"));
    assert!(!wire.conn.awaiting_continue());
    let _ = wire.conn.send(&pattern(3)).unwrap();
    let mut trailers = FieldBlock::new();
    trailers.push("Checksum", b"3").unwrap();
    wire.conn.finish(Some(&trailers)).unwrap();
    assert_eq!(wire.answer().await, [head("200"), content("3 true 3"), complete("")]);

    wire.conn.start(&RequestHead::new("HEAD", "/sized/9").host("h"), BodyLength::Empty).unwrap();
    assert_eq!(wire.answer().await, [head("200"), complete("")]);
    wire.get("/connection").unwrap();
    assert_eq!(wire.answer().await, [head("200"), content("1 1"), complete("")]);
    wire.get("/bye").unwrap();
    assert_eq!(wire.answer().await, [head("200"), content("bye"), complete("")]);
    assert_eq!(wire.next().await, Seen::Closed);
    assert_eq!(wire.next().await, Seen::Closed);
}

// X5: as many as there is room for, and one more for each that is answered.
#[tokio::test]
async fn x5_a_pipeline_is_answered_in_order() {
    let (node, nginx, python) = (Script::node(None), Nginx::start(), Script::python("HTTP/1.1"));
    for (uri, path) in [(node.url("/"), "/target/"), (nginx.url("/"), "/target/"), (python.url("/"), "/sized/")] {
        let mut wire = Wire::open(&uri, 16).await;
        let (mut begun, mut answered) = (0, 0);
        while answered < 200 {
            while begun < 200 && wire.get(&format!("{path}{begun}")).is_ok() {
                begun += 1;
            }
            assert_eq!(wire.conn.outstanding(), (begun - answered).min(16));
            let expected = match path {
                "/sized/" => pattern(answered),
                _ => format!("{path}{answered}").into_bytes(),
            };
            let answer = wire.answer().await;
            assert_eq!(answer.iter().find(|event| matches!(event, Seen::Payload(_))).cloned(), {
                (!expected.is_empty()).then_some(Seen::Payload(expected))
            });
            answered += 1;
        }
        within(wire.conn.close(&mut wire.inbox)).await.expect("a good end");
    }
}

// X5: nginx answers three, and says with the last that it closes: of the others nothing has come.
#[tokio::test]
async fn x5_what_is_left_unanswered_is_known() {
    let server = Nginx::start();
    let mut wire = Wire::open(&server.url("/"), 16).await;
    for at in 0..8 {
        wire.get(&format!("/few/{at}")).unwrap();
    }
    for at in 0..3 {
        let expected = format!("/few/{at} {}", at + 1);
        assert_eq!(wire.answer().await, [head("200"), content(&expected), complete("")]);
    }
    assert!(!wire.conn.is_reusable());
    // An error or an end: in either case they are known, and may be asked again.
    let end = within(wire.conn.next_event(&mut wire.inbox)).await.map(Seen::new::<Client>);
    assert!(!matches!(end, Ok(Seen::Head(_) | Seen::Payload(_) | Seen::Complete(_) | Seen::Tail(_))), "{end:?}");
    let left: Vec<_> = wire.conn.unanswered().map(|request| request.may_retry()).collect();
    assert_eq!(left, [true; 5]);
}

// N8: an upload that its server does not want.
#[tokio::test]
async fn n8_a_refusal_is_heard_while_the_upload_runs() {
    let server = Nginx::start();
    let mut wire = Wire::open(&server.url("/"), 1).await;
    wire.conn.start(&RequestHead::new("PUT", "/small").host("h"), BodyLength::Unknown).unwrap();
    let refused = loop {
        match wire.conn.send_owned(vec![b'x'; 64 << 10].into()) {
            Ok(Flow::Ready) => {}
            Ok(Flow::Full) => {
                let told = within(wire.conn.ready_or_event(&mut wire.inbox)).await.expect("room, or an answer");
                if let Some(event) = told.map(Seen::new::<Client>) {
                    break event;
                }
            }
            Err(SendError::Closed) => break wire.next().await,
            Err(error) => panic!("{error}"),
        }
    };
    let Seen::Head(told) = refused else { panic!("{refused:?}") };
    assert!(told.starts_with("413\n") && told.contains("\nConnection: close\n"), "{told}");
    assert_eq!(wire.conn.send(b"more"), Err(SendError::Closed));
    assert!(matches!(wire.answer().await[..], [Seen::Payload(_), Seen::Complete(_)]));
    assert_eq!(wire.next().await, Seen::Closed);
}
