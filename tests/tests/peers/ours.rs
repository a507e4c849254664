//! Our client, as far as it is the same on every runtime, for tests that are written once.

use crate::DEADLINE;
use http::{HeaderMap, Method, Request, Response};
use http_driver::{
    Body, BodyError, Client, ClientBuilder, ClientExchange, Dial, Dialer, PoolLimits, PoolState, RequestError,
};
use http_driver::{BoxTransport, Connect, Timer, Transport, Upgraded};
use http_proto::{Config, RecvErrorKind};
use hyper::body::Bytes;
use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// Far more than is ever collected.
const MOST: usize = 64 << 20;

/// What a test wants of a client; else it has the defaults.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) limits: PoolLimits,
    pub(crate) pipelining: u16,
    pub(crate) proxy: Option<String>,
    pub(crate) unix_socket: Option<PathBuf>,
}

/// The client of one of the runtimes.
pub(crate) trait Ours: Clone + Send + Sync + 'static {
    /// A client; made on its runtime.
    fn with(settings: Settings) -> Self;

    /// Sends a request.
    fn execute(&self, request: Request<Body>) -> impl Future<Output = Result<Response<Body>, RequestError>> + Send;

    /// Its connections.
    fn state(&self) -> PoolState;

    /// Runs `main` on its runtime.
    fn block_on(main: impl Future<Output = ()> + Send + 'static);

    /// Runs a task beside others.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Waits.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
}

/// A runtime with a client of `http-driver`.
pub(crate) trait Flavour: Dial + Clone + Default {
    fn block_on(main: impl Future<Output = ()> + Send + 'static);
}

impl Flavour for http_tokio::Tokio {
    fn block_on(main: impl Future<Output = ()> + Send + 'static) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime").block_on(main);
    }
}

impl Flavour for http_smol::Smol {
    fn block_on(main: impl Future<Output = ()> + Send + 'static) {
        smol::block_on(main);
    }
}

impl Flavour for http_std::async_std::AsyncStd {
    fn block_on(main: impl Future<Output = ()> + Send + 'static) {
        async_std::task::block_on(main);
    }
}

impl Flavour for http_std::Threads {
    fn block_on(main: impl Future<Output = ()> + Send + 'static) {
        http_std::block_on(main);
    }
}

impl<D: Flavour> Ours for Client<Dialer<D>>
where
    Dialer<D>: Connect<Runtime = D>,
{
    fn with(settings: Settings) -> Self {
        let mut config = Config::client();
        // So that nothing that is held back goes out unasked.
        config.timeouts.expect_continue = DEADLINE;
        let mut dialer = Dialer::new(D::default());
        if let Some(path) = settings.unix_socket {
            dialer = dialer.unix_socket(path);
        }
        let builder = ClientBuilder::new(dialer).config(Arc::new(config)).limits(settings.limits);
        let builder = builder.pipelining(settings.pipelining);
        match settings.proxy {
            Some(proxy) => builder.proxy(&proxy.parse().expect("a URI")).expect("a target").build(),
            None => builder.build(),
        }
    }

    async fn execute(&self, request: Request<Body>) -> Result<Response<Body>, RequestError> {
        Client::execute(self, request).await
    }

    fn state(&self) -> PoolState {
        self.connections()
    }

    fn block_on(main: impl Future<Output = ()> + Send + 'static) {
        D::block_on(main);
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        D::default().spawn(task);
    }

    async fn sleep(time: Duration) {
        let mut timer = D::Timer::default();
        timer.reset(timer.now().saturating_add(time));
        poll_fn(|cx| timer.poll(cx)).await;
    }
}

/// Runs a test's part on the runtime, in a thread of its own; it must be over in time.
pub(crate) fn run<O: Ours>(main: impl Future<Output = ()> + Send + 'static) {
    let (send, done) = mpsc::channel();
    let thread = thread::spawn(move || {
        O::block_on(main);
        let _ = send.send(());
    });
    match done.recv_timeout(DEADLINE) {
        Ok(()) => thread.join().expect("it is over"),
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the deadline of the test"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it has panicked"));
        }
    }
}

