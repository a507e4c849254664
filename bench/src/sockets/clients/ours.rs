//! The wire itself, and the client that keeps connections.

use super::{FIELDS, TARGET, check, run, uri};
use crate::sockets::part::Drive;
use http_tokio::{
    Body, BodyLength, BoxError, Client, Config, Dialer, Event, FieldBlock, Inbox, Pipeline, RequestHead, connect_with,
};
use std::sync::Arc;

/// A connection for each loop.
pub(super) async fn wire(drive: Drive) -> Result<(), BoxError> {
    let mut config = Config::client();
    config.pipeline = Pipeline { depth: u16::try_from(drive.depth)?, safe_only: true };
    let config = Arc::new(config);
    run(drive.loops, || exchanges(drive, Arc::clone(&config))).await
}

async fn exchanges(drive: Drive, config: Arc<Config>) -> Result<(), BoxError> {
    let mut http = connect_with(uri(drive.origin)?, &Dialer::default(), config).await?;
    let host = drive.origin.to_string();
    let fields = FieldBlock::from_fields(FIELDS.iter().map(|(name, value)| (name.as_str(), value.as_bytes())))?;
    let head = RequestHead::get(&host, TARGET).block(&fields);
    let (mut inbox, mut content) = (Inbox::new(), Vec::new());
    loop {
        for _ in 0..drive.depth {
            http.start(&head, BodyLength::Empty)?;
        }
        let (mut unanswered, mut status) = (drive.depth, 0);
        while unanswered > 0 {
            match http.next_event(&mut inbox).await? {
                Event::HeadersComplete(response) => status = response.status(),
                Event::Payload(octets) => content.extend_from_slice(octets),
                Event::MessageComplete(_) => {
                    check(status, &content)?;
                    content.clear();
                    unanswered -= 1;
                }
                Event::Closed => return Err("closed".into()),
                Event::UpgradeTail(_) | Event::NeedInput | Event::Paused => {}
            }
        }
    }
}

/// One client for all loops.
pub(super) async fn client(drive: Drive) -> Result<(), BoxError> {
    let client = Client::builder().pipelining(u16::try_from(drive.depth)?).build();
    let uri = uri(drive.origin)?;
    run(drive.loops, || {
        let (client, uri) = (client.clone(), uri.clone());
        async move {
            loop {
                let mut request = client.get(uri.clone());
                for (name, value) in FIELDS {
                    request = request.header(name, value);
                }
                let mut response = request.send().await?;
                let content = response.body_mut().collect(Body::LIMIT).await?;
                check(response.status().as_u16(), &content)?;
            }
        }
    })
    .await
}
