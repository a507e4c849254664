//! The client that blocks: one request after the other, on a connection for as long as that lasts.

use super::{Shared, Waiting, check_trailers, length, pause, send, speak};
use crate::simulate::content::{Received, key};
use crate::simulate::notes::Outcome;
use crate::simulate::plan::{Kind, Reader, Request};
use crate::simulate::stage::Stage;
use crate::simulate::talk::is_of;
use http::StatusCode;
use http_proto::{Client, Config, Event, RequestHead, Response, Version};
use http_std::{Connection, Error, Inbox};
use std::collections::HashMap;
use std::sync::Arc;

type Line = (Connection<Client, Waiting>, Inbox);

/// Makes all requests, and notes what becomes of them.
pub fn client(stage: &Stage, world: &Shared, config: &Arc<Config>) {
    let mut lines: HashMap<usize, Line> = HashMap::new();
    for (index, planned) in stage.plan.requests.iter().enumerate() {
        let notes = &stage.notes;
        pause(world, planned.at / 10);
        notes.tell(|| format!("request {index} {} begins", planned.method));
        let begun = notes.now();
        let kept = lines.remove(&planned.origin).filter(|(http, _)| http.is_reusable());
        let mut again = kept.is_some();
        let mut line = kept.or_else(|| open(planned.origin, stage, world, config));
        let outcome = loop {
            let Some(found) = line else { break Outcome::Failed("nobody is there".to_owned()) };
            match exchange(index, planned, stage, world, found) {
                // Its server has closed it, and has not seen the request.
                (_, None, true) if std::mem::take(&mut again) => line = open(planned.origin, stage, world, config),
                (outcome, line, _) => {
                    lines.extend(line.map(|line| (planned.origin, line)));
                    break outcome;
                }
            }
        };
        notes.tell(|| format!("request {index}: {outcome:?}"));
        let (took, bound) = (notes.now().saturating_since(begun), stage.plan.bound(index));
        notes.check(took <= bound, || format!("{index} has taken {took:?}, where {bound:?} is the most"));
        notes.outcomes.lock().unwrap()[index] = Some(outcome);
    }
    for (mut http, mut inbox) in lines.into_values() {
        let closed = http.close(&mut inbox);
        stage.notes.tell(|| format!("a connection is closed: {closed:?}"));
    }
}

/// A new connection, if anybody is there.
fn open(origin: usize, stage: &Stage, world: &Shared, config: &Arc<Config>) -> Option<Line> {
    let socket = stage.doors[origin].open(&stage.net)?;
    let mut http = Connection::client(Waiting::new(socket, world), Arc::clone(config));
    http.set_answer_timeout(stage.plan.settings.deadlines().answer);
    Some((http, Inbox::new()))
}

/// One exchange: what became of it, the connection if it is left, and whether it may be made again.
fn exchange(
    index: usize,
    planned: &Request,
    stage: &Stage,
    world: &Shared,
    line: Line,
) -> (Outcome, Option<Line>, bool) {
    let (mut http, mut inbox) = line;
    let (host, name) = (format!("h{}", planned.origin), index.to_string());
    let (host, target) = match planned.kind {
        Kind::Connect(_) => (format!("{host}:{}", 1000 + index), format!("{host}:{}", 1000 + index)),
        Kind::Plain | Kind::Upgrade(_) => (host, format!("/{index}")),
    };
    let fields = [("index", name.as_bytes())];
    let mut head = RequestHead::new(planned.method, &target).host(&host).fields(&fields);
    if planned.old {
        head.version = Version::HTTP_10;
    }
    if let Kind::Upgrade(_) = planned.kind {
        head = head.upgrade(&["sim"]);
    }
    head.expect_continue = planned.expect;
    let body = length(&planned.content);
    if let Err(error) = http.start(&head, body) {
        return (Outcome::Failed(format!("{error:?}")), None, true);
    }
    let mut answer = Answer { index, planned, stage, status: None, received: 0, pieces: 0 };
    let mut outcome = Ok(None);
    while http.awaiting_continue() && matches!(outcome, Ok(None)) {
        outcome = http.ready_or_event(&mut inbox).transpose().map_or(Ok(None), |event| answer.hear(event));
    }
    if body != http_proto::BodyLength::Empty && matches!(outcome, Ok(None)) {
        // If it cannot be sent, an answer may say why.
        let sent = send(&mut http, world, key(index, false), &planned.content);
        stage.notes.tell(|| format!("the content of request {index} is on its way: {sent}"));
    }
    let outcome = loop {
        if let Some(outcome) = outcome.transpose() {
            break outcome;
        }
        if let (Reader::All(time), Some(_)) = (planned.reader, answer.status) {
            pause(world, time);
        }
        outcome = answer.hear(http.next_event(&mut inbox));
    };
    match outcome {
        Ok(outcome) => (outcome, Some((http, inbox)), false),
        Err(Gone::Failed(error, may_retry)) => (Outcome::Failed(error), None, may_retry),
        Err(Gone::Dropped(status)) => (Outcome::Answered(status, Received::Dropped), None, false),
        Err(Gone::Broken(status)) => (Outcome::Answered(status, Received::Broken), None, false),
        Err(Gone::Upgraded) => {
            let tail = inbox.retain();
            let (Ok(io), Some(talk)) = (http.into_upgraded(tail), planned.talk()) else {
                stage.notes.check(false, || format!("{index} has no connection to go on with"));
                return (Outcome::Cancelled, None, false);
            };
            let report = speak(stage, world, io, &talk.client, (key(index, false), key(index, true)));
            (Outcome::Talked(report), None, false)
        }
    }
}

