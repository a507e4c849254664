//! Handshakes from a server's side: what is agreed upon, and clients that do not do their part.

use crate::support::{GET, NAME, Site, about, authority, content, secs};
use http_driver::Overflow;
use std::sync::Arc;
use tests::certificates::{Authority, VERSIONS, server_of_names};
use tests::memory::{Secret, Shape};
use tests::scenario::app;

// L4, N26
#[test]
fn what_was_agreed_upon_is_seen_by_the_handler() {
    for version in VERSIONS {
        let (authority, identity) = authority();
        let mut config = authority.client_of(&[version]);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut site = Site::with(authority, identity.server(), app(about), |server| server);
        let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
        site.talk(&mut client);
        assert!(client.is(version));
        assert_eq!(client.tls.alpn_protocol(), Some(&b"http/1.1"[..]));
        let seen = format!("{:?} Some({NAME:?}) Some(\"http/1.1\") 0", version.version);
        assert_eq!(content(&site.ask(&mut client, GET)), seen);
        assert_eq!(site.told(), ["connected"]);
        let listed = site.handle.connections();
        assert_eq!(listed[0].tls().unwrap().server_name(), Some(NAME));
        assert_eq!(content(&site.ask(&mut client, GET)), seen);
    }
}

// L4
#[test]
fn the_certificate_of_a_client_is_seen_by_the_handler() {
    for version in VERSIONS {
        let (authority, identity) = authority();
        let config = authority.demanding_server(&identity);
        let client_config = authority.client_showing(&authority.identity(&["client"]), &[version]);
        let mut site = Site::with(authority, config, app(about), |server| server);
        let mut client = Secret::client(site.open(Shape::default()), &client_config, NAME);
        site.talk(&mut client);
        assert!(content(&site.ask(&mut client, GET)).ends_with(" 1"));

        // Whoever has none, or one from somebody else, is told why, and reaches nobody.
        let strange = Authority::new();
        let stranger = strange.identity(&["client"]);
        let wrong = site.authority.client_showing(&stranger, &[version]);
        let none = site.authority.client_of(&[version]);
        for (config, kind) in [(none, "NoCertificate"), (wrong, "Untrusted")] {
            site.told();
            let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
            site.talk(&mut client);
            assert!(matches!(client.error, Some(http_driver::rustls::Error::AlertReceived(_))), "{:?}", client.error);
            assert!(client.peer.saw_fin());
            client.peer.fin();
            site.world.turn();
            assert!(!client.peer.saw_reset());
            assert_eq!(site.told(), [kind]);
            assert_eq!(site.handle.connections().len(), 1);
        }
    }
}

#[test]
fn a_certificate_is_chosen_by_name() {
    let authority = Authority::new();
    let (first, second) = (authority.identity(&["first.example"]), authority.identity(&["second.example"]));
    let config = server_of_names(&[("first.example", &first), ("second.example", &second)]);
    let mut site = Site::with(authority, config, app(about), |server| server);
    let client_config = site.authority.client();
    for (name, identity) in [("first.example", &first), ("second.example", &second)] {
        let mut client = Secret::client(site.open(Shape::default()), &client_config, name);
        site.talk(&mut client);
        assert_eq!(client.tls.peer_certificates().unwrap(), identity.chain());
        assert!(content(&site.ask(&mut client, GET)).contains(name));
    }
    site.told();
    let mut unknown = Secret::client(site.open(Shape::default()), &client_config, "third.example");
    site.talk(&mut unknown);
    assert!(unknown.error.is_some());
    unknown.peer.fin();
    site.world.turn();
    assert_eq!(site.told().len(), 1);
}

#[test]
fn the_configuration_is_replaced_for_new_connections() {
    let mut site = Site::new();
    let mut before = site.ready();
    let second = site.authority.identity(&[NAME]);
    site.handle.set_tls(Arc::new(second.server()));
    let after = site.ready();
    assert_eq!(after.tls.peer_certificates().unwrap(), second.chain());
    assert_ne!(before.tls.peer_certificates().unwrap(), second.chain());
    assert!(site.ask(&mut before, GET).starts_with("HTTP/1.1 200 "));
}

#[test]
fn other_protocols_end_behind_the_handshake() {
    let (authority, identity) = authority();
    let mut config = identity.server();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec(), b"http/1.1".to_vec()];
    let mut site = Site::with(authority, config, app(about), |server| server);
    let mut config = site.authority.client();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
    site.talk(&mut client);
    assert_eq!(client.last(), "");
    assert!(client.peer.saw_fin() && client.peer.counts().dropped);
    assert_eq!(site.told(), [""; 0]);
    // Nothing in common at all.
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut client = Secret::client(site.open(Shape::default()), &config, NAME);
    site.talk(&mut client);
    assert!(client.error.is_some());
    client.peer.fin();
    site.world.turn();
    assert_eq!(site.told(), ["Incompatible"]);
}

#[test]
fn a_silent_client_has_so_long() {
    let mut site = Site::new();
    let silent = site.open(Shape::default());
    assert_eq!(site.handle.connections().len(), 1);
    site.world.advance(secs(9));
    assert!(!silent.counts().dropped);
    site.world.advance(secs(1));
    assert!(silent.counts().dropped);
    assert_eq!(site.handle.connections().len(), 0);
    assert_eq!(site.told(), ["Timeout"]);
}

