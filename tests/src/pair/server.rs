//! The server's application: answers what comes as the plan says, in order.

use super::client::{Owned, owned};
use super::endpoint::{App, Endpoint};
use super::plan::{Answer, Expectation, Plan};
use http_proto::{BodyLength, FieldBlock, Fields, Instant, Request, ResponseHead, SendError, Server, State};

/// A request, as far as it came.
#[derive(Debug)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The header section.
    pub fields: Owned,
    /// Content.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Owned,
    /// To its end.
    pub complete: bool,
    /// The server did not want the rest.
    pub discarded: bool,
}

/// An answer, as far as it was given.
#[derive(Debug, Default)]
pub struct Given {
    /// Status and whether all of it was sent.
    pub head: Option<u16>,
    /// All of it was sent.
    pub complete: bool,
    /// Interim responses.
    pub interim: Vec<u16>,
    /// Octets of content.
    pub body: Vec<u8>,
    /// With a trailer.
    pub trailer: bool,
}

/// How far the present answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Thinking,
    Interim(usize),
    Body(usize),
}

/// The application.
pub struct ServerApp<'p> {
    plan: &'p Plan,
    /// The requests.
    pub received: Vec<Received>,
    /// The answers.
    pub given: Vec<Given>,
    /// The exchange that made a tunnel, and what came out of it.
    pub tunnel: Option<(usize, Vec<u8>)>,
    /// The application has aborted.
    pub aborted: bool,
    /// Exchanges given up after the close.
    pub abandoned: usize,
    stage: Stage,
    wake: Option<Instant>,
    asked_to_close: bool,
    tunnel_pieces: usize,
}

impl<'p> ServerApp<'p> {
    /// The server of this plan.
    pub fn new(plan: &'p Plan) -> Self {
        ServerApp {
            plan,
            received: Vec::new(),
            given: Vec::new(),
            tunnel: None,
            aborted: false,
            abandoned: 0,
            stage: Stage::Waiting,
            wake: None,
            asked_to_close: false,
            tunnel_pieces: 0,
        }
    }

    /// The index of the exchange whose answer is next.
    fn front(&self) -> usize {
        self.given.iter().take_while(|given| given.complete).count()
    }

    fn answer<S>(&mut self, end: &mut Endpoint<Server, S>, now: Instant) -> bool {
        let index = self.front();
        if end.failure.is_some() && self.received.get(index).is_none_or(|received| !received.complete) {
            return self.refuse(end);
        }
        let Some(received) = self.received.get_mut(index) else { return false };
        let exchange = &self.plan.exchanges[index];
        let answer = &exchange.answer;
        if self.given.len() == index {
            self.given.push(Given::default());
        }
        let tunnel = answer.accept && (exchange.request.upgrade || exchange.request.method == "CONNECT");
        if answer.discard && !tunnel && !received.complete && !received.discarded && self.stage == Stage::Waiting {
            received.discarded = true;
            end.connection.discard();
            return true;
        }
        match self.stage {
            Stage::Waiting => {
                let pending = end.connection.awaiting_continue();
                if pending && answer.expectation == Expectation::Proceed {
                    self.given[index].interim.push(100);
                    end.command(|connection, out| connection.proceed(out)).expect("is awaited");
                    return true;
                }
                let refused = pending && answer.expectation == Expectation::Refuse;
                // The end of what is discarded may never come.
                if !(received.complete || !tunnel && (answer.early || refused || received.discarded)) {
                    return false;
                }
                self.stage = Stage::Thinking;
                self.wake = (!answer.delay.is_zero()).then(|| now.saturating_add(answer.delay));
                true
            }
            Stage::Thinking => {
                if !self.is_awake(now) {
                    return false;
                }
                self.stage = Stage::Interim(0);
                true
            }
            Stage::Interim(count) if count < answer.interim.len() && !exchange.request.old => {
                let status = answer.interim[count];
                self.stage = Stage::Interim(count + 1);
                let result = end.command(|connection, out| connection.inform(&ResponseHead::new(status), out));
                self.given[index].interim.extend(result.is_ok().then_some(status));
                self.survived(result);
                true
            }
            Stage::Interim(_) if tunnel => self.open_tunnel(end, index),
            Stage::Interim(_) => self.head(end, index, answer),
            Stage::Body(pieces) => self.body(end, now, index, pieces),
        }
    }

    fn is_awake(&mut self, now: Instant) -> bool {
        if self.wake.is_some_and(|wake| wake > now) {
            return false;
        }
        self.wake = None;
        true
    }

    /// Whether a command was taken; if not, the connection must have closed meanwhile.
    fn survived(&mut self, result: Result<(), SendError>) -> bool {
        match result {
            Ok(()) => true,
            Err(SendError::Closed) => false,
            Err(error) => panic!("{error:?} in {:?}", self.stage),
        }
    }

    fn head<S>(&mut self, end: &mut Endpoint<Server, S>, index: usize, answer: &Answer) -> bool {
        let connect = self.received[index].method == "CONNECT";
        let status = if connect && (200..300).contains(&answer.status) { 403 } else { answer.status };
        let value = index.to_string();
        let fields = [("X-Index", value.as_bytes()), ("x-index", b"".as_slice())];
        let mut head = ResponseHead::new(status).fields(&fields).date(b"Sun, 06 Nov 1994 08:49:37 GMT");
        (head.reason, head.close) = (answer.reason, answer.close);
        let result = end.command(|connection, out| connection.respond(&head, answer.body.length, out));
        if self.survived(result) {
            let complete = answer.body.length == BodyLength::Empty;
            (self.given[index].head, self.given[index].complete) = (Some(status), complete);
            self.stage = if complete { Stage::Waiting } else { Stage::Body(0) };
        }
        true
    }

