//! The client of level 2 on real sockets, before our own server.

use super::dialing::run;
use super::loads::peak;
use super::routes::count;
use super::running::spawner;
use super::upgrades::switching;
#[cfg(feature = "tls")]
use super::wired::keys;
use super::{Build as _, DEADLINE, Permits, Rig, alone, app, serve, start_routes, text, within};
use crate::raw_server::RawServer;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use http_body::Frame;
use http_driver::{
    Body, Client, ClientBuilder, ClientExchange, Connect, Dialer, PoolLimits, RequestError, Runtime, Timer, Transport,
};
use http_proto::Config;
use std::convert::Infallible;
use std::future::poll_fn;
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

/// Opens connections in the way of the rig.
pub(super) fn dialer<R: Rig>(rig: R) -> Dialer<R::Runtime> {
    let dialer = Dialer::new(rig.runtime());
    #[cfg(feature = "tls")]
    let dialer = if rig.is_secure() { dialer.tls(Arc::clone(&keys().client)) } else { dialer };
    dialer
}

/// A client with what `set` sets; made on the runtime.
pub(super) fn client_with<R: Rig>(
    rig: R,
    set: impl FnOnce(ClientBuilder<Dialer<R::Runtime>>) -> ClientBuilder<Dialer<R::Runtime>>,
) -> Client<Dialer<R::Runtime>> {
    set(ClientBuilder::new(dialer(rig))).build()
}

pub(super) fn client<R: Rig>(rig: R) -> Client<Dialer<R::Runtime>> {
    client_with(rig, |client| client)
}

pub(super) async fn sleep<T: Timer + Default>(time: Duration) {
    let mut timer = T::default();
    timer.reset(timer.now().saturating_add(time));
    poll_fn(|cx| timer.poll(cx)).await;
}

/// The content of an answer, which must be good.
pub(super) async fn content(response: Result<Response<Body>, RequestError>) -> String {
    let mut response = response.unwrap();
    assert_eq!(response.status(), 200);
    String::from_utf8(response.body_mut().collect(1 << 20).await.unwrap().to_vec()).unwrap()
}

pub(super) async fn get<C: Connect>(client: &Client<C>, uri: impl Into<String>) -> String {
    content(client.get(uri.into()).send().await).await
}

/// Runs so many tasks at once, to their ends.
pub(super) async fn at_once<R: Rig, F>(rig: R, count: usize, task: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let done = Arc::<Permits>::default();
    for number in 0..count {
        let (task, done) = (task(number), Arc::clone(&done));
        rig.runtime().spawn(async move {
            task.await;
            done.add(1);
        });
    }
    for _ in 0..count {
        done.taken().await;
    }
}

// N37
pub fn a_hundred_requests_take_one_connection(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let uri = server.url("/peer");
    run(rig, async move {
        let client = client(rig);
        let first = get(&client, &uri).await;
        for number in 2..=100 {
            let response = client.get(uri.as_str()).send().await.unwrap();
            assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), number);
            assert_eq!(content(Ok(response)).await, first);
        }
        assert_eq!(client.connections().connections, 1);
    });
    assert_eq!(probe.calls(), 100);
    within(|| server.handle.connections().is_empty());
}

// N37: its closes cross requests at every moment. The first request of a connection has all the time that it needs.
pub fn a_server_that_closes_idle_connections_loses_no_request<R: Rig>(rig: R) {
    const IDLE: Duration = Duration::from_millis(3);
    let server = RawServer::start(|_, mut peer| {
        loop {
            assert!(peer.head().starts_with("GET / HTTP/1.1\r\n"));
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            peer.pause(IDLE);
            let Ok(1..) = peer.look() else { return };
        }
    });
    let uri = format!("http://{}/", server.address());
    run(rig, async move {
        let client = client(rig);
        at_once(rig, 8, |number| {
            let (client, uri) = (client.clone(), uri.clone());
            async move {
                for round in 0..60 {
                    assert_eq!(get(&client, &uri).await, "hello");
                    // About as long as it waits.
                    let after =
                        IDLE + Duration::from_micros(50) * (round % 8) - Duration::from_micros(20) * number as u32;
                    sleep::<<R::Runtime as Runtime>::Timer>(after).await;
                }
            }
        })
        .await;
    });
    assert!(server.connections() > 8, "it has not closed any");
}