/// Why the connection is gone with the exchange.
enum Gone {
    /// Whether it may be made again.
    Failed(String, bool),
    Broken(StatusCode),
    Dropped(StatusCode),
    Upgraded,
}

/// What was heard of an answer.
struct Answer<'a> {
    index: usize,
    planned: &'a Request,
    stage: &'a Stage,
    status: Option<StatusCode>,
    received: usize,
    pieces: usize,
}

impl Answer<'_> {
    /// Notes an event; what has become of the exchange if that was the last.
    fn hear(&mut self, event: Result<Event<'_, Response<'_>>, Error>) -> Result<Option<Outcome>, Gone> {
        let (index, planned, notes, key) = (self.index, self.planned, &self.stage.notes, key(self.index, true));
        let status = self.status;
        let ended = |why: String, may_retry| match status {
            Some(status) => Gone::Broken(status),
            None => Gone::Failed(why, may_retry),
        };
        match event {
            Ok(Event::HeadersComplete(head)) if head.is_interim() && head.status() != 101 => {}
            Ok(Event::HeadersComplete(head)) => {
                let code = StatusCode::from_u16(head.status()).expect("a status");
                let own = head.fields().get("index") == Some(index.to_string().as_bytes());
                notes.check(own || code != planned.status(), || format!("the answer to {index} is not its own"));
                if code != planned.status() {
                    return Err(Gone::Dropped(code));
                }
                self.status = Some(code);
            }
            Ok(Event::Payload(octets)) => {
                let received = self.received;
                notes.check(is_of(key, received, octets), || {
                    format!("octets from {received} on are not those of message {key}")
                });
                self.received += octets.len();
                self.pieces += 1;
            }
            Ok(Event::MessageComplete(fields)) => match status {
                Some(StatusCode::SWITCHING_PROTOCOLS) => {}
                Some(_) if matches!(planned.kind, Kind::Connect(Some(_))) => {}
                Some(status) => {
                    let trailers = check_trailers(self.stage, key, fields);
                    return Ok(Some(Outcome::Answered(status, Received::Whole(self.received, trailers))));
                }
                None => notes.check(false, || format!("{index} ends without a head")),
            },
            Ok(Event::UpgradeTail(_)) => return Err(Gone::Upgraded),
            Ok(event @ (Event::Paused | Event::Closed | Event::NeedInput)) => {
                return Err(ended(format!("{:?}", std::mem::discriminant(&event)), false));
            }
            Err(error) => return Err(ended(format!("{error:?}"), error.may_retry())),
        }
        if let (Reader::Some(most), Some(status)) = (planned.reader, self.status)
            && self.pieces >= most
            && planned.talk().is_none()
        {
            return Err(Gone::Dropped(status));
        }
        Ok(None)
    }
}
