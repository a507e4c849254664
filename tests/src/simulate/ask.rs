//! The client's application: requests, and what becomes of them.

use super::content::{Received, body, key, read};
use super::net::CLIENT;
use super::notes::Outcome;
use super::plan::{Kind, Reader, Request as Planned};
use super::stage::{Stage, Way, cable};
use super::talk::{Voice, is_of};
use super::wait::{sleep, within};
use http::{Request, Response, Version};
use http_driver::{Body, Client, ClientExchange, Informed, Streaming, Within};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Makes a request at its time, and notes what becomes of it.
pub async fn ask(index: usize, stage: Arc<Stage>, client: Client<Way>) {
    let planned = &stage.plan.requests[index];
    sleep(planned.at).await;
    stage.notes.tell(|| format!("request {index} {} begins", planned.method));
    let begun = stage.notes.now();
    let exchange = exchange(index, planned, &stage, &client);
    let outcome = match planned.cancel {
        None => exchange.await,
        Some(after) => within(after, exchange).await.unwrap_or(Outcome::Cancelled),
    };
    let took = stage.notes.now().saturating_since(begun);
    let bound = stage.plan.bound(index);
    stage.notes.tell(|| format!("request {index}: {outcome:?}"));
    stage.notes.check(took <= bound, || format!("{index} has taken {took:?}, where {bound:?} is the most"));
    let before = stage.notes.outcomes.lock().unwrap()[index].replace(outcome);
    assert!(before.is_none());
}

fn request(index: usize, planned: &Planned, told: &Arc<AtomicUsize>) -> Request<Body> {
    let uri = match planned.kind {
        Kind::Connect(_) => format!("h{}:{}", planned.origin, 1000 + index),
        Kind::Plain | Kind::Upgrade(_) => format!("http://h{}/{index}", planned.origin),
    };
    let mut request = Request::builder().method(planned.method).uri(uri).header("index", index);
    if planned.old {
        request = request.version(Version::HTTP_10);
    }
    if planned.expect {
        request = request.header("expect", "100-continue");
    }
    if let Kind::Upgrade(_) = planned.kind {
        request = request.header("upgrade", "sim");
    }
    if let Some(whole) = planned.whole {
        request = request.extension(Within(whole));
    }
    if planned.content.streaming {
        request = request.extension(Streaming);
    }
    let told = Arc::clone(told);
    let informed = Informed::new(move |interim| {
        told.fetch_add(usize::from(interim.status() == 103), Relaxed);
    });
    request.extension(informed).body(body(key(index, false), &planned.content)).expect("a request")
}

async fn exchange(index: usize, planned: &Planned, stage: &Stage, client: &Client<Way>) -> Outcome {
    let notes = &stage.notes;
    let begun = notes.now();
    let told = Arc::<AtomicUsize>::default();
    let answered = client.execute(request(index, planned, &told)).await;
    let by = planned.whole.map(|whole| begun.saturating_add(whole));
    notes.check(by.is_none_or(|by| notes.now() <= by), || format!("{index} is over time"));
    let response = match answered {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(format!("{error:?}")),
    };
    let told = told.load(Relaxed);
    notes.tell(|| format!("request {index}: {}, and {told} in front of it", response.status()));
    if response.status() != planned.status() {
        return Outcome::Answered(response.status(), Received::Dropped);
    }
    let named = response.headers().get("index").is_some_and(|name| name == index.to_string().as_str());
    notes.check(named, || format!("the answer to {index} is not its own: {:?}", response.headers()));
    let hints = if planned.old { 0 } else { planned.hints };
    let so = told == hints || (told <= hints && !stage.plan.is_quiet());
    notes.check(so, || format!("{index} was told of {told} interim responses, of {hints}"));
    let Some(exchange) = response.extensions().get::<ClientExchange>().cloned() else {
        notes.check(false, || format!("the answer to {index} has no exchange"));
        return Outcome::Answered(response.status(), Received::Dropped);
    };
    match planned.talk() {
        None => {
            let received = receive(index, planned, stage, response, by, &exchange).await;
            Outcome::Answered(planned.status().try_into().expect("a status"), received)
        }
        Some(talk) => {
            let Some(mut upgraded) = exchange.take_upgraded() else {
                notes.check(false, || format!("{index} has no connection to go on with"));
                return Outcome::Cancelled;
            };
            let hears = |from, heard: &[u8]| {
                let so = is_of(key(index, true), from, heard);
                notes.check(so, || format!("octets from {from} on are not what the server of {index} has said"));
            };
            Outcome::Talked(Voice::new(key(index, false), &talk.client).speak(&mut upgraded, hears).await)
        }
    }
}

/// Reads an answer as it is planned.
async fn receive(
    index: usize,
    planned: &Planned,
    stage: &Stage,
    mut response: Response<Body>,
    by: Option<http_proto::Instant>,
    exchange: &ClientExchange,
) -> Received {
    let how = match planned.reader {
        Reader::All(pause) => (usize::MAX, pause),
        Reader::Some(pieces) => (pieces, Duration::ZERO),
    };
    let notes = &stage.notes;
    let place = cable(exchange.connection().peer());
    let deadline = stage.plan.settings.deadlines().body;
    read(stage, key(index, true), response.body_mut(), how, |waited| {
        // No longer than its deadline behind the last sign of life, and not beyond that of the whole exchange.
        let now = notes.now();
        let silence = stage.net.traffic(place, CLIENT).arrived.map_or(waited, |at| now.saturating_since(at));
        let most = silence.min(waited);
        notes.check(most <= deadline, || format!("content of {index} was waited for {most:?}"));
        let in_time = by.is_none_or(|by| waited.is_zero() || now <= by);
        notes.check(in_time, || format!("content of {index} was waited for beyond the end"));
    })
    .await
}
