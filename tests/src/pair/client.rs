//! The client's application: starts the requests of the plan as soon as it may, and keeps what is answered.

use super::endpoint::{App, Endpoint};
use super::plan::Plan;
use http_proto::{
    BodyLength, Client, FieldBlock, Fields, Framing, Instant, RequestHead, Response, SendError, State, Version,
};

/// Names and values.
pub type Owned = Vec<(String, Vec<u8>)>;

/// A copy of some fields.
pub fn owned(fields: Fields<'_>) -> Owned {
    fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

/// An answer, as far as it came.
#[derive(Debug, Default)]
pub struct Answered {
    /// Interim responses.
    pub interim: Vec<u16>,
    /// Status and reason of the final head.
    pub head: Option<(u16, Vec<u8>)>,
    /// The fields of the final head.
    pub fields: Owned,
    /// Content.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Owned,
    /// To its end.
    pub complete: bool,
}

/// The application.
pub struct ClientApp<'p> {
    plan: &'p Plan,
    /// Per request that was started: whether it was finished.
    pub finished: Vec<bool>,
    /// One per request to which something came.
    pub answers: Vec<Answered>,
    /// The exchange that made a tunnel, and what came out of it.
    pub tunnel: Option<(usize, Vec<u8>)>,
    /// The application has aborted.
    pub aborted: bool,
    /// Pieces sent of the present request, or into the tunnel.
    pieces: Option<usize>,
    refused: bool,
    asked_to_close: bool,
    offers_tunnel: bool,
}

impl<'p> ClientApp<'p> {
    /// The client of this plan.
    pub fn new(plan: &'p Plan) -> Self {
        ClientApp {
            plan,
            finished: Vec::new(),
            answers: Vec::new(),
            tunnel: None,
            aborted: false,
            pieces: None,
            refused: false,
            asked_to_close: false,
            offers_tunnel: false,
        }
    }

    fn start<S>(&mut self, end: &mut Endpoint<Client, S>) -> bool {
        let index = self.finished.len();
        let Some(exchange) = self.plan.exchanges.get(index) else { return self.shut_down(end) };
        // What stands behind an offer might reach the next protocol; a careful client waits for the decision.
        let asks = |index: usize| {
            let request = &self.plan.exchanges[index].request;
            request.upgrade || request.method == "CONNECT"
        };
        if (index - end.connection.outstanding()..index).any(asks) {
            return false;
        }
        let request = &exchange.request;
        let target = target(index, request.method);
        let value = index.to_string();
        let fields = [("X-Index", value.as_bytes()), ("x-index", b"2".as_slice())];
        let mut head = RequestHead::new(request.method, &target).fields(&fields);
        head.host = (request.method != "CONNECT").then_some("h");
        head.version = if request.old { Version::HTTP_10 } else { Version::HTTP_11 };
        (head.close, head.expect_continue) = (request.close, request.expect);
        head.upgrade = if request.upgrade { &["first", "x/2"] } else { &[] };
        match end.command(|connection, out| connection.start(&head, request.body.length, out)) {
            Ok(()) => {}
            Err(SendError::PipelineFull | SendError::NotPipelinable) => return false,
            Err(SendError::Closed | SendError::Upgraded) => {
                self.refused = true;
                return false;
            }
            // The last answer came from an HTTP/1.0 server; this one never does.
            Err(error) => panic!("start: {error:?}"),
        }
        let complete = request.body.length == BodyLength::Empty;
        self.finished.push(complete);
        self.pieces = (!complete).then_some(0);
        self.offers_tunnel |= request.upgrade || request.method == "CONNECT";
        true
    }

    fn shut_down<S>(&mut self, end: &mut Endpoint<Client, S>) -> bool {
        if !self.plan.client_shutdown || self.asked_to_close || end.connection.outstanding() > 0 {
            return false;
        }
        self.asked_to_close = true;
        end.connection.shutdown();
        true
    }