    fn body<S>(&mut self, end: &mut Endpoint<Server, S>, now: Instant, index: usize, pieces: usize) -> bool {
        let answer = &self.plan.exchanges[index].answer;
        if answer.abort == Some(pieces) {
            self.aborted = true;
            end.connection.abort();
            return true;
        }
        if end.is_full() || !self.is_awake(now) {
            return false;
        }
        let no_content = self.received[index].method == "HEAD" || self.given[index].head == Some(304);
        match answer.body.pieces.get(pieces).filter(|_| !no_content) {
            Some(piece) => {
                let result = end.send(piece);
                if self.survived(result) {
                    self.given[index].body.extend_from_slice(&piece.octets);
                    self.stage = Stage::Body(pieces + 1);
                    self.wake = (!answer.pause.is_zero()).then(|| now.saturating_add(answer.pause));
                }
            }
            None => {
                let block = FieldBlock::from_fields([("X-Trailer", b"t".as_slice())]).expect("a trailer");
                let chunked = matches!(answer.body.length, BodyLength::Unknown | BodyLength::Streaming);
                let trailer = answer.body.trailer && chunked && !no_content && !self.plan.exchanges[index].request.old;
                let trailers = trailer.then_some(&block);
                let result = end.command(|connection, out| connection.finish(trailers, out));
                if self.survived(result) {
                    (self.given[index].complete, self.given[index].trailer) = (true, trailer);
                    self.stage = Stage::Waiting;
                }
            }
        }
        true
    }

    fn open_tunnel<S>(&mut self, end: &mut Endpoint<Server, S>, index: usize) -> bool {
        let connect = self.received[index].method == "CONNECT";
        let head = ResponseHead::new(if connect { 200 } else { 101 });
        let head = if connect { head } else { head.upgrade("x/2") };
        let asked = self.plan.exchanges[index].request.expect && !self.given[index].interim.contains(&100);
        match end.command(|connection, out| connection.upgrade(&head, out)) {
            Ok(()) => {
                if asked {
                    self.given[index].interim.push(100);
                }
                (self.given[index].head, self.given[index].complete) = (Some(head.status), true);
                self.tunnel = Some((index, Vec::new()));
                true
            }
            Err(SendError::Closed) => false,
            Err(error) => panic!("upgrade: {error:?}"),
        }
    }

    /// The next answer is due to what could not be read.
    fn refuse<S>(&mut self, end: &mut Endpoint<Server, S>) -> bool {
        let error = end.failure.expect("is asked first");
        match end.command(|connection, out| connection.refuse(error, None, out)) {
            Ok(()) => true,
            Err(SendError::AlreadyResponded) => {
                end.connection.abort();
                true
            }
            Err(SendError::Closed | SendError::NotRefusable | SendError::NothingToAnswer) => false,
            Err(error) => panic!("refuse: {error:?}"),
        }
    }
}

impl App<Server> for ServerApp<'_> {
    fn on_head(&mut self, head: Request<'_>) {
        assert!(self.received.last().is_none_or(|last| last.complete), "a head inside a message");
        self.received.push(Received {
            method: head.method().to_owned(),
            target: head.target().to_owned(),
            fields: owned(head.fields()),
            body: Vec::new(),
            trailers: Vec::new(),
            complete: false,
            discarded: false,
        });
    }

    fn on_payload(&mut self, octets: &[u8]) {
        let request = self.received.last_mut().expect("a head comes first");
        assert!(!request.complete && !request.discarded, "content that nobody wants");
        request.body.extend_from_slice(octets);
    }

    fn on_complete(&mut self, trailers: Fields<'_>) {
        let request = self.received.last_mut().expect("a head comes first");
        assert!(!request.complete, "an end outside a message");
        request.trailers = owned(trailers);
        request.complete = true;
    }

    fn on_tail(&mut self, octets: &[u8]) {
        self.tunnel.as_mut().expect("a tunnel").1.extend_from_slice(octets);
    }

    fn act<S>(&mut self, end: &mut Endpoint<Server, S>, now: Instant) -> bool {
        if end.connection.state() == State::Closed {
            let outstanding = end.connection.outstanding();
            end.connection.abandon();
            self.abandoned += outstanding - end.connection.outstanding();
            return outstanding > 0;
        }
        if end.closed {
            return false;
        }
        if let Some((index, _)) = self.tunnel {
            if end.is_full() {
                return false;
            }
            match self.plan.exchanges[index].answer.tunnel.get(self.tunnel_pieces) {
                Some(piece) => end.send(piece).expect("a tunnel takes everything"),
                None => return end.finish_tunnel(),
            }
            self.tunnel_pieces += 1;
            return true;
        }
        if self.plan.server_shutdown.is_some_and(|count| count <= self.received.len()) && !self.asked_to_close {
            self.asked_to_close = true;
            end.connection.shutdown();
            return true;
        }
        end.connection.outstanding() > 0 && end.connection.state() != State::Closing && self.answer(end, now)
    }

    fn wakes_at(&self) -> Option<Instant> {
        self.wake
    }
}
