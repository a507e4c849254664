//! What the checks share: input fed in every way that it can be cut, with one result.

mod endpoint;
mod verdict;

pub(crate) use endpoint::*;
pub(crate) use verdict::*;

use http_proto::buffer::Storage;
use http_proto::{
    BodyLength, Client, Config, Connection, End, Event, Expectation, Fields, Framing, MethodKind, Pipeline, RecvBuf,
    RecvErrorKind, Request, RequestHead, Response, ResponseHead, Role, SendBuf, Server, Step, TargetForm,
};
use std::sync::Arc;
use tests::pair::one::written;

pub(crate) use http_proto::RecvErrorKind as Kind;

/// Names and values of a section.
pub(crate) type Lines = Vec<(String, Vec<u8>)>;

/// A head of either role; what the other one has is empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) form: Option<TargetForm>,
    pub(crate) authority: Option<String>,
    pub(crate) expectation: Expectation,
    pub(crate) upgrade: bool,
    pub(crate) status: u16,
    pub(crate) reason: Vec<u8>,
    pub(crate) interim: bool,
    pub(crate) minor: u8,
    pub(crate) framing: Framing,
    pub(crate) keep_alive: bool,
    pub(crate) fields: Lines,
}

/// An owned event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    Head(Head),
    Payload(Vec<u8>),
    Complete(Lines),
    Tail(Vec<u8>),
}

pub(crate) fn lines(fields: Fields<'_>) -> Lines {
    fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(crate) trait ToHead {
    fn to_head(&self) -> Head;
}

impl ToHead for Request<'_> {
    fn to_head(&self) -> Head {
        Head {
            method: self.method().to_owned(),
            target: self.target().to_owned(),
            form: Some(self.target_form()),
            authority: self.authority().map(str::to_owned),
            expectation: self.expectation(),
            upgrade: self.upgrade_offered(),
            status: 0,
            reason: Vec::new(),
            interim: false,
            minor: self.version().minor(),
            framing: self.framing(),
            keep_alive: self.keep_alive(),
            fields: lines(self.fields()),
        }
    }
}

impl ToHead for Response<'_> {
    fn to_head(&self) -> Head {
        Head {
            method: String::new(),
            target: String::new(),
            form: None,
            authority: None,
            expectation: Expectation::None,
            upgrade: false,
            status: self.status(),
            reason: self.reason().to_owned(),
            interim: self.is_interim(),
            minor: self.version().minor(),
            framing: self.framing(),
            keep_alive: self.keep_alive(),
            fields: lines(self.fields()),
        }
    }
}

/// Everything that came of one input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trace {
    /// Adjacent payloads are one.
    pub(crate) events: Vec<Seen>,
    pub(crate) error: Option<(RecvErrorKind, u64)>,
    pub(crate) last: Step,
    /// What a server has answered.
    pub(crate) sent: String,
    /// Octets that were not consumed as HTTP.
    pub(crate) left: usize,
}

impl Trace {
    pub(crate) fn heads(&self) -> Vec<&Head> {
        self.events.iter().filter_map(|seen| if let Seen::Head(head) = seen { Some(head) } else { None }).collect()
    }

    /// The only head.
    pub(crate) fn head(&self) -> &Head {
        let heads = self.heads();
        assert_eq!(heads.len(), 1, "{self:?}");
        heads[0]
    }

    pub(crate) fn completed(&self) -> usize {
        self.events.iter().filter(|seen| matches!(seen, Seen::Complete(_))).count()
    }

    /// The content of each message that has some, as text.
    pub(crate) fn contents(&self) -> Vec<String> {
        let payload = |seen: &Seen| {
            if let Seen::Payload(octets) = seen { Some(String::from_utf8_lossy(octets).into_owned()) } else { None }
        };
        self.events.iter().filter_map(payload).collect()
    }

    /// The trailer section of the last message.
    pub(crate) fn trailers(&self) -> Lines {
        let trailers = |seen: &Seen| if let Seen::Complete(trailers) = seen { Some(trailers.clone()) } else { None };
        self.events.iter().rev().find_map(trailers).unwrap_or_default()
    }

