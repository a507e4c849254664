//! What a client says of connections that could not be opened.

use super::net::{Site, Way, ms, v4};
use crate::site::{error, get, secs};
use http_driver::{ClientBuilder, ConnectError, Phase, RequestError};
use std::io::ErrorKind;
use tests::memory::Task;

// X6: resolve, connect. Nothing was sent.
#[test]
fn each_phase_has_its_error() {
    let mut site = Site::new();
    let client = ClientBuilder::new(site.dialer()).build();
    let ask = |site: &mut Site| {
        let asked = client.clone();
        let task = Task::new(&site.world, async move { asked.execute(get()).await });
        site.world.advance(secs(10) - ms(1));
        let early = task.take();
        site.world.advance(ms(1));
        assert_eq!(client.connections().connections, 0);
        match early {
            Some(early) => early.unwrap_err(),
            None => error(&task),
        }
    };
    site.net.no_answer();
    assert_eq!(ask(&mut site).timed_out(), Some(Phase::Resolve));
    site.net.names([v4(1)]);
    let late = ask(&mut site);
    assert!(late.timed_out() == Some(Phase::Connect) && late.may_retry());
    site.net.way(v4(1), Way::Fails(ms(1), ErrorKind::ConnectionRefused));
    assert!(matches!(ask(&mut site), RequestError::Connect(ConnectError::Connect(_))));
    site.net.answer(ms(0), Err(ErrorKind::NotFound));
    assert!(matches!(ask(&mut site), RequestError::Connect(ConnectError::Resolve(_))));
}
