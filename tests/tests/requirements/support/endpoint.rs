//! One end of a connection, driven step by step, and the octets of what it sends.

use super::{Seen, ToHead, Wire, read, wire};
use http_proto::{
    BodyLength, Client, Config, Connection, End, RecvBuf, RecvError, RequestHead, ResponseHead, Role, SendBuf,
    SendError, Server, Step,
};
use std::sync::Arc;

/// One end of a connection with its buffers, for checks that go step by step.
pub(crate) struct Endpoint<R: Role> {
    pub(crate) connection: Connection<R>,
    pub(crate) input: RecvBuf<Vec<u8>>,
    pub(crate) out: SendBuf,
}

impl Endpoint<Server> {
    pub(crate) fn server() -> Self {
        Endpoint::server_with(Config::server())
    }

    pub(crate) fn server_with(config: Config) -> Self {
        Endpoint { connection: Connection::server(Arc::new(config)), input: RecvBuf::new(), out: SendBuf::new() }
    }

    /// A server that has received this.
    pub(crate) fn asked(request: &str) -> Self {
        let mut server = Endpoint::server();
        server.feed(request).unwrap();
        server
    }

    /// Answers with a head and what it takes to end the message without content.
    pub(crate) fn respond(&mut self, head: &ResponseHead<'_>, body: BodyLength) -> Result<String, SendError> {
        self.connection.respond(head, body, &mut self.out)?;
        Ok(self.wire())
    }
}

impl Endpoint<Client> {
    pub(crate) fn client() -> Self {
        Endpoint::client_with(Config::client())
    }

    pub(crate) fn client_with(config: Config) -> Self {
        Endpoint { connection: Connection::client(Arc::new(config)), input: RecvBuf::new(), out: SendBuf::new() }
    }

    pub(crate) fn start(&mut self, head: &RequestHead<'_>, body: BodyLength) -> Result<String, SendError> {
        self.connection.start(head, body, &mut self.out)?;
        Ok(self.wire())
    }
}

impl<R: Role> Endpoint<R>
where
    for<'b> R::Head<'b>: ToHead,
{
    /// Receives, and reads everything that it makes.
    pub(crate) fn feed(&mut self, octets: &str) -> Result<(Vec<Seen>, Step), RecvError> {
        assert_eq!(self.input.fill_from(octets.as_bytes()), octets.len());
        let mut events = Vec::new();
        let step = read(&mut self.connection, &mut self.input, &mut events, |_, _| {})?;
        Ok((events, step))
    }

    /// The end of the input.
    pub(crate) fn end(&mut self, end: End) -> Result<(Vec<Seen>, Step), RecvError> {
        self.input.set_end(end);
        self.feed("")
    }

    pub(crate) fn send(&mut self, payload: &str) -> Result<String, SendError> {
        let _ = self.connection.send(payload.as_bytes(), &mut self.out)?;
        Ok(self.wire())
    }

    pub(crate) fn finish(&mut self) -> Result<String, SendError> {
        self.connection.finish(None, &mut self.out)?;
        Ok(self.wire())
    }

    /// What has been sent since the last call.
    pub(crate) fn wire(&mut self) -> String {
        wire(&mut self.out)
    }
}

/// What a client sends, whole; a server has taken it. A refusal has sent nothing and changed nothing.
pub(crate) fn asked(head: &RequestHead<'_>, body: BodyLength) -> Result<String, SendError> {
    let mut client = Endpoint::client();
    if let Err(error) = client.connection.start(head, body, &mut client.out) {
        assert_eq!((client.wire(), client.connection.outstanding()), (String::new(), 0));
        client.start(&RequestHead::get("h", "/"), BodyLength::Empty).unwrap();
        return Err(error);
    }
    let sent = client.wire();
    let octets: Vec<u8> = sent.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let trace = Wire::server(&octets).see();
    assert_eq!((trace.error, trace.left, trace.heads().len()), (None, 0, 1), "{sent:?}");
    assert_eq!((trace.head().method.as_str(), trace.head().target.as_str()), (head.method, head.target));
    Ok(sent)
}

/// What a server answers to this request; a client has taken it. A refusal has sent nothing and changed nothing.
pub(crate) fn answered(request: &str, head: &ResponseHead<'_>, body: BodyLength) -> Result<String, SendError> {
    let mut server = Endpoint::asked(request);
    if let Err(error) = server.connection.respond(head, body, &mut server.out) {
        assert_eq!((server.wire(), server.connection.outstanding()), (String::new(), 1));
        return Err(error);
    }
    let sent = server.wire();
    let octets: Vec<u8> = sent.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let method = request.split(' ').next().unwrap();
    let trace = Wire::client(&[(method, &[])], &octets).see();
    assert_eq!((trace.error, trace.left, trace.head().status), (None, 0, head.status), "{sent:?}");
    Ok(sent)
}