// N37
pub fn many_at_once_share_few_connections(rig: impl Rig) {
    let (server, probe) = start_routes(rig, |_| {});
    let uri = server.url("/large");
    run(rig, async move {
        let mut limits = PoolLimits::default();
        (limits.per_target, limits.requests) = (4, 7);
        let client = client_with(rig, |client| client.limits(limits));
        at_once(rig, 64, |number| {
            let (client, uri) = (client.clone(), uri.clone());
            async move {
                for _ in 0..5 {
                    assert!(client.connections().connections <= 4);
                    let mut response = client.get(uri.as_str()).send().await.unwrap();
                    if number % 8 == 0 {
                        // What is not read costs the connection.
                        drop(response.into_body().chunk().await.unwrap().unwrap());
                        continue;
                    }
                    assert_eq!(response.body_mut().collect(1 << 20).await.unwrap().len(), 64 * 1024);
                }
            }
        })
        .await;
        assert_eq!(client.connections().waiting, 0);
    });
    assert_eq!(probe.calls(), 64 * 5);
}

// X5
pub fn pipelined_requests_get_their_answers(rig: impl Rig) {
    let server = serve(rig, app(|request| async move { text(request.uri().path().to_owned()) }));
    let base = server.url("");
    run(rig, async move {
        let mut limits = PoolLimits::default();
        limits.per_target = 2;
        let client = client_with(rig, |client| client.limits(limits).pipelining(8));
        at_once(rig, 64, |number| {
            let (client, base) = (client.clone(), base.clone());
            async move {
                for round in 0..10 {
                    let path = format!("/{number}/{round}");
                    assert_eq!(get(&client, format!("{base}{path}")).await, path);
                }
            }
        })
        .await;
        let state = client.connections();
        assert!(state.connections <= 2 && state.waiting == 0, "{state:?}");
    });
}

const GIBIBYTE: usize = 1024 * 1024 * 1024;
const BLOCK: &[u8] = &[b'x'; 256 * 1024];

/// A few blocks, then very many.
const LOADS: [usize; 2] = [4, GIBIBYTE / BLOCK.len()];

/// Asserts that the process, which must be of its own, has taken hardly any more memory than it had.
fn assert_little_more(before: u64) {
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more");
}

// N14
pub fn a_gibibyte_comes_down_in_little_memory(rig: impl Rig) {
    if let Some(process) = alone::process("true") {
        process.dismiss();
        return;
    }
    let server = serve(
        rig,
        app(|request| async move {
            let blocks = request.uri().path()[1..].parse()?;
            Ok(Response::new(Body::new(Blocks(blocks))))
        }),
    );
    let base = server.url("");
    run(rig, async move {
        let client = client(rig);
        let mut before = 0;
        for blocks in LOADS {
            before = peak();
            let mut body = client.get(format!("{base}/{blocks}")).send().await.unwrap().into_body();
            let mut length = 0;
            while let Some(piece) = body.chunk().await {
                length += piece.unwrap().len();
            }
            assert_eq!(length, blocks * BLOCK.len());
        }
        assert_little_more(before);
        assert_eq!(client.connections().connections, 1);
    });
}

/// So many blocks.
struct Blocks(usize);

impl http_body::Body for Blocks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        Poll::Ready(left.map(|_| Ok(Frame::data(Bytes::from_static(BLOCK)))))
    }
}

// N14, N18
pub fn a_gibibyte_is_sent_in_little_memory(rig: impl Rig) {
    if let Some(process) = alone::process("true") {
        process.dismiss();
        return;
    }
    let (server, _) = start_routes(rig, |_| {});
    let uri = server.url("/count");
    run(rig, async move {
        let client = client(rig);
        let mut before = 0;
        for blocks in LOADS {
            before = peak();
            let sent = client.post(uri.as_str()).body(Body::new(Blocks(blocks))).send();
            assert_eq!(content(sent.await).await, (blocks * BLOCK.len()).to_string());
        }
        assert_little_more(before);
        assert_eq!(client.connections().connections, 1);
    });
}

// N18: more than the sockets hold, so that neither side gets anywhere alone.
pub fn an_echo_goes_both_ways_at_once(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let uri = server.url("/echo");
    run(rig, async move {
        let client = client(rig);
        for _ in 0..2 {
            let sent = client.post(uri.as_str()).body(Body::new(Blocks(100))).send();
            let echoed = count(sent.await.unwrap().into_body()).await.unwrap();
            assert_eq!(echoed, (100 * BLOCK.len()).to_string());
        }
        assert_eq!(client.connections().connections, 1);
    });
}

// All that was announced has been sent: whoever makes the content may take any time to say so.
pub fn whole_content_awaits_no_end(rig: impl Rig) {
    let server = serve(
        rig,
        app(|mut request: Request<Body>| async move {
            let sent = request.body_mut().collect(100).await?;
            let (mut sender, body) = Body::channel();
            sender.send(sent).await?;
            // It would say that it cannot go on.
            std::mem::forget(sender);
            let mut response = Response::new(body);
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(7));
            Ok(response)
        }),
    );
    let uri = server.url("/");
    run(rig, async move {
        let client = client(rig);
        for number in 1..=2 {
            let (mut sender, body) = Body::channel();
            sender.send("content").await.unwrap();
            let response = client.post(uri.as_str()).header(CONTENT_LENGTH, 7).body(body).send().await.unwrap();
            assert_eq!(response.extensions().get::<ClientExchange>().unwrap().number(), number);
            assert_eq!(content(Ok(response)).await, "content");
            drop(sender);
        }
    });
}

