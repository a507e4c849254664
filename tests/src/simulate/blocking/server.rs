//! The server that blocks: one connection after the other, one request after the other.

use super::{Shared, Waiting, check_trailers, length, pause, send, speak};
use crate::simulate::content::key;
use crate::simulate::net::Socket;
use crate::simulate::plan::{Handler, Kind, Request};
use crate::simulate::stage::Stage;
use crate::simulate::talk::is_of;
use http_proto::{BodyLength, Config, Event, ResponseHead, Server};
use http_std::{Connection, Inbox};
use std::sync::Arc;
use std::time::Duration;

/// Serves until nobody comes any more.
pub fn server(stage: &Stage, world: &Shared, config: &Arc<Config>) {
    let end = world.borrow().clock.now().saturating_add(super::LONGEST * 10);
    loop {
        world.borrow_mut().settle();
        match stage.doors[0].accept() {
            Some(socket) => serve(stage, world, socket, config),
            None => {
                if !world.borrow_mut().advance(end) {
                    return;
                }
            }
        }
    }
}

/// What has come of a request.
struct Job<'a> {
    index: usize,
    planned: &'a Request,
    received: usize,
    /// Its answer is out, or will not be.
    answered: bool,
}

fn serve(stage: &Stage, world: &Shared, socket: Socket, config: &Arc<Config>) {
    let cable = socket.cable();
    stage.notes.tell(|| format!("#{cable} is accepted"));
    let mut http = Connection::<Server, _>::server(Waiting::new(socket, world), Arc::clone(config));
    let mut inbox = Inbox::new();
    let mut job = None;
    loop {
        let state = http.state();
        match http.next_event(&mut inbox) {
            Ok(Event::HeadersComplete(head)) => {
                let target = head.target();
                let number = target.rsplit_once(':').map_or(target.trim_start_matches('/'), |(_, port)| port);
                let number: usize = number.parse().expect("the number of a request");
                let index = if head.method() == "CONNECT" { number - 1000 } else { number };
                let planned = &stage.plan.requests[index];
                let own =
                    head.method() == planned.method && head.fields().get("index") == Some(index.to_string().as_bytes());
                stage.notes.check(own, || format!("the head of request {index} is not its own"));
                let begun = job.insert(Job { index, planned, received: 0, answered: false });
                begin(stage, world, &mut http, begun);
            }
            Ok(Event::Payload(octets)) => {
                let Some(job) = job.as_mut().filter(|job: &&mut Job<'_>| !job.answered) else { continue };
                let key = key(job.index, false);
                stage.notes.check(is_of(key, job.received, octets), || {
                    format!("octets from {} on are not those of message {key}", job.received)
                });
                job.received += octets.len();
                if job.planned.handler == Handler::ReadsPart && job.planned.talk().is_none() {
                    answer(stage, world, &mut http, job);
                    http.discard();
                }
            }
            Ok(Event::MessageComplete(fields)) => {
                let Some(mut job) = job.take_if(|job| !job.answered) else { continue };
                let trailers = check_trailers(stage, key(job.index, false), fields);
                stage.judge_content(job.index, job.received, trailers);
                match job.planned.talk() {
                    Some(_) => upgrade(stage, world, &mut http, &mut job),
                    None => answer(stage, world, &mut http, &mut job),
                }
                stage.notes.tell(|| format!("request {} is answered", job.index));
                if job.planned.talk().is_some() && http.state() == http_proto::State::Upgraded {
                    return talk(stage, world, http, inbox, &job);
                }
            }
            Ok(Event::Closed) => return stage.notes.tell(|| format!("#{cable} is closed")),
            Ok(Event::Paused | Event::UpgradeTail(_) | Event::NeedInput) => {
                return stage.notes.check(false, || format!("#{cable} is in the midst of something, from {state:?}"));
            }
            Err(error) => stage.notes.tell(|| format!("#{cable}: {error:?}")),
        }
    }
}

/// A head has come: what the handler does before it reads.
fn begin(stage: &Stage, world: &Shared, http: &mut Connection<Server, Waiting>, job: &mut Job<'_>) {
    stage.notes.begin(job.index).answered = true;
    stage.notes.tell(|| format!("the handler of {} begins: {:?}", job.index, job.planned.handler));
    for _ in 0..job.planned.hints {
        // Not to HTTP/1.0.
        let _ = http.inform(&ResponseHead::new(103));
    }
    match job.planned.handler {
        // With nothing to be read there is nothing to be left unread.
        Handler::Reads | Handler::ReadsPart | Handler::Early => {
            if http.awaiting_continue() {
                let _ = http.proceed();
            }
        }
        Handler::Ignores if job.planned.content.length() == 0 || job.planned.talk().is_some() => {}
        Handler::Ignores => {
            answer(stage, world, http, job);
            http.discard();
        }
        Handler::Fails | Handler::Panics => {
            job.answered = http.respond(&ResponseHead::new(500), BodyLength::Empty).is_ok();
            http.discard();
        }
        Handler::Aborts => http.abort(),
        Handler::Hangs => {
            pause(world, Duration::from_secs(3000));
            http.abort();
        }
    }
}

/// Answers as it is planned.
fn answer(stage: &Stage, world: &Shared, http: &mut Connection<Server, Waiting>, job: &mut Job<'_>) {
    pause(world, job.planned.thinks);
    let name = job.index.to_string();
    let fields = [("index", name.as_bytes())];
    let head = ResponseHead::new(job.planned.status()).fields(&fields);
    job.answered = true;
    let length = length(&job.planned.answer);
    if let Err(error) = http.respond(&head, length) {
        return stage.notes.tell(|| format!("{} is not answered: {error:?}", job.index));
    }
    let sent = match length {
        BodyLength::Empty => true,
        _ if job.planned.method == "HEAD" => http.finish(None).is_ok(),
        BodyLength::Exact(_) | BodyLength::Unknown | BodyLength::Streaming => {
            send(http, world, key(job.index, true), &job.planned.answer)
        }
    };
    stage.notes.tell(|| format!("the answer to {} is on its way: {sent}", job.index));
}

/// Accepts what the client has offered, or its tunnel.
fn upgrade(stage: &Stage, world: &Shared, http: &mut Connection<Server, Waiting>, job: &mut Job<'_>) {
    pause(world, job.planned.thinks);
    let name = job.index.to_string();
    let fields = [("index", name.as_bytes())];
    let head = ResponseHead::new(job.planned.status()).fields(&fields);
    let upgraded = match job.planned.kind {
        Kind::Upgrade(_) => http.upgrade(&head.upgrade("sim")),
        Kind::Connect(_) | Kind::Plain => http.upgrade(&head),
    };
    stage.notes.tell(|| format!("{} goes on with another protocol: {upgraded:?}", job.index));
}

/// Says what there is to say behind HTTP.
fn talk(stage: &Stage, world: &Shared, mut http: Connection<Server, Waiting>, mut inbox: Inbox, job: &Job<'_>) {
    let tail = match http.next_event(&mut inbox) {
        Ok(Event::UpgradeTail(_)) => inbox.retain(),
        Ok(_) | Err(_) => return stage.notes.tell(|| format!("the tunnel of {} comes to nothing", job.index)),
    };
    let (Ok(io), Some(talk)) = (http.into_upgraded(tail), job.planned.talk()) else {
        return stage.notes.check(false, || format!("{} has no connection to go on with", job.index));
    };
    let report = speak(stage, world, io, &talk.server, (key(job.index, true), key(job.index, false)));
    stage.notes.tell(|| format!("the server's end of {}: {report:?}", job.index));
    stage.notes.talks.lock().unwrap().insert(job.index, report);
}