    pub(crate) fn tail(&self) -> Option<&[u8]> {
        self.events.iter().find_map(|seen| if let Seen::Tail(tail) = seen { Some(tail.as_slice()) } else { None })
    }

    pub(crate) fn value(&self, name: &str) -> Option<Vec<u8>> {
        value(&self.head().fields, name)
    }
}

/// The value of the first field of that name.
pub(crate) fn value(fields: &Lines, name: &str) -> Option<Vec<u8>> {
    fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

/// How a server answers a complete request.
pub(crate) type Answer = fn(&mut Connection<Server>, &Head, &mut SendBuf);

/// 200 without content: it accepts CONNECT and declines an upgrade.
pub(crate) fn ok(connection: &mut Connection<Server>, head: &Head, out: &mut SendBuf) {
    let answer = ResponseHead::new(200);
    if head.method == "CONNECT" {
        connection.upgrade(&answer, out).unwrap();
    } else {
        connection.respond(&answer, BodyLength::Empty, out).unwrap();
    }
}

/// One input to one end of a connection.
#[derive(Clone)]
pub(crate) struct Wire<'a> {
    input: &'a [u8],
    end: Option<End>,
    config: Config,
    answer: Answer,
    /// Client: method and offered protocol of the requests outstanding. A server has none.
    requests: Option<&'a [(&'a str, &'a [&'a str])]>,
}

impl<'a> Wire<'a> {
    pub(crate) fn server(input: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Wire { input: input.as_ref(), end: None, config: Config::server(), answer: ok, requests: None }
    }

    pub(crate) fn client(requests: &'a [(&'a str, &'a [&'a str])], input: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let mut config = Config::client();
        config.pipeline = Pipeline { depth: 64, safe_only: false };
        Wire { input: input.as_ref(), end: None, config, answer: ok, requests: Some(requests) }
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = Some(end);
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// Feeds the input whole, at two-way splits and in small pieces, to both kinds of buffer, and asserts that the
    /// result is the same.
    pub(crate) fn see(&self) -> Trace {
        let input = self.input;
        let whole = self.run_both(&[input]);
        let all = input.len() <= 400;
        let splits = (1..input.len()).filter(|at| all || *at < 8 || input.len() - at < 8 || at % 4093 == 0);
        for at in splits {
            let (front, behind) = input.split_at(at);
            assert_eq!(self.run_both(&[front, behind]), whole, "split at {at} of {}", input.escape_ascii());
        }
        for size in [1, 7] {
            let pieces: Vec<&[u8]> = input.chunks(size).collect();
            assert_eq!(self.run_both(&pieces), whole, "in pieces of {size}: {}", input.escape_ascii());
        }
        whole
    }

    /// Only whole: what an upgrade leaves in the input depends on how much had come.
    pub(crate) fn run_whole(&self) -> Trace {
        self.run_both(&[self.input])
    }

    fn run_both(&self, pieces: &[&[u8]]) -> Trace {
        let slices = match self.requests {
            None => self.drive(self.new_server(), RecvBuf::<&[u8]>::new(), pieces, feed, answer_with(self.answer)),
            Some(_) => self.drive(self.new_client(), RecvBuf::<&[u8]>::new(), pieces, feed, |_, _, _| {}),
        };
        let filled = match self.requests {
            None => self.drive(self.new_server(), RecvBuf::<Vec<u8>>::new(), pieces, fill, answer_with(self.answer)),
            Some(_) => self.drive(self.new_client(), RecvBuf::<Vec<u8>>::new(), pieces, fill, |_, _, _| {}),
        };
        assert_eq!(slices, filled, "the kinds of buffer differ over {}", self.input.escape_ascii());
        filled
    }

    fn new_server(&self) -> Connection<Server> {
        Connection::server(Arc::new(self.config.clone()))
    }

    fn new_client(&self) -> Connection<Client> {
        let mut connection = Connection::client(Arc::new(self.config.clone()));
        for (method, upgrade) in self.requests.unwrap_or(&[]) {
            let (target, host) = if *method == "CONNECT" { ("h:80", "h:80") } else { ("/", "h") };
            let head = RequestHead::new(method, target).host(host).upgrade(upgrade);
            connection.start(&head, BodyLength::Empty, &mut SendBuf::new()).unwrap();
        }
        connection
    }

    fn drive<'p, R: Role, S: Storage>(
        &self,
        mut connection: Connection<R>,
        mut input: RecvBuf<S>,
        pieces: &[&'p [u8]],
        put: impl Fn(&mut RecvBuf<S>, &'p [u8]),
        answer: impl Fn(&mut Connection<R>, &Head, &mut SendBuf),
    ) -> Trace
    where
        for<'b> R::Head<'b>: ToHead,
    {
        let mut out = SendBuf::new();
        let mut events = Vec::new();
        let mut last = Ok(Step::NeedInput);
        for piece in pieces.iter().map(|piece| Some(*piece)).chain(self.end.map(|_| None)) {
            match (piece, self.end) {
                (Some(piece), _) => put(&mut input, piece),
                (None, Some(end)) => input.set_end(end),
                (None, None) => {}
            }
            last = read(&mut connection, &mut input, &mut events, |connection, head| {
                answer(connection, head, &mut out);
            });
            if let Err(error) = last {
                assert_eq!(connection.step(&mut input), Err(error), "an error is not for ever");
                break;
            }
        }
        Trace {
            events,
            error: last.err().map(|error| (error.kind(), error.offset())),
            last: last.unwrap_or(Step::Closed),
            sent: wire(&mut out),
            left: self.input.len() - usize::try_from(connection.received()).unwrap(),
        }
    }
}