/// Makes tests of functions, one on every runtime.
macro_rules! on_every_runtime {
    ($($name:ident),+ $(,)?) => {
        on_every_runtime! { in on_tokio: http_tokio::Client => $($name),+ }
        on_every_runtime! { in on_smol: http_smol::Client => $($name),+ }
        on_every_runtime! { in on_async_std: http_std::async_std::Client => $($name),+ }
        // That of the crate waits for each request; this is what it waits for.
        on_every_runtime! { in on_threads: http_driver::Client<http_std::Dialer> => $($name),+ }
    };
    (in $module:ident: $client:ty => $($name:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $name() {
                    tests::scenario::alone::set_name(module_path!(), stringify!($name));
                    super::$name::<$client>();
                }
            )+
        }
    };
}
pub(crate) use on_every_runtime;

/// A client with the defaults.
pub(crate) fn client<O: Ours>() -> O {
    O::with(Settings::default())
}

pub(crate) fn request(method: Method, uri: &str, content: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(uri).body(content.into()).expect("a request")
}

pub(crate) fn get(uri: &str) -> Request<Body> {
    request(Method::GET, uri, Body::empty())
}

/// Sends a request, and takes the whole answer.
pub(crate) async fn ask<O: Ours>(client: &O, request: Request<Body>) -> Response<Bytes> {
    let what = format!("{} {}", request.method(), request.uri());
    let answer = client.execute(request).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let (head, mut body) = answer.into_parts();
    let content = body.collect(MOST).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    Response::from_parts(head, content)
}

/// The content of the answer to GET, which must be text.
pub(crate) async fn text<O: Ours>(client: &O, uri: &str) -> String {
    let answer = ask(client, get(uri)).await;
    assert_eq!(answer.status(), 200, "{uri}");
    String::from_utf8(answer.into_body().to_vec()).expect("text")
}

/// The number of its request on its connection.
pub(crate) fn number<T>(answer: &Response<T>) -> u64 {
    answer.extensions().get::<ClientExchange>().expect("every answer has one").number()
}

/// A field's value.
pub(crate) fn field<'a, T>(answer: &'a Response<T>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().expect("text"))
}

/// The content of an answer, and its trailers.
pub(crate) async fn with_trailers(answer: Response<Body>) -> (Vec<u8>, HeaderMap) {
    let (mut body, mut content, mut trailers) = (answer.into_body(), Vec::new(), HeaderMap::new());
    while let Some(frame) = body.frame().await {
        match frame.expect("more").into_data() {
            Ok(data) => content.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().expect("trailers"),
        }
    }
    (content, trailers)
}

/// Says something in another protocol, and ends; everything that comes back.
pub(crate) async fn talk(answer: Response<Body>, words: &[u8]) -> String {
    let mut stream = say(answer, words).await;
    poll_fn(|cx| stream.poll_shutdown(cx)).await.expect("an end");
    hear(&mut stream, usize::MAX).await
}

/// Says something in another protocol, which goes on.
pub(crate) async fn say(answer: Response<Body>, mut words: &[u8]) -> Upgraded<BoxTransport> {
    let exchange = answer.extensions().get::<ClientExchange>().expect("every answer has one");
    let mut stream = exchange.take_upgraded().expect("another protocol");
    while !words.is_empty() {
        let written = poll_fn(|cx| stream.poll_write(cx, words)).await.expect("somebody who listens");
        words = &words[written..];
    }
    stream
}

/// Listens until so many octets have come, or the end.
pub(crate) async fn hear(stream: &mut Upgraded<BoxTransport>, most: usize) -> String {
    let (mut room, mut heard) = ([0; 1000], Vec::new());
    while heard.len() < most {
        let count = poll_fn(|cx| stream.poll_read(cx, &mut room)).await.expect("an answer");
        if count == 0 {
            break;
        }
        heard.extend_from_slice(&room[..count]);
    }
    String::from_utf8(heard).expect("text")
}

/// Why the content of an answer is not whole.
pub(crate) async fn fault(answer: Response<Body>) -> RecvErrorKind {
    match answer.into_body().collect(MOST).await.expect_err("a part is no whole") {
        BodyError::Received(error) => error.kind(),
        other => panic!("{other}"),
    }
}
