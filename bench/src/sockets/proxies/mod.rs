//! Suite `proxy`: a server that passes every request on to the origin, with content streaming both ways.

mod hyper;
mod ours;

use super::Setup;
use super::origin::Origin;
use super::part::Part;
use super::process::{self, Process};
use super::requests;
use super::rounds::{Case, Metric};
use super::servers::on_tokio;
use super::socket::Channel;
use http_tokio::Uri;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// A proxy that can be measured.
pub(crate) struct Proxy {
    pub(crate) name: &'static str,
    /// Serves on a listener for ever what is at this address.
    pub(crate) run: fn(TcpListener, SocketAddr) -> io::Result<()>,
}

pub(crate) const OURS: &[Proxy] = &[Proxy {
    name: "http-tokio L2",
    run: |listener, origin| on_tokio::run(listener, |listener| ours::run(listener, origin)),
}];

pub(crate) const PEERS: &[Proxy] = &[Proxy { name: "hyper", run: hyper::run }];

pub(crate) fn find(name: &str) -> Option<&'static Proxy> {
    OURS.iter().chain(PEERS).find(|proxy| proxy.name == name)
}

pub(crate) fn case(name: &'static str, setup: Setup, origin: &Origin) -> Case {
    let origin = origin.address();
    let measure = move |name: &str| {
        let (proxy, address) = Process::serving(name, Part::Proxy(origin), setup)?;
        requests::measure(&proxy, address, setup, Channel::Clear, 1)
    };
    Case { name, metrics: &[Metric::Requests, Metric::UserCpu], measure: Box::new(measure) }
}

/// What the process of a proxy does.
pub(crate) fn serve(proxy: &'static Proxy, origin: SocketAddr) -> io::Result<()> {
    process::serve(move |listener| (proxy.run)(listener, origin))
}

/// The same path and query at the origin, whose authority this is.
fn there(authority: &str, uri: &Uri) -> Result<Uri, http::Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Uri::builder().scheme("http").authority(authority).path_and_query(path).build()
}
