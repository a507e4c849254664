//! The public wire cases on real sockets. Those of servers go to an echo: every request is answered with its content, what
//! is wrong with its status, and the answer can be read before the connection ends. Those of clients are in `scripted`.

use super::{Build, Client, DEADLINE, Rig, SHORT, app, start, text};
use crate::cases::{Case, EVERY_SPLIT, public, unescape};
use crate::reference::{self, Bounds, Ending, Message, Outcome, Outstanding, Role, Start};
use http::{Method, Request, Response};
use http_driver::{Body, BoxError};
use http_proto::Config;
use serde_json::Value;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Connections at a time.
const CLIENTS: usize = 16;

/// In how many places a case is cut in two, one after the other.
const CUTS: usize = 6;

/// How the octets of a case are sent.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    Whole,
    /// In the smallest pieces that there are; large cases in larger ones.
    Bytewise,
    /// In two pieces with a moment between them, so that they are read apart.
    Cut(usize),
}

impl Way {
    pub fn whole(_: &Case) -> Vec<Way> {
        vec![Way::Whole]
    }

    pub fn bytewise(_: &Case) -> Vec<Way> {
        vec![Way::Bytewise]
    }

    /// Behind the first octet, before the last, and between them.
    pub fn cut(case: &Case) -> Vec<Way> {
        let last = case.input.len().saturating_sub(1);
        let mut cuts: Vec<usize> = (0..CUTS).map(|number| 1 + (last.max(1) - 1) * number / (CUTS - 1)).collect();
        cuts.dedup();
        cuts.into_iter().filter(|at| *at <= last).map(Way::Cut).collect()
    }

    /// Hands the pieces to `write`.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn send(self, input: &[u8], mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Way::Whole => write(input),
            Way::Bytewise => input.chunks(if input.len() <= EVERY_SPLIT { 1 } else { 1021 }).try_for_each(write),
            Way::Cut(at) => {
                let (front, back) = input.split_at(at);
                write(front)?;
                thread::sleep(Duration::from_millis(2));
                write(back)
            }
        }
    }
}

/// Every case of this role, in all of these ways.
pub fn jobs(role: Role, ways: fn(&Case) -> Vec<Way>) -> Vec<(Case, Way)> {
    let cases = public().into_iter().filter(|case| case.role == role);
    cases.flat_map(|case| ways(&case).into_iter().map(move |way| (case.clone(), way))).collect()
}

pub fn requests_in_one_piece(rig: impl Rig) {
    requests(rig, Way::whole);
}

pub fn requests_octet_by_octet(rig: impl Rig) {
    requests(rig, Way::bytewise);
}

pub fn requests_in_two_pieces(rig: impl Rig) {
    requests(rig, Way::cut);
}

fn requests(rig: impl Rig, ways: fn(&Case) -> Vec<Way>) {
    let mut config = Config::server();
    // The longest case is swallowed whole behind its error, however slow the machine: else its end may be a reset.
    config.limits.linger = 4 * 1024 * 1024;
    config.timeouts.linger = DEADLINE;
    let server = start(rig, app(echo), |server| server.config(Arc::new(config)));
    let jobs = Mutex::new(jobs(Role::Server, ways).into_iter());
    let next = || jobs.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while let Some((case, way)) = next() {
                    Exchange { case: &case, way }.play(server.client());
                }
            });
        }
    });
}

async fn echo(mut request: Request<Body>) -> Result<Response<Body>, BoxError> {
    if request.method() == Method::CONNECT {
        return Ok(Response::builder().status(403).body(Body::empty())?);
    }
    text(request.body_mut().collect(Body::LIMIT).await?)
}

/// A case that is played.
struct Exchange<'c> {
    case: &'c Case,
    way: Way,
}

impl Exchange<'_> {
    fn play(&self, mut client: Client) {
        let received = self.received(&mut client).unwrap_or_else(|error| self.fail(&format!("{error}")));
        let outcome = self.outcome(&received);
        let (interim, answers): (Vec<_>, Vec<_>) = outcome.messages.iter().partition(|message| message.interim);
        for message in interim {
            let asked = self.case.messages.iter().any(|message| message["version"] == "1.1");
            assert!(status(message) == 100 && asked, "{}: {message:?}", self.name());
        }
        let statuses: Vec<u16> = answers.iter().map(|answer| status(answer)).collect();
        let told = format!("{}: {statuses:?}, {:?}", self.name(), outcome.ending);
        assert_eq!(answers.len(), self.case.messages.len() + usize::from(!self.case.accept), "{told}");
        for (answer, message) in answers.iter().zip(&self.case.messages) {
            self.check_echo(answer, message);
        }
        if let (false, Some(refusal)) = (self.case.accept, answers.last()) {
            assert!(self.case.status_any.contains(&status(refusal)), "{told}");
        }
        match outcome.ending {
            Ending::Open => assert_eq!(self.case.after, "open", "{told}"),
            // Who knows that no request can follow may say so.
            Ending::Close { consumed } => {
                let may_close = self.case.after != "open" || self.case.eof;
                assert!(may_close && consumed == received.len(), "{told}");
            }
            Ending::Upgrade { .. } | Ending::Error { .. } => panic!("{told}"),
        }
    }

    /// Sends the case, and reads to the end, which must be an orderly one.
    fn received(&self, client: &mut Client) -> io::Result<Vec<u8>> {
        let stream = &mut client.stream;
        self.way.send(&self.case.input, |piece| io::Write::write_all(stream, piece))?;
        // Errors and last requests must do without our end.
        let ends = reference::requests(&self.case.input, false, &Bounds::server()).ending != Ending::Open;
        if ends || self.case.eof {
            if !ends {
                client.half_close();
            }
            client.stream.read_to_end(&mut client.read)?;
        } else {
            while self.outcome(&client.read).messages.len() < self.case.messages.len() {
                client.more();
            }
            assert!(client.is_silent(SHORT), "{}: something came", self.name());
        }
        Ok(std::mem::take(&mut client.read))
    }

    /// The answers in these octets.
    fn outcome(&self, received: &[u8]) -> Outcome {
        let methods = self.case.messages.iter().map(|message| message["method"].as_str().unwrap());
        let outstanding = |method: &str| Outstanding { method: method.into(), upgrade: false };
        // What is refused has no method to speak of.
        let refused = (!self.case.accept).then_some("GET");
        let asked: Vec<Outstanding> = methods.chain(refused).map(outstanding).collect();
        reference::responses(received, false, &asked, &Bounds::client())
    }

    fn check_echo(&self, answer: &Message, request: &Value) {
        let declined = request["upgrade"] == "connect";
        assert_eq!(status(answer), if declined { 403 } else { 200 }, "{}", self.name());
        let length = if request["method"] == "HEAD" { Some(0) } else { request["body_len"].as_u64() };
        assert_eq!(Some(answer.body.len() as u64), length, "{}: the length of the echo", self.name());
        if let Some(content) = request["body_esc"].as_str() {
            assert_eq!(answer.body, unescape(content), "{}", self.name());
        }
    }

    fn name(&self) -> String {
        format!("{}, {:?}", self.case.id, self.way)
    }

    fn fail(&self, why: &str) -> ! {
        panic!("{}: {why}", self.name())
    }
}

fn status(answer: &Message) -> u16 {
    match answer.start {
        Start::Response { status, .. } => status,
        Start::Request { .. } => unreachable!("a client reads responses"),
    }
}
