//! The public wire cases of clients on the connection that waits; `threads::scripted` has them on one that is awaited.

use bytes::Bytes;
use http_std::{BodyLength, ClientConnection, Dialer, Inbox, connect_with};
use std::io::Read;
use tests::cases::Case;
use tests::drive::request_head;
use tests::reference::Role;
use tests::scenario::cases::{Way, jobs};
use tests::scenario::scripted::{Script, Told, config};

#[test]
fn answers_in_one_piece() {
    answers(Way::whole);
}

#[test]
fn answers_octet_by_octet() {
    answers(Way::bytewise);
}

#[test]
fn answers_in_two_pieces() {
    answers(Way::cut);
}

fn answers(ways: fn(&Case) -> Vec<Way>) {
    for (case, way) in jobs(Role::Client, ways) {
        let script = Script::start(&case, way, false);
        let mut connection = connect_with(script.uri(), &Dialer::default(), config()).unwrap();
        for request in &case.requests {
            connection.start(&request_head(request), BodyLength::Empty).unwrap();
        }
        script.judge(listen(connection));
    }
}

fn listen(mut connection: ClientConnection) -> Told {
    let mut told = Told::default();
    let mut inbox = Inbox::new();
    while told.hear(connection.next_event(&mut inbox)) {}
    if let Some(tail) = &mut told.heard.tail {
        connection.into_upgraded(Bytes::new()).expect("HTTP is over").read_to_end(tail).unwrap();
    }
    told
}
