//! A tunnel to another server, as a proxy makes it, with tokio's own copying.

use crate::rig::Tokio;
use http::{Request, Response};
use http_tokio::{Body, Upgraded};
use tests::scenario::{app, exchange_of, serve, tunnel};
use tokio::net::TcpStream;

/// Either end may say all that it has to say and close its side.
pub(crate) fn both_ways_to_the_ends(rig: Tokio) {
    let server = serve(
        rig,
        app(|request: Request<Body>| async move {
            let mut target = TcpStream::connect(request.uri().to_string()).await?;
            let upgrade = exchange_of(&request).upgrade();
            tokio::spawn(async move {
                let mut client = Upgraded::from(upgrade.await.unwrap());
                tokio::io::copy_bidirectional(&mut client, &mut target).await.unwrap();
            });
            Ok(Response::new(Body::empty()))
        }),
    );
    tunnel::both_ways_to_the_ends(&server);
}
