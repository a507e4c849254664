//! A tunnel to another server, as a proxy makes it, with smol's own copying.

use crate::rig::Smol;
use http::{Request, Response};
use http_smol::{Body, Upgraded};
use smol::future::zip;
use smol::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};
use smol::net::TcpStream;
use tests::scenario::{app, exchange_of, serve, tunnel};

/// Either end may say all that it has to say and close its side.
pub(crate) fn both_ways_to_the_ends(rig: Smol) {
    let server = serve(
        rig,
        app(|request: Request<Body>| async move {
            let target = TcpStream::connect(request.uri().to_string()).await?;
            let upgrade = exchange_of(&request).upgrade();
            smol::spawn(async move {
                let (from_client, to_client) = split(Upgraded::from(upgrade.await.unwrap()));
                zip(pass_on(from_client, target.clone()), pass_on(target, to_client)).await;
            })
            .detach();
            Ok(Response::new(Body::empty()))
        }),
    );
    tunnel::both_ways_to_the_ends(&server);
}

async fn pass_on(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    copy(from, &mut to).await.unwrap();
    to.close().await.unwrap();
}