// X3
pub fn trailers_go_both_ways(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let [echo, count_them] = ["/echo", "/count"].map(|path| server.url(path));
    run(rig, async move {
        let client = client(rig);
        for uri in [echo, count_them] {
            let (mut sender, body) = Body::channel();
            rig.runtime().spawn(async move {
                sender.send("content").await.unwrap();
                let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-sum"), "7".parse().unwrap())]);
                sender.trailers(trailers).unwrap();
            });
            let response = client.post(uri.as_str()).body(body).send().await.unwrap();
            let expected = if uri.ends_with("echo") { "7 x-sum=7" } else { "9" };
            assert_eq!(count(response.into_body()).await.unwrap(), expected, "{uri}");
        }
    });
}

// X2: at the first poll of the body, and not at all.
pub fn content_waits_to_be_asked_for(rig: impl Rig) {
    let (server, _) = start_routes(rig, |_| {});
    let [wants, refuses] = ["/count", "/refuse"].map(|path| server.url(path));
    run(rig, async move {
        let mut config = Config::client();
        config.timeouts.expect_continue = DEADLINE;
        let client = client_with(rig, |client| client.config(Arc::new(config)));
        let asked = Arc::<AtomicUsize>::default();
        let ask = |uri: String| {
            let asked = Arc::clone(&asked);
            let body = Body::new(Blocks(1));
            let request = client.post(uri).body(body).expect_continue();
            request.on_informational(move |interim| {
                assert_eq!(interim.status(), StatusCode::CONTINUE);
                asked.fetch_add(1, SeqCst);
            })
        };
        assert_eq!(content(ask(wants).send().await).await, BLOCK.len().to_string());
        assert_eq!(asked.load(SeqCst), 1);
        assert_eq!(ask(refuses).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        assert_eq!(asked.load(SeqCst), 1);
    });
}

pub fn a_unix_socket_carries_requests(rig: impl Rig) {
    let path = std::env::temp_dir().join(format!("requests-{}-{:?}", std::process::id(), std::thread::current().id()));
    let listener = UnixListener::bind(&path).unwrap();
    let to = path.clone();
    run(rig, async move {
        let service = app(|request| async move { text(request.headers()["host"].to_str()?.to_owned()) });
        let server = rig.serve_unix(listener, service).spawn();
        let client = client_with(rig, |client| client.connector(dialer(rig).unix_socket(to)));
        for _ in 0..3 {
            assert_eq!(get(&client, "http://name:81/").await, "name:81");
        }
        assert_eq!(client.connections().connections, 1);
        server.dispose().await;
    });
    std::fs::remove_file(path).unwrap();
}

// I15, I16, X4
pub fn another_protocol_takes_the_connection_over(rig: impl Rig) {
    let server = serve(rig, switching(spawner(rig)));
    let (base, address) = (server.url("/"), server.address);
    run(rig, async move {
        let client = client(rig);
        let offer = client.get(base.as_str()).upgrade("echo");
        let proxied = client_with(rig, |client| client.proxy(&base.parse().unwrap()).unwrap());
        let tunnel = Request::builder().method("CONNECT").uri("open:80").body(Body::empty()).unwrap();
        let answers = [offer.send().await.unwrap(), proxied.execute(tunnel).await.unwrap()];
        for (answer, status) in answers.into_iter().zip([101, 200]) {
            assert_eq!(answer.status(), status);
            let mut stream = answer.extensions().get::<ClientExchange>().unwrap().take_upgraded().unwrap();
            let sent = b"another protocol";
            assert_eq!(poll_fn(|cx| stream.poll_write(cx, sent)).await.unwrap(), sent.len());
            poll_fn(|cx| stream.poll_shutdown(cx)).await.unwrap();
            let (mut room, mut echoed) = ([0; 100], Vec::new());
            while let count @ 1.. = poll_fn(|cx| stream.poll_read(cx, &mut room)).await.unwrap() {
                echoed.extend_from_slice(&room[..count]);
            }
            assert_eq!(echoed, sent, "{address}");
        }
        // Declined, it stays HTTP.
        for _ in 0..2 {
            let answer = client.get(base.as_str()).upgrade("other").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        }
        assert_eq!((client.connections().connections, proxied.connections().connections), (1, 0));
    });
}
