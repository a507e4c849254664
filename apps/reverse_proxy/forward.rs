//! What RFC 9110 section 7.6 demands of whoever forwards messages. It knows nothing of connections: a message goes in, and
//! the one that goes on comes out.

use crate::{Body, HopByHop, Request, Response};
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    MAX_FORWARDS, PROXY_AUTHORIZATION, TE, UPGRADE, VIA,
};
use http::{Method, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::BodyExt;
use std::fmt::Write;

/// Protocols that Upgrade may lead to. Not h2c: whatever is asked in that goes past all that is done here.
const PROTOCOLS: [&str; 1] = ["websocket"];

/// What TRACE does not send back (RFC 9110 section 9.3.8).
const SENSITIVE: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// The request that goes on to `server`.
pub(crate) fn request(request: Request<Body>, server: &Uri) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let http11 = parts.version == Version::HTTP_11;
    let fields = &mut parts.headers;
    let hop = HopByHop::take(fields);
    for offer in hop.upgrade().filter(|offer| PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(offer))) {
        if let (true, Ok(offer)) = (http11, HeaderValue::from_str(offer)) {
            fields.append(UPGRADE, offer);
        }
    }
    if hop.accepts_trailers() {
        fields.insert(TE, HeaderValue::from_static("trailers"));
    }
    if !http11 {
        // HTTP/1.0 does not know it.
        fields.remove(EXPECT);
    }
    // The URI says where to connect to, and Host what the client has asked for: an absolute target before its own Host.
    if let Some(host) = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        fields.insert(HOST, host);
    }
    via(fields, parts.version);
    let mut uri = server.clone().into_parts();
    uri.path_and_query = parts.uri.path_and_query().cloned();
    parts.uri = Uri::from_parts(uri).unwrap_or_default();
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    Request::from_parts(parts, end_to_end(body, hop))
}

/// The answer that goes back, if it can: content in transfer codings that nobody has asked for cannot.
pub(crate) fn response(response: Response<Body>, head_only: bool) -> Option<Response<Body>> {
    let (mut parts, body) = response.into_parts();
    let hop = HopByHop::take(&mut parts.headers);
    if hop.is_coded() && !body.is_end_stream() {
        return None;
    }
    if !head_only && parts.status != StatusCode::NOT_MODIFIED {
        // How long the content is, it knows itself.
        parts.headers.remove(CONTENT_LENGTH);
    }
    if matches!(parts.status, StatusCode::SWITCHING_PROTOCOLS | StatusCode::UPGRADE_REQUIRED) {
        let protocols = hop.upgrade().filter_map(|protocol| HeaderValue::from_str(protocol).ok());
        parts.headers.extend(protocols.map(|protocol| (UPGRADE, protocol)));
    }
    via(&mut parts.headers, parts.version);
    Some(Response::from_parts(parts, end_to_end(body, hop)))
}

/// The fields of an interim response that goes back.
pub(crate) fn interim(response: Response<()>) -> HeaderMap {
    let (mut parts, ()) = response.into_parts();
    HopByHop::take(&mut parts.headers);
    parts.headers.remove(CONTENT_LENGTH);
    via(&mut parts.headers, parts.version);
    parts.headers
}

/// Counts Max-Forwards down (section 7.6.2). Where it has come to zero, the answer is made here.
pub(crate) fn last_hop(mut request: Request<Body>) -> Result<Request<Body>, Box<Response<Body>>> {
    let left = request.headers().get(MAX_FORWARDS).and_then(|left| left.to_str().ok());
    let left = left.filter(|left| !left.is_empty() && left.bytes().all(|digit| digit.is_ascii_digit()));
    let (Some(left), &Method::TRACE | &Method::OPTIONS) = (left, request.method()) else { return Ok(request) };
    if let Some(left) = left.parse().unwrap_or(u32::MAX).checked_sub(1) {
        request.headers_mut().insert(MAX_FORWARDS, left.into());
        return Ok(request);
    }
    let mut response = Response::new(Body::empty());
    if request.method() == Method::TRACE {
        let mut seen = format!("TRACE {} {:?}\r\n", request.uri(), request.version());
        for (name, value) in request.headers().iter().filter(|(name, _)| !SENSITIVE.contains(name)) {
            let _ = write!(seen, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
        }
        *response.body_mut() = (seen + "\r\n").into();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("message/http"));
    }
    Err(Box::new(response))
}

fn via(fields: &mut HeaderMap, received: Version) {
    let by = if received == Version::HTTP_10 { "1.0 reverse_proxy" } else { "1.1 reverse_proxy" };
    fields.append(VIA, HeaderValue::from_static(by));
}

/// Trailers are fields as well. Only content of unknown length has any.
fn end_to_end(body: Body, hop: HopByHop) -> Body {
    if body.size_hint().exact().is_some() {
        return body;
    }
    Body::new(body.map_frame(move |mut frame| {
        frame.trailers_mut().into_iter().for_each(|trailers| hop.strip(trailers));
        frame
    }))
}
