//! What the servers answer to clients of other makes: one route for each thing that two implementations must agree on.
//! It runs on every runtime: what it needs of one it takes from smol, whose clock, sockets and tasks run anywhere.

use crate::{octet, takeover};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyStream, StreamBody};
use http_driver::{Body, BoxError, Exchange};
use hyper::body::{Bytes, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::Barrier;

const PIECE: usize = 64 * 1024;

/// Answers a request.
pub(crate) async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().cloned().ok_or("no exchange")?;
    if request.method() == Method::CONNECT {
        return Ok(tunnel(&request).await);
    }
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (route, argument) = path.split_once('/').unwrap_or((path, ""));
    let response = match route {
        "" => Response::new("Hello, World!".into()),
        "method" => Response::new(request.method().to_string().into()),
        "target" => Response::new(request.uri().to_string().into()),
        "echo" => Response::new(request.into_body()),
        "count" => count(request.into_body()).await?,
        "sized" => Response::new(Body::new(Pattern::new(argument.parse()?, true))),
        "chunked" => Response::new(Body::new(Pattern::new(argument.parse()?, false))),
        "trailers" => trailers(),
        "hints" => {
            let hints = HeaderMap::from_iter([(header::LINK, HeaderValue::from_static("</a.css>; rel=preload"))]);
            exchange.inform(StatusCode::EARLY_HINTS, hints.clone());
            exchange.inform(StatusCode::EARLY_HINTS, hints);
            Response::new("page".into())
        }
        // Whatever the client still has to send.
        "refuse" => with_status(413, "refused"),
        "upgrade" => upgrade(&request),
        "empty" => with_status(204, ""),
        "bye" => {
            let mut response = Response::new("bye".into());
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
        // Answers so many milliseconds later.
        "later" => {
            smol::Timer::after(Duration::from_millis(argument.parse()?)).await;
            Response::new(argument.to_owned().into())
        }
        // Answers when three requests wait for it.
        "meet" => {
            static MEETING: OnceLock<Barrier> = OnceLock::new();
            MEETING.get_or_init(|| Barrier::new(3)).wait().await;
            Response::new(argument.to_owned().into())
        }
        "never" => std::future::pending().await,
        "panic" => {
            let _ = request.into_body().chunk().await;
            panic!("a handler that fails");
        }
        "cut" => Response::new(Body::new(StreamBody::new(futures_util::stream::iter([
            Ok(Frame::data(Bytes::from_static(b"half"))),
            Err(BoxError::from("no more")),
        ])))),
        _ => with_status(404, "nothing here"),
    };
    Ok(response)
}

fn with_status(status: u16, text: &'static str) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// How many octets there were, whether they were the pattern, and the trailer `checksum`.
async fn count(body: Body) -> Result<Response<Body>, BoxError> {
    let (mut count, mut right, mut checksum) = (0, true, String::from("none"));
    let mut frames = BodyStream::new(body);
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        if let Some(data) = frame.data_ref() {
            right &= data.iter().enumerate().all(|(at, &found)| found == octet(count + at));
            count += data.len();
        } else if let Some(value) = frame.trailers_ref().and_then(|trailers| trailers.get("checksum")) {
            checksum = value.to_str()?.to_owned();
        }
    }
    Ok(Response::new(format!("{count} {right} {checksum}").into()))
}

fn trailers() -> Response<Body> {
    let trailers = HeaderMap::from_iter([("checksum".parse().expect("a name"), HeaderValue::from_static("12"))]);
    let frames = [Frame::data(Bytes::from_static(b"one")), Frame::data("two".into()), Frame::trailers(trailers)];
    let frames = frames.map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::new(StreamBody::new(futures_util::stream::iter(frames))));
    response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("checksum"));
    response
}

/// An echo that is not HTTP.
fn upgrade(request: &Request<Body>) -> Response<Body> {
    if request.headers().get(header::UPGRADE).is_none_or(|offer| offer != "echo") {
        return offering(with_status(426, "no echo offered"));
    }
    takeover::echo(request.extensions());
    offering(with_status(101, ""))
}

fn offering(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("echo"));
    response
}

/// Connects to where CONNECT says.
async fn tunnel(request: &Request<Body>) -> Response<Body> {
    let to = request.uri().to_string();
    let Ok(far) = smol::net::TcpStream::connect(&*to).await else { return with_status(502, "nobody there") };
    takeover::join(request.extensions(), far);
    Response::new(Body::empty())
}

/// Reads the other protocol's echo of `sent`.
pub(crate) async fn echoes(stream: impl AsyncRead + AsyncWrite + Unpin, sent: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = split(stream);
    let mut echo = Vec::new();
    let write = async {
        writer.write_all(sent).await.expect("room");
        writer.shutdown().await.expect("an end");
    };
    let read = async { reader.read_to_end(&mut echo).await.expect("an echo") };
    tokio::join!(write, read);
    echo
}

/// The pattern, made as it is asked for.
pub(crate) struct Pattern {
    at: usize,
    end: usize,
    /// The length is announced.
    sized: bool,
}

impl Pattern {
    pub(crate) fn new(length: usize, sized: bool) -> Self {
        Pattern { at: 0, end: length, sized }
    }
}

impl hyper::body::Body for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let from = self.at;
        self.at = self.end.min(from + PIECE);
        let piece: Bytes = (from..self.at).map(octet).collect();
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized { SizeHint::with_exact((self.end - self.at) as u64) } else { SizeHint::default() }
    }
}
