//! What must be true at the end of a run, by an independent model: every message was read as it was written, answers
//! belong to their requests, in order, and what did not come whole is known to be broken.

use super::client::{Answered, ClientApp, Owned, target};
use super::link::Cut;
use super::plan::Plan;
use super::server::ServerApp;
use http_proto::{BodyLength, Client, Connection, RecvError, RecvErrorKind, Server};

/// The two ends when everything is over.
pub struct Ends<'r> {
    /// The client.
    pub client: (&'r Connection<Client>, Option<RecvError>),
    /// The server.
    pub server: (&'r Connection<Server>, Option<RecvError>),
}

/// What happened in a run, so that a test can tell that something did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Answers that came whole.
    pub answered: usize,
    /// Interim responses.
    pub interim: usize,
    /// Trailers of answers.
    pub trailers: usize,
    /// Octets of content in answers.
    pub octets: usize,
    /// Tunnels.
    pub tunnels: usize,
    /// Requests without an answer.
    pub unanswered: usize,
    /// Exchanges that the server gave up after the close.
    pub abandoned: usize,
    /// Ends at which receiving failed.
    pub failures: usize,
}

/// Judges a run.
pub fn judge(plan: &Plan, ends: &Ends<'_>, client: &ClientApp<'_>, server: &ServerApp<'_>) -> Report {
    requests(plan, client, server);
    answers(plan, client, server);
    nothing_is_lost(ends, client);
    tunnels(plan, ends, client, server);
    assert_eq!(ends.server.0.outstanding(), 0, "every handler has come back");
    if plan.is_calm() {
        assert_eq!(ends.client.1, None, "nothing was broken off");
        // A client that has its answer need not send the rest of its request before it closes.
        let answered = client.answers.last().is_some_and(|answer| answer.complete)
            && client.answers.len() >= server.received.len();
        let cut = [RecvErrorKind::IncompleteHead, RecvErrorKind::IncompleteBody];
        let told = ends.server.1.is_some_and(|error| cut.contains(&error.kind())) && (was_closed(client) || answered);
        assert!(told || ends.server.1.is_none(), "nothing was broken off, but {:?}", ends.server.1);
        everything_was_answered(plan, client, server);
    }
    let sum = |count: fn(&Answered) -> usize| client.answers.iter().map(count).sum();
    Report {
        answered: sum(|answer| usize::from(answer.complete)),
        interim: sum(|answer| answer.interim.len()),
        trailers: sum(|answer| answer.trailers.len()),
        octets: sum(|answer| answer.body.len()),
        tunnels: usize::from(client.tunnel.is_some()),
        unanswered: ends.client.0.outstanding(),
        abandoned: server.abandoned,
        failures: usize::from(ends.client.1.is_some()) + usize::from(ends.server.1.is_some()),
    }
}

/// The requests that came are those that were sent.
fn requests(plan: &Plan, client: &ClientApp<'_>, server: &ServerApp<'_>) {
    assert!(server.received.len() <= client.finished.len(), "more requests than were sent");
    for (index, received) in server.received.iter().enumerate() {
        let sent = &plan.exchanges[index].request;
        assert_eq!((received.method.as_str(), &received.target), (sent.method, &target(index, sent.method)));
        let indices = values(&received.fields, "X-Index");
        assert_eq!(indices, [("X-Index", index.to_string().as_bytes()), ("x-index", b"2")], "N25: case and order");
        let whole = sent.body.octets();
        assert!(whole.starts_with(&received.body), "content of request {index}");
        if !received.complete {
            continue;
        }
        // Once sent in full, a body of announced length is complete without more.
        let announced = matches!(sent.body.length, BodyLength::Exact(_));
        assert!(client.finished[index] || announced, "request {index} was not finished");
        assert!(
            received.body == whole || received.discarded || server.given.get(index).is_some_and(|given| given.complete)
        );
        let chunked = matches!(sent.body.length, BodyLength::Unknown | BodyLength::Streaming);
        assert_eq!(received.trailers.len(), usize::from(chunked && sent.body.trailer), "trailers of request {index}");
    }
}

