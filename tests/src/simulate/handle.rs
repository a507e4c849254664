//! The server's applications: what the handler of each request does.

use super::content::{Meter, Received, key, metered, read};
use super::net::{CLIENT, SERVER, Weather};
use super::notes::Working;
use super::plan::{Handler, Kind, Request as Planned, Talk};
use super::stage::{Stage, cable};
use super::talk::{Voice, is_of};
use super::wait::sleep;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Frame;
use http_driver::{Body, BodySender, BoxError, Exchange, Streaming, Transport, tunnel};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

type Answer = Result<Response<Body>, BoxError>;

/// What a connection reads ahead for a handler that does not ask for content, and what one read brings.
const AHEAD: u64 = (16 + 64) * 1024;

/// Pieces of an answer that wait in the channel of its content, and the one that waits for room there.
const CHANNEL: usize = 4 + 1;

/// Answers a request with the service of this generation.
pub async fn handle(stage: Arc<Stage>, generation: usize, request: Request<Body>) -> Answer {
    let Some(index) = index_of(&request) else { return stranger(&stage, request).await };
    let (planned, notes) = (&stage.plan.requests[index], &stage.notes);
    let mut working = notes.begin(index);
    notes.tell(|| format!("the handler of {index} begins: {:?}", planned.handler));
    notes.check(generation == notes.generation.load(Relaxed), || format!("{index} is answered by the old service"));
    notes.check(request.method() == planned.method, || format!("{index} has become {}", request.method()));
    let named = request.headers().get("index").is_some_and(|name| name == index.to_string().as_str());
    notes.check(named, || format!("the fields of {index} are not its own: {:?}", request.headers()));
    let answer = answer(&stage, index, planned, request, &mut working).await;
    working.answered = answer.is_ok();
    answer
}

/// The number of a request: its path, or the port that CONNECT asks for.
fn index_of(request: &Request<Body>) -> Option<usize> {
    match *request.method() {
        Method::CONNECT => usize::from(request.uri().port_u16()?).checked_sub(1000),
        _ => request.uri().path().trim_start_matches('/').parse().ok(),
    }
}

async fn answer(
    stage: &Arc<Stage>,
    index: usize,
    planned: &Planned,
    request: Request<Body>,
    working: &mut Working<'_>,
) -> Answer {
    let exchange = request.extensions().get::<Exchange>().cloned().ok_or("no exchange")?;
    let place = cable(exchange.connection().peer());
    let mut content = request.into_body();
    for _ in 0..planned.hints {
        exchange.inform(StatusCode::EARLY_HINTS, HeaderMap::new());
    }
    let everything = (usize::MAX, Duration::ZERO);
    match planned.handler {
        Handler::Reads => match read(stage, key(index, false), &mut content, everything, |_| ()).await {
            Received::Whole(length, trailers) => stage.judge_content(index, length, trailers),
            Received::Broken | Received::Dropped => return Err("the content broke off".into()),
        },
        Handler::ReadsPart => {
            read(stage, key(index, false), &mut content, (1, Duration::ZERO), |_| ()).await;
        }
        Handler::Fails => return Err("planned".into()),
        Handler::Panics => panic!("planned"),
        Handler::Aborts => exchange.abort(),
        Handler::Hangs => sleep(Duration::from_secs(3000)).await,
        Handler::Ignores | Handler::Early => {}
    }
    if !planned.thinks.is_zero() {
        let before = stage.net.traffic(place, SERVER).read;
        sleep(planned.thinks).await;
        let read = stage.net.traffic(place, SERVER).read - before;
        // Where others are handled meanwhile, their requests are read.
        let alone = stage.plan.settings.in_flight == 1;
        let notes = &stage.notes;
        notes.check(!alone || read <= AHEAD, || format!("{read} octets were read while {index} was thought about"));
    }
    let mut response = Response::builder().status(planned.status()).header("index", index);
    match &planned.kind {
        Kind::Upgrade(Some(talk)) => {
            response = response.header("upgrade", "sim");
            stage.spawn(speak(Arc::clone(stage), index, exchange, talk.clone()));
            return Ok(response.body(Body::empty())?);
        }
        Kind::Connect(Some(talk)) => {
            stage.spawn(speak(Arc::clone(stage), index, exchange, talk.clone()));
            return Ok(response.body(Body::empty())?);
        }
        Kind::Plain | Kind::Upgrade(None) | Kind::Connect(None) => {}
    }
    if planned.answer.streaming {
        response = response.extension(Streaming);
    }
    // A whole body is not asked for piece by piece.
    let ahead = if planned.handler == Handler::Early { CHANNEL } else { 0 };
    let body = metered(key(index, true), &planned.answer, Some(Meter::new(stage, place, CLIENT, ahead)));
    working.answered = true;
    let body = match planned.handler {
        Handler::Early => {
            let (sender, channel) = Body::channel();
            stage.spawn(early(Arc::clone(stage), index, content, body, sender));
            channel
        }
        Handler::Reads
        | Handler::Ignores
        | Handler::ReadsPart
        | Handler::Fails
        | Handler::Panics
        | Handler::Aborts
        | Handler::Hangs => body,
    };
    Ok(response.body(body)?)
}