#[test]
fn a_client_that_stops_anywhere_in_the_handshake_has_so_long_in_all() {
    let mut site = Site::new();
    for stops in (0..200).step_by(13) {
        let mut client = site.client();
        let hello = client.wants();
        let (first, second) = hello[..stops].split_at(stops / 2);
        client.peer.send(first);
        site.world.advance(secs(5));
        client.peer.send(second);
        site.world.advance(secs(4));
        assert!(!client.peer.counts().dropped);
        site.world.advance(secs(1));
        assert!(client.peer.counts().dropped);
        assert_eq!(site.told(), ["Timeout"]);
    }
    // Behind the server's flight.
    let mut client = site.client();
    let hello = client.wants();
    client.peer.send(&hello);
    site.world.turn();
    client.take();
    site.world.advance(secs(10));
    assert!(client.peer.counts().dropped);
    assert_eq!(site.told(), ["Timeout"]);
}

#[test]
fn a_client_that_reads_nothing_has_so_long() {
    let mut site = Site::new();
    let mut client = site.client();
    client.peer.limit(100);
    client.pump();
    site.world.advance(secs(10));
    assert!(client.peer.counts().dropped);
    assert_eq!(site.told(), ["Timeout"]);
}

#[test]
fn handshakes_count_against_the_limit() {
    let (authority, identity) = authority();
    let mut site = Site::with(authority, identity.server(), app(about), |server| server.max_connections(1));
    let silent = site.open(Shape::default());
    // It waits in the backlog.
    let mut waits = site.client();
    site.talk(&mut waits);
    assert!(waits.tls.is_handshaking() && waits.peer.unread() > 0);
    site.world.advance(secs(10));
    assert!(silent.counts().dropped);
    site.talk(&mut waits);
    assert!(site.ask(&mut waits, GET).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_connection_too_many_is_told_so_over_tls() {
    let (authority, identity) = authority();
    let mut site = Site::with(authority, identity.server(), app(about), |server| {
        server.max_connections(1).overflow(Overflow::Answer503)
    });
    let mut first = site.ready();
    let mut second = site.ready();
    second.send(GET);
    site.world.turn();
    assert!(second.last().starts_with("HTTP/1.1 503 "));
    second.close();
    second.peer.fin();
    site.world.turn();
    assert_eq!(site.handle.connections().len(), 1);
    // One whose handshake fails gives its place back.
    let stranger = site.open(Shape::default());
    stranger.send_last("no TLS");
    site.world.turn();
    assert!(site.ask(&mut first, GET).starts_with("HTTP/1.1 200 "));
    let mut third = site.ready();
    third.send(GET);
    site.world.turn();
    assert!(third.last().starts_with("HTTP/1.1 503 "));
}

#[test]
fn what_is_no_tls_is_told_so() {
    for octets in [GET.as_bytes().to_vec(), vec![0; 600], vec![0xff; 70_000]] {
        let mut site = Site::new();
        let peer = site.open(Shape::default());
        peer.send(&octets);
        site.world.turn();
        let answer = peer.read();
        assert_eq!(answer.first(), Some(&0x15), "no alert for {:?}; {:?}", octets.get(..10), site.told());
        assert_eq!(answer.len(), 7);
        assert!(peer.saw_fin());
        peer.fin();
        site.world.turn();
        assert!(peer.counts().dropped);
        assert_eq!(site.told(), ["Protocol"]);
    }
}

#[test]
fn a_message_of_a_handshake_has_a_bound() {
    let mut site = Site::new();
    let peer = site.open(Shape::default());
    let record = [&[0x16, 3, 1, 0x3f, 0xff][..], &[0xff; 0x3fff]].concat();
    for _ in 0..5 {
        peer.send(&record);
    }
    site.world.turn();
    assert!(peer.saw_fin());
    assert_eq!(site.told(), ["Protocol"; 0]);
    peer.fin();
    site.world.turn();
    assert_eq!(site.told(), ["Protocol"]);
}

#[test]
fn a_client_that_ends_the_handshake_is_told_of() {
    let mut site = Site::new();
    let mut client = site.client();
    client.pump();
    client.peer.fin();
    site.world.turn();
    assert!(client.peer.counts().dropped);
    assert_eq!(site.told(), ["Closed"]);
    let mut client = site.client();
    client.pump();
    client.peer.reset();
    site.world.turn();
    assert_eq!(site.told(), ["Transport"]);
    assert_eq!(site.handle.connections().len(), 0);
}

#[test]
fn a_shutdown_waits_for_no_handshake() {
    let mut site = Site::new();
    let mut client = site.client();
    client.pump();
    site.world.turn();
    let handle = site.handle.clone();
    site.world.spawn(async move {
        assert_eq!(handle.shutdown(secs(30)).await.cut_off, 0);
    });
    site.world.turn();
    assert!(client.peer.counts().dropped);
    assert_eq!(site.world.tasks(), 0);
}

#[test]
fn octets_may_come_and_go_one_by_one() {
    for version in VERSIONS {
        let mut site = Site::new();
        let config = site.authority.client_of(&[version]);
        for holds in [false, true] {
            let shape = Shape { reads: vec![1, 0], writes: vec![1, 0], holds };
            let mut client = Secret::client(site.open(shape), &config, NAME);
            site.talk(&mut client);
            assert!(client.is(version));
            assert!(site.ask(&mut client, GET).starts_with("HTTP/1.1 200 "));
            // The request with the last flight of the handshake, as clients of TLS 1.3 send it.
            let shape = Shape { reads: vec![7], writes: vec![3], holds };
            let mut client = Secret::client(site.open(shape), &config, NAME);
            client.tls.writer();
            std::io::Write::write_all(&mut client.tls.writer(), GET.as_bytes()).unwrap();
            site.talk(&mut client);
            assert!(client.text().starts_with("HTTP/1.1 200 "));
        }
    }
}
