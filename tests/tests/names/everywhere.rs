//! What every crate has. `http` is the crate, `TcpListener` its runtime's.

use super::TcpListener;
#[allow(unused_imports)]
use super::http::{
    AccessLog, Address, AutoHead, Body, BodyError, BodyLength, BodySender, BoxError, Client, ClientBuilder,
    ClientConnection, ClientExchange, ClientTimeouts, Config, ConnInfo, Connect, ConnectError, Connected, Connection,
    Dialer, Disconnected, Ended, Entry, Error, ErrorKind, Event, Exchange, Fault, FieldBlock, Fields, Flow, HalfClose,
    HopByHop, HttpService, Inbox, Informed, IntoListener, Limits, ListenOptions, ListenerState, LogFormat, Logger,
    MaybeTls, MethodKind, NotUpgraded, OnDisconnect, Overflow, Phase, Phases, Pipeline, PoolLimits, PoolState,
    ReasonPhrase, Record, RecvError, Report, Request, RequestBuilder, RequestError, RequestHead, Resolve, Resolving,
    Response, ResponseHead, SendError, Server, ServerHandle, ServiceFn, Sleep, Socket, State, Statistics, Stream,
    Streaming, Target, Tcp, Timeouts, Timings, Unix, Upgraded, Uri, UriError, Version, Within, connect, connect_with,
    role, serve, serve_with, service_fn,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use std::time::Duration;

async fn answer(mut request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange: &Exchange = request.extensions().get().ok_or("no server")?;
    let connection: &Arc<ConnInfo> = exchange.connection();
    let _ = (connection.id(), connection.local(), connection.peer(), connection.opened());
    let (_, statistics): (State, Statistics) = (connection.state(), connection.statistics());
    let _ = (exchange.id(), exchange.number(), exchange.original_head().is_some(), statistics);
    exchange.inform(StatusCode::EARLY_HINTS, HeaderMap::new());
    exchange.proceed();
    if exchange.is_gone() || exchange.is_half_closed() {
        wait!(exchange.gone());
        exchange.abort();
    }
    let body: &mut Body = request.body_mut();
    let piece: Option<Result<Bytes, BodyError>> = wait!(body.chunk());
    let frame = wait!(body.frame()).transpose()?;
    let rest: Bytes = wait!(body.collect(Body::LIMIT))?;
    let (mut sender, content): (BodySender, Body) = Body::channel();
    wait!(sender.ready())?;
    wait!(sender.send(piece.transpose()?.unwrap_or(rest)))?;
    match frame {
        None => sender.finish(),
        Some(frame) if frame.is_trailers() => sender.trailers(HeaderMap::new())?,
        Some(_) => sender.abort("nothing comes of it"),
    }
    Ok(Response::new(content))
}

fn bodies() -> [Body; 4] {
    [Body::empty(), Body::new(String::new()), "text".into(), Bytes::new().into()]
}

waits! {
    fn server(listener: TcpListener) -> Result<(), BoxError> {
        let server: Server<Tcp, _> = serve(listener, service_fn(answer));
        let server = server
            .config(Arc::new(Config::server()))
            .max_connections(1000)
            .overflow(Overflow::Wait)
            .on_disconnect(OnDisconnect::default())
            .handler_timeout(Duration::from_secs(1))
            .keep_heads()
            .error_page(|fault: &Fault| Response::builder().status(fault.status).body(Bytes::new()).unwrap_or_default())
            .on_listener(|_: ListenerState| {})
            .on_connect(|_: &ConnInfo| {})
            .on_state(|_: &ConnInfo, _: State| {})
            .on_protocol_error(|_: &ConnInfo, _: RecvError| {})
            .on_finish(|_: &ConnInfo, _: &Record| {})
            .on_close(|_: &ConnInfo, _: &Ended| {})
            .logger(AccessLog::new(LogFormat::Common, std::io::sink()))
            .with_graceful_shutdown(std::future::pending())
            .grace(Duration::from_secs(1));
        let handle: ServerHandle<_> = begun!(server.spawn());
        handle.set_service(service_fn(answer));
        handle.set_logger(None);
        let _: (&Address, Vec<Arc<ConnInfo>>) = (handle.local_addr(), handle.connections());
        let report: Report = wait!(handle.shutdown(Duration::ZERO));
        assert_eq!((report.connections, report.cut_off), (0, 0));
        wait!(handle.dispose());
        Ok(())
    }

    fn other_servers(listener: TcpListener) -> Result<(), BoxError> {
        begun!(serve_with(listener, |_: &ConnInfo| service_fn(answer)).spawn());
        let options: ListenOptions = ListenOptions::new().backlog(1024).reuse_port(true).nodelay(true);
        let listener: Tcp = options.receive_buffer(1).send_buffer(1).bind(([127, 0, 0, 1], 0).into())?;
        listener.get_ref();
        begun!(serve(listener, service_fn(answer)).spawn());
        Ok(())
    }

    fn client() -> Result<(), BoxError> {
        let dialer: Dialer = Dialer::default()
            .local_address(([127, 0, 0, 1]).into())
            .resolve_timeout(Duration::from_secs(1))
            .connect_timeout(Duration::from_secs(1))
            .attempt_delay(Duration::from_secs(1));
        let builder: ClientBuilder = Client::builder()
            .connector(dialer)
            .config(Arc::new(Config::client()))
            .timeouts(ClientTimeouts::default())
            .limits(PoolLimits::default())
            .pipelining(2)
            .proxy(&Uri::from_static("http://proxy/"))?;
        let client: Client = builder.build();
        for request in [client.head("http://h/"), client.put("http://h/"), client.patch("http://h/")] {
            let _: Result<Request<Body>, RequestError> = request.build();
        }
        let request: RequestBuilder = client
            .request(Method::POST, "http://h/")
            .header(header::ACCEPT, HeaderValue::from_static("*/*"))
            .headers(HeaderMap::new())
            .extension(())
            .expect_continue()
            .upgrade("another")
            .on_informational(|_| {})
            .timeout(Duration::from_secs(1))
            .body("content");
        let sent: Result<Response<Body>, RequestError> = wait!(request.send());
        if let Err(error) = &sent {
            let _: (bool, Option<Phase>) = (error.may_retry(), error.timed_out());
        }
        let mut response = sent?;
        let exchange: &ClientExchange = response.extensions().get().ok_or("no client")?;
        let _: (&Arc<ConnInfo>, u64, Phases) = (exchange.connection(), exchange.number(), exchange.phases());
        let _: Bytes = wait!(response.body_mut().collect(Body::LIMIT))?;
        let request: Request<Body> = client.get("http://h/").build()?;
        wait!(client.execute(request))?;
        wait!(Client::new().post("http://h/").send())?;
        wait!(Client::new().delete("http://h/").send())?;
        let _: PoolState = client.connections();
        Ok(())
    }

    fn wire() -> Result<(), BoxError> {
        let opened: Result<ClientConnection, ConnectError> = wait!(connect("http://h/"));
        let mut http = opened?;
        http.set_answer_timeout(Duration::from_secs(1));
        http.start(&RequestHead::new("PUT", "/").host("h"), BodyLength::Unknown)?;
        let _: Flow = http.send(b"content")?;
        let _: Flow = http.send_owned(Bytes::new())?;
        wait!(http.ready());
        let mut inbox = Inbox::new();
        let event: Result<Option<Event<'_, _>>, Error> = wait!(http.ready_or_event(&mut inbox));
        let _: bool = event?.is_some();
        http.finish(Some(&FieldBlock::new()))?;
        wait!(http.flush());
        let event: Result<Event<'_, _>, Error> = wait!(http.next_event(&mut inbox));
        if let Event::HeadersComplete(head) = event? {
            let _: (u16, Fields<'_>) = (head.status(), head.fields());
        }
        let _: (State, usize, (u64, u64), Timings) =
            (http.state(), http.outstanding(), http.transferred(), http.timings());
        let _ = (http.awaiting_continue(), http.is_reusable(), http.unanswered().count(), http.io().is_some());
        http.discard();
        http.shutdown();
        wait!(http.close(&mut inbox))?;
        http.abort();
        http.into_parts();
        let dialer = Dialer::default();
        let http = wait!(connect_with("http://h/", &dialer, Arc::new(Config::client())))?;
        let _ = http.into_upgraded(Bytes::new());
        Ok(())
    }
}

fn answering(mut http: Connection<role::Server>) -> Result<(), BoxError> {
    http.set_auto_head(AutoHead::default());
    http.no_auto_head();
    if http.awaiting_continue() {
        http.proceed()?;
    }
    http.inform(&ResponseHead::new(103))?;
    http.respond(&ResponseHead::new(200), BodyLength::Exact(2))?;
    http.upgrade(&ResponseHead::new(101))?;
    Ok(())
}