/// Sends the content of an answer that has begun, when the request's has been read.
async fn early(stage: Arc<Stage>, index: usize, mut content: Body, mut answer: Body, mut sender: BodySender) {
    let received = read(&stage, key(index, false), &mut content, (usize::MAX, Duration::ZERO), |_| ()).await;
    if let Received::Whole(length, trailers) = received {
        stage.judge_content(index, length, trailers);
    }
    loop {
        match answer.frame().await.map(|frame| frame.map(Frame::into_data)) {
            None => return sender.finish(),
            Some(Err(error)) => return sender.abort(error),
            Some(Ok(Ok(data))) => {
                if sender.send(data).await.is_err() {
                    return;
                }
            }
            Some(Ok(Err(frame))) => {
                let _gone = sender.trailers(frame.into_trailers().unwrap_or_default());
                return;
            }
        }
    }
}

/// Speaks another protocol, or has somebody behind this server do so.
async fn speak(stage: Arc<Stage>, index: usize, exchange: Exchange, talk: Talk) {
    let Ok(mut upgraded) = exchange.upgrade().await else {
        return stage.notes.tell(|| format!("{index} does not go on with another protocol"));
    };
    if !talk.through {
        return say(&stage, index, &mut upgraded, &talk).await;
    }
    let (near, mut far) = stage.net.connect();
    let behind = Arc::clone(&stage);
    stage.spawn(async move { say(&behind, index, &mut far, &talk).await });
    let passed = tunnel(upgraded, near).await;
    stage.notes.tell(|| format!("the tunnel of {index} is over: {passed:?}"));
}

async fn say(stage: &Stage, index: usize, io: &mut impl Transport, talk: &Talk) {
    let report = Voice::new(key(index, true), &talk.server)
        .speak(io, |from, heard| {
            let so = is_of(key(index, false), from, heard);
            stage.notes.check(so, || format!("octets from {from} on are not what the client of {index} has said"));
        })
        .await;
    stage.notes.tell(|| format!("the server's end of {index}: {report:?}"));
    stage.notes.talks.lock().unwrap().insert(index, report);
}

/// Octets of a long answer: more than a connection holds, where there is room for it.
pub fn long(weather: &Weather) -> usize {
    if weather.is_narrow() { 2000 } else { 700_000 }
}

/// Answers those who are not in the plan.
async fn stranger(stage: &Stage, request: Request<Body>) -> Answer {
    let length = match request.uri().path() {
        "/long" => long(&stage.plan.weather),
        "/unread" => 0,
        _ => 1,
    };
    let mut content = request.into_body();
    while length == 1
        && let Some(piece) = content.chunk().await
    {
        piece?;
    }
    Ok(Response::new(Body::from(vec![b'.'; length])))
}
