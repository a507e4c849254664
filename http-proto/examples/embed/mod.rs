//! What the embedding examples serve: `/` says hello, `POST /echo` sends the content back. Events become commands here;
//! knows no socket and no clock, and not who fills and drains the buffers.

use http_proto::{
    BodyLength, Config, Connection, Event, FieldBlock, Flow, Framing, Interest, RecvBuf, Request, ResponseHead,
    SendBuf, SendError, Server,
};
use std::sync::Arc;

/// What all connections share: fields are validated once.
pub(crate) struct Site {
    config: Arc<Config>,
    text: FieldBlock,
    octets: FieldBlock,
}

impl Site {
    pub(crate) fn new() -> Result<Arc<Self>, SendError> {
        let of_type = |value: &[u8]| FieldBlock::from_fields([("Server", &b"embedded"[..]), ("Content-Type", value)]);
        let (text, octets) = (of_type(b"text/plain")?, of_type(b"application/octet-stream")?);
        Ok(Arc::new(Site { config: Arc::new(Config::server()), text, octets }))
    }
}

/// One connection with its buffers.
pub(crate) struct Session {
    site: Arc<Site>,
    pub(crate) http: Connection<Server>,
    pub(crate) input: RecvBuf<Vec<u8>>,
    pub(crate) out: SendBuf,
    /// The content of the request at hand is sent back.
    echo: bool,
    /// No event is taken, and nothing read, until the send buffer has drained.
    full: bool,
}

impl Session {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        let http = Connection::server(Arc::clone(&site.config));
        Session { site, http, input: RecvBuf::new(), out: SendBuf::new(), echo: false, full: false }
    }

    /// Acts on every event that has come, or on as many as the send buffer has room for.
    pub(crate) fn take_events(&mut self) {
        while !self.full {
            let sent = match self.http.recv(&mut self.input) {
                Ok(Event::HeadersComplete(request)) => {
                    self.echo = (request.method(), request.target()) == ("POST", "/echo");
                    begin_answer(&mut self.http, request, &self.site, &mut self.out)
                }
                Ok(Event::Payload(octets)) if self.echo => self.http.send(octets, &mut self.out),
                Ok(Event::MessageComplete(_)) if std::mem::take(&mut self.echo) => {
                    self.http.finish(None, &mut self.out).map(|()| Flow::Ready)
                }
                Ok(Event::Payload(_) | Event::MessageComplete(_) | Event::UpgradeTail(_)) => continue,
                Ok(Event::NeedInput | Event::Paused | Event::Closed) => return,
                Err(error) => {
                    // Refused the first time. Content that is being sent back can only be cut off.
                    if self.http.refuse(error, None, &mut self.out).is_err() && self.echo {
                        self.http.abort();
                    }
                    return;
                }
            };
            match sent {
                Ok(flow) => self.full = flow == Flow::Full,
                Err(_) => return self.http.abort(),
            }
        }
    }

    /// What to do next, now that all events are taken.
    pub(crate) fn interest(&self) -> Interest {
        let interest = self.http.interest(&self.out);
        Interest { read: interest.read && !self.full, ..interest }
    }

    /// So many octets were written.
    pub(crate) fn advance(&mut self, count: usize) {
        self.full &= !self.out.advance(count as u64);
    }
}

fn begin_answer(
    http: &mut Connection<Server>,
    request: Request<'_>,
    site: &Site,
    out: &mut SendBuf,
) -> Result<Flow, SendError> {
    let (status, content): (u16, &[u8]) = match (request.method(), request.target()) {
        ("POST", "/echo") => {
            if http.awaiting_continue() {
                http.proceed(out)?;
            }
            let length = match request.framing() {
                Framing::Length(length) => BodyLength::Exact(length),
                Framing::None | Framing::Chunked | Framing::UntilClose | Framing::Tunnel => BodyLength::Unknown,
            };
            http.respond(&ResponseHead::new(200).block(&site.octets), length, out)?;
            return http.send(b"", out);
        }
        ("GET" | "HEAD", "/") => (200, b"Hello, World!\n"),
        _ => (404, b"Nothing here.\n"),
    };
    http.respond(&ResponseHead::new(status).block(&site.text), BodyLength::Exact(content.len() as u64), out)?;
    let flow = http.send(if request.method() == "HEAD" { b"" } else { content }, out)?;
    http.finish(None, out)?;
    Ok(flow)
}