    fn send<S>(&mut self, end: &mut Endpoint<Client, S>, pieces: usize) -> bool {
        let index = self.finished.len() - 1;
        let request = &self.plan.exchanges[index].request;
        if request.abort == Some(pieces) {
            self.aborted = true;
            self.pieces = None;
            end.connection.abort();
            return true;
        }
        if end.is_full() {
            return false;
        }
        let result = match request.body.pieces.get(pieces) {
            Some(piece) => end.send(piece).map(|()| true),
            None => {
                let trailers = FieldBlock::from_fields([("X-Trailer", b"t".as_slice())]).expect("a trailer");
                let chunked = matches!(request.body.length, BodyLength::Unknown | BodyLength::Streaming);
                let trailers = (chunked && request.body.trailer).then_some(&trailers);
                end.command(|connection, out| connection.finish(trailers, out)).map(|()| false)
            }
        };
        match result {
            Ok(true) => self.pieces = Some(pieces + 1),
            Ok(false) => {
                self.finished[index] = true;
                self.pieces = None;
            }
            Err(SendError::AwaitingContinue) => return false,
            // An answer, an error or a shutdown has made an end of it.
            Err(SendError::NoMessage | SendError::Closed) => {
                let why = self.answers.len() > index || end.connection.state() == State::Closed;
                assert!(why || !end.connection.is_reusable(), "a request was given up for nothing");
                self.pieces = None;
            }
            Err(error) => panic!("send: {error:?}"),
        }
        true
    }
}

/// The target of the request with this index.
pub fn target(index: usize, method: &str) -> String {
    if method == "CONNECT" { format!("h:{}", index + 1) } else { format!("/{index}") }
}

impl App<Client> for ClientApp<'_> {
    fn on_head(&mut self, head: Response<'_>) {
        assert!(
            self.finished.len() > self.answers.iter().filter(|answer| answer.complete).count(),
            "an answer to none"
        );
        if self.answers.last().is_none_or(|last| last.complete) {
            self.answers.push(Answered::default());
        }
        let answer = self.answers.last_mut().expect("just made");
        assert_eq!(answer.head, None, "one final head");
        if head.is_interim() {
            answer.interim.push(head.status());
            return;
        }
        answer.head = Some((head.status(), head.reason().to_vec()));
        answer.fields = owned(head.fields());
        if head.framing() == Framing::Tunnel {
            self.tunnel = Some((self.answers.len() - 1, Vec::new()));
            self.pieces = Some(0);
        }
    }

    fn on_payload(&mut self, octets: &[u8]) {
        let answer = self.answers.last_mut().expect("a head comes first");
        assert!(answer.head.is_some() && !answer.complete, "content outside a message");
        answer.body.extend_from_slice(octets);
    }

    fn on_complete(&mut self, trailers: Fields<'_>) {
        let answer = self.answers.last_mut().expect("a head comes first");
        assert!(answer.head.is_some() && !answer.complete, "an end outside a message");
        answer.trailers = owned(trailers);
        answer.complete = true;
    }

    fn on_tail(&mut self, octets: &[u8]) {
        self.tunnel.as_mut().expect("a tunnel").1.extend_from_slice(octets);
    }

    fn act<S>(&mut self, end: &mut Endpoint<Client, S>, _: Instant) -> bool {
        if end.closed || self.aborted {
            return false;
        }
        if let Some((index, _)) = self.tunnel {
            // The tail must have come before anything goes in.
            if end.connection.state() != State::Upgraded || end.is_full() {
                return false;
            }
            let pieces = self.pieces.unwrap_or_default();
            match self.plan.exchanges[index].request.tunnel.get(pieces) {
                Some(piece) => end.send(piece).expect("a tunnel takes everything"),
                None => return end.finish_tunnel(),
            }
            self.pieces = Some(pieces + 1);
            return true;
        }
        match self.pieces {
            Some(pieces) => self.send(end, pieces),
            None => !self.refused && self.start(end),
        }
    }

    fn wakes_at(&self) -> Option<Instant> {
        None
    }
}