/// The answers that came are those that were given, each to its request.
fn answers(plan: &Plan, client: &ClientApp<'_>, server: &ServerApp<'_>) {
    for (index, answer) in client.answers.iter().enumerate() {
        let Some((status, reason)) = &answer.head else {
            assert!(server.given[index].interim.starts_with(&answer.interim), "interim answers to {index}");
            continue;
        };
        let Some(given) = server.given.get(index).filter(|given| given.head.is_some()) else {
            assert!(matches!(status, 400 | 408), "{status} to request {index}");
            assert_eq!(values(&answer.fields, "Connection"), [("Connection", b"close".as_slice())], "a refusal closes");
            continue;
        };
        assert_eq!(Some(*status), given.head, "status of {index}");
        assert_eq!(answer.interim, given.interim, "interim answers to {index}");
        let planned = &plan.exchanges[index].answer;
        if let (Some(expected), true) = (planned.reason, client.tunnel.as_ref().is_none_or(|(at, _)| *at != index)) {
            assert_eq!(reason, expected, "N29: reason of {index}");
        }
        if client.tunnel.as_ref().is_none_or(|(at, _)| *at != index) {
            let indices = values(&answer.fields, "X-Index");
            assert_eq!(indices, [("X-Index", index.to_string().as_bytes()), ("x-index", b"")], "N25: case and order");
        }
        assert!(given.body.starts_with(&answer.body), "content of answer {index}");
        // A forged orderly end completes a body that lasts until the close: nothing can tell.
        let until_close =
            ["Content-Length", "Transfer-Encoding"].iter().all(|name| values(&answer.fields, name).is_empty());
        let forged = until_close && matches!(plan.down.cut, Some((_, Cut::Fin)));
        if answer.complete && !forged {
            assert_eq!(answer.body, given.body, "N31: a part taken for the whole, of answer {index}");
            let announced = matches!(planned.body.length, BodyLength::Exact(_));
            assert!(given.complete || announced || given.body.is_empty(), "answer {index} was not finished");
            assert_eq!(answer.trailers.len(), usize::from(given.trailer), "trailers of answer {index}");
        }
    }
}

/// A request has its whole answer, or a tunnel, or it is known that it has none.
fn nothing_is_lost(ends: &Ends<'_>, client: &ClientApp<'_>) {
    let started = client.finished.len();
    let outstanding = ends.client.0.outstanding();
    for index in 0..started - outstanding {
        let whole = client.answers.get(index).is_some_and(|answer| answer.complete);
        assert!(whole, "request {index} is over without an answer");
    }
    let complete = client.answers.iter().filter(|answer| answer.complete).count();
    // The last answer may have come whole before its request was.
    assert!(complete <= started - outstanding + 1, "an answered request is called unanswered");
}

fn tunnels(plan: &Plan, ends: &Ends<'_>, client: &ClientApp<'_>, server: &ServerApp<'_>) {
    if let Some((index, octets)) = &client.tunnel {
        assert_eq!(server.tunnel.as_ref().map(|(index, _)| index), Some(index), "a tunnel has two ends");
        let sent: Vec<u8> =
            plan.exchanges[*index].answer.tunnel.iter().flat_map(|piece| piece.octets.clone()).collect();
        assert!(sent.starts_with(octets), "out of the tunnel, at the client");
        assert!(!plan.is_calm() || sent == *octets, "all of it");
        assert_eq!(ends.client.1, None, "no HTTP, no error of HTTP");
    }
    if let Some((index, octets)) = &server.tunnel {
        let sent: Vec<u8> =
            plan.exchanges[*index].request.tunnel.iter().flat_map(|piece| piece.octets.clone()).collect();
        assert!(sent.starts_with(octets), "out of the tunnel, at the server");
        assert!(!plan.is_calm() || sent == *octets, "all of it");
    }
}

/// Without a fault only an announced close leaves requests without answers.
fn everything_was_answered(plan: &Plan, client: &ClientApp<'_>, server: &ServerApp<'_>) {
    let complete = client.answers.iter().filter(|answer| answer.complete).count();
    let over = client.tunnel.is_some()
        || was_closed(client)
        || plan.server_shutdown.is_some_and(|count| count <= server.received.len());
    assert!(over || complete == plan.exchanges.len(), "{complete} of {} were answered", plan.exchanges.len());
}

/// Whether the server has announced the close.
fn was_closed(client: &ClientApp<'_>) -> bool {
    let closes = |fields: &Owned| values(fields, "Connection").iter().any(|(_, value)| value.starts_with(b"close"));
    client.answers.iter().any(|answer| closes(&answer.fields))
}

fn values<'f>(fields: &'f [(String, Vec<u8>)], name: &str) -> Vec<(&'f str, &'f [u8])> {
    let named = fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name));
    named.map(|(name, value)| (name.as_str(), value.as_slice())).collect()
}