fn feed<'p>(input: &mut RecvBuf<&'p [u8]>, piece: &'p [u8]) {
    input.feed(piece);
}

fn fill(input: &mut RecvBuf<Vec<u8>>, piece: &[u8]) {
    assert_eq!(input.fill_from(piece), piece.len());
}

fn answer_with(answer: Answer) -> impl Fn(&mut Connection<Server>, &Head, &mut SendBuf) {
    move |connection, head, out| {
        if connection.outstanding() > 0 {
            answer(connection, head, out);
        }
    }
}

/// Steps until no event is left; `complete` is called behind every complete message, with its head.
fn read<R: Role, S: Storage>(
    connection: &mut Connection<R>,
    input: &mut RecvBuf<S>,
    events: &mut Vec<Seen>,
    mut complete: impl FnMut(&mut Connection<R>, &Head),
) -> Result<Step, http_proto::RecvError>
where
    for<'b> R::Head<'b>: ToHead,
{
    loop {
        let step = connection.step(input)?;
        let seen = match connection.event(input) {
            Event::HeadersComplete(head) => Seen::Head(head.to_head()),
            Event::Payload(payload) => {
                assert!(!payload.is_empty(), "a payload is never empty");
                if let Some(Seen::Payload(joined)) = events.last_mut() {
                    joined.extend_from_slice(payload);
                    continue;
                }
                Seen::Payload(payload.to_owned())
            }
            Event::MessageComplete(trailers) => Seen::Complete(lines(trailers)),
            Event::UpgradeTail(tail) => Seen::Tail(tail.to_owned()),
            Event::NeedInput | Event::Paused | Event::Closed => return Ok(step),
        };
        assert_eq!(step, Step::Event);
        let done = matches!(seen, Seen::Complete(_));
        events.push(seen);
        let heads = events.iter().rev().filter_map(|seen| if let Seen::Head(head) = seen { Some(head) } else { None });
        if let Some(head) = heads.take(usize::from(done)).next() {
            complete(connection, head);
        }
    }
}

/// Takes everything out of a send buffer, an octet a character.
pub(crate) fn wire(out: &mut SendBuf) -> String {
    written(out).into_iter().map(char::from).collect()
}

/// The kind of a method's text; a shorthand.
pub(crate) fn kind(method: &str) -> MethodKind {
    MethodKind::of(method.as_bytes())
}

/// The head of a message without its content.
pub(crate) fn head_of(message: &str) -> &str {
    &message[..message.find("\r\n\r\n").unwrap() + 4]
}
