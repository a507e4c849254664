//! How connections are opened: names, addresses, deadlines. In virtual time, on sockets that do as they are told.

mod net;
mod phases;

use http_driver::{Connect, ConnectError};
use net::{Fixed, Site, Way, ms, target, v4, v6};
use proptest::prelude::*;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;
use tests::memory::Wakes;

const SOON: Way = Way::Opens(ms(5));
const REFUSED: Way = Way::Fails(ms(0), ErrorKind::ConnectionRefused);

/// What went wrong with the sockets.
fn cause(error: ConnectError) -> io::Error {
    match error {
        ConnectError::Connect(error) => error,
        other => panic!("{other:?}"),
    }
}

// N50: one after the other, the families in turn, until one answers.
#[test]
fn addresses_are_tried_in_turn_a_delay_apart() {
    let mut site = Site::new();
    site.net.names([v6(1), v6(2), v6(3), v4(1)]);
    let outcome = site.begin();
    site.world.advance(ms(10_000));
    let tried =
        ["0 name 80?", "0 [2001:db8::1]:80", "250 192.0.2.1:80", "500 [2001:db8::2]:80", "750 [2001:db8::3]:80"];
    assert_eq!(site.net.log()[..5], tried);
    assert!(matches!(outcome.error(), ConnectError::ConnectTimeout));
}

// N50
#[test]
fn an_address_that_fails_gives_way_at_once() {
    let mut site = Site::new();
    site.net.names([v6(1), v4(1), v6(2)]);
    site.net.way(v6(1), REFUSED);
    site.net.way(v4(1), Way::Fails(ms(20), ErrorKind::NetworkUnreachable));
    site.net.way(v6(2), SOON);
    let outcome = site.begin();
    site.world.advance(ms(25));
    assert_eq!(outcome.opened(), (v6(2).to_string(), Some(0), 25));
    assert_eq!(site.net.log()[1..], ["0 [2001:db8::1]:80", "0 192.0.2.1:80", "20 [2001:db8::2]:80"]);
}

// N50: the delay of the next one counts from the last that was begun, whatever fails meanwhile.
#[test]
fn an_earlier_address_that_fails_brings_the_next_one_forward() {
    let mut site = Site::new();
    site.net.names([v4(1), v4(2), v4(3), v4(4)]);
    site.net.way(v4(1), Way::Fails(ms(300), ErrorKind::TimedOut));
    let _outcome = site.begin();
    site.world.advance(ms(1000));
    let tried = ["0 192.0.2.1:80", "250 192.0.2.2:80", "300 192.0.2.3:80", "550 192.0.2.4:80"];
    assert_eq!(site.net.log()[1..], tried);
}

// N50
#[test]
fn a_slow_address_is_beaten_and_given_up() {
    let mut site = Site::new();
    site.net.names([v6(1), v4(1), v6(2)]);
    site.net.way(v6(1), Way::Opens(ms(400)));
    site.net.way(v4(1), Way::Opens(ms(30)));
    let outcome = site.begin();
    site.world.advance(ms(1000));
    assert_eq!(outcome.opened(), (v4(1).to_string(), Some(0), 280));
    assert_eq!(site.net.log()[1..], ["0 [2001:db8::1]:80", "250 192.0.2.1:80", "280 gave up [2001:db8::1]:80"]);
}

// N50
#[test]
fn a_slow_address_may_still_win() {
    let mut site = Site::new();
    site.net.names([v6(1), v4(1), v6(2)]);
    site.net.way(v6(1), Way::Opens(ms(260)));
    site.net.way(v4(1), Way::Opens(ms(30)));
    let outcome = site.begin();
    site.world.advance(ms(1000));
    assert_eq!(outcome.opened(), (v6(1).to_string(), Some(0), 260));
    assert_eq!(site.net.log()[3..], ["260 gave up 192.0.2.1:80"]);
    // The first one alone, if it is quick.
    let mut site = Site::new();
    site.net.names([v6(1), v4(1)]);
    site.net.way(v6(1), Way::Opens(ms(249)));
    let outcome = site.begin();
    site.world.advance(ms(1000));
    assert_eq!(outcome.opened(), (v6(1).to_string(), Some(0), 249));
    assert_eq!(site.net.log().len(), 2);
}

// N50: RFC 8305 section 5 bounds the delay.
#[test]
fn the_delay_between_addresses_can_be_set() {
    for (set, expected) in [(ms(100), 100), (ms(0), 10), (ms(10), 10), (ms(5000), 2000)] {
        let mut site = Site::new();
        site.net.names([v4(1), v4(2)]);
        site.net.way(v4(2), SOON);
        let dialer = site.dialer().attempt_delay(set);
        let outcome = site.connect(&dialer, "http://name/");
        site.world.advance(ms(3000));
        assert_eq!(outcome.opened(), (v4(2).to_string(), Some(0), expected + 5));
    }
}

// The first address is the best one: what it says is what matters, though it says it last.
#[test]
fn when_all_fail_the_error_is_that_of_the_first_address() {
    let mut site = Site::new();
    site.net.names([v6(1), v4(1), v6(2)]);
    site.net.way(v6(1), Way::Fails(ms(700), ErrorKind::HostUnreachable));
    site.net.way(v4(1), REFUSED);
    site.net.way(v6(2), REFUSED);
    let outcome = site.begin();
    site.world.advance(ms(699));
    assert!(outcome.is_pending());
    site.world.advance(ms(1));
    let error = cause(outcome.error());
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::HostUnreachable, v6(1).to_string()));
}

// X6: connect. It is one deadline for all addresses, and begins behind the resolver.
#[test]
fn connecting_has_a_deadline() {
    let mut site = Site::new();
    site.net.answer(ms(9000), Ok(vec![v6(1), v4(1), v6(2)]));
    site.net.way(v4(1), REFUSED);
    let outcome = site.begin();
    site.world.advance(ms(18_999));
    assert!(outcome.is_pending());
    site.world.advance(ms(1));
    assert!(matches!(outcome.error(), ConnectError::ConnectTimeout));
    assert_eq!(site.net.log()[4..], ["19000 gave up [2001:db8::1]:80", "19000 gave up [2001:db8::2]:80"]);

    let mut site = Site::new();
    site.net.names([v4(1), v4(2)]);
    site.net.way(v4(1), Way::Opens(ms(101)));
    let dialer = site.dialer().connect_timeout(ms(100));
    let outcome = site.connect(&dialer, "http://name/");
    site.world.advance(ms(100));
    assert!(matches!(outcome.error(), ConnectError::ConnectTimeout));
    assert_eq!(site.net.log()[1..], ["0 192.0.2.1:80", "100 gave up 192.0.2.1:80"]);
}

// X6: resolve
#[test]
fn resolving_has_a_deadline() {
    for (set, expected) in [(None, 10_000), (Some(ms(300)), 300)] {
        let mut site = Site::new();
        site.net.no_answer();
        let mut dialer = site.dialer();
        if let Some(limit) = set {
            dialer = dialer.resolve_timeout(limit);
        }
        let outcome = site.connect(&dialer, "http://name:81/");
        site.world.advance(ms(expected - 1));
        assert!(outcome.is_pending());
        site.world.advance(ms(1));
        assert!(matches!(outcome.error(), ConnectError::ResolveTimeout));
        assert_eq!(site.net.log(), ["0 name 81?".to_owned(), format!("{expected} gave up name 81?")]);
    }
}

// N50: who waits for a name holds up nobody.
#[test]
fn a_slow_resolver_delays_only_those_who_need_it() {
    let mut site = Site::new();
    site.net.answer(ms(3000), Ok(vec![v4(1)]));
    site.net.way(v4(1), SOON);
    let slow = site.begin();
    let dialer = site.dialer();
    let quick = site.connect(&dialer, "http://192.0.2.1/");
    site.world.advance(ms(5));
    assert_eq!(quick.opened(), (v4(1).to_string(), None, 5));
    site.world.advance(ms(3000));
    assert_eq!(slow.opened(), (v4(1).to_string(), Some(3000), 5));
}

#[test]
fn a_name_that_cannot_be_resolved_is_an_error() {
    let mut site = Site::new();
    site.net.answer(ms(7), Err(ErrorKind::Interrupted));
    let outcome = site.begin();
    site.world.advance(ms(7));
    match outcome.error() {
        ConnectError::Resolve(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
        other => panic!("{other:?}"),
    }
    site.net.names([]);
    let error = site.begin().error();
    assert_eq!(error.to_string(), "the host could not be resolved: the name has no address");
    assert!(matches!(error, ConnectError::Resolve(_)));
}

#[test]
fn addresses_need_no_resolver() {
    for (uri, address) in [
        ("http://192.0.2.9:8080/", "192.0.2.9:8080".to_owned()),
        ("http://[2001:db8::9]/", v6(9).to_string()),
        ("http://[::ffff:192.0.2.9]:81/", "[::ffff:192.0.2.9]:81".to_owned()),
    ] {
        let mut site = Site::new();
        site.net.no_answer();
        site.net.way(&address, SOON);
        let dialer = site.dialer();
        let outcome = site.connect(&dialer, uri);
        site.world.advance(ms(5));
        assert_eq!(outcome.opened(), (address.clone(), None, 5));
        assert_eq!(site.net.log(), [format!("0 {address}")]);
    }
}

// N50
#[test]
fn resolvers_can_be_replaced() {
    let mut site = Site::new();
    site.net.way(v4(7), SOON);
    site.net.way(v6(7), SOON);
    let function = site.dialer().resolver(|host: &str, port: u16| {
        let found = (host == "seven" && port == 8080).then(|| v4(7));
        async move { Ok(Vec::from_iter(found)) }
    });
    let object = site.dialer().resolver(Fixed(vec![v6(7)]));
    let outcomes = [&function, &object].map(|dialer| site.connect(dialer, "http://seven:8080/"));
    let unknown = site.connect(&function, "http://eight:8080/");
    site.world.advance(ms(5));
    assert_eq!(outcomes.map(|outcome| outcome.opened().0), [v4(7).to_string(), v6(7).to_string()]);
    assert!(matches!(unknown.error(), ConnectError::Resolve(_)));
    // The system was not asked.
    assert!(site.net.log().iter().all(|line| !line.ends_with('?')));
}

// Whoever gives up leaves nothing behind: no attempt, no question, no alarm.
#[test]
fn dropping_gives_up_everything() {
    let site = Site::new();
    let until = |time: Duration| {
        let wakes = Arc::<Wakes>::default();
        let waker = Waker::from(Arc::clone(&wakes));
        let dialer = site.dialer();
        let mut connecting = Box::pin(dialer.connect(&target("http://name/")));
        // It does not need the dialer any more.
        drop(dialer);
        let end = site.world.clock.now().saturating_add(time);
        loop {
            assert!(connecting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            match site.world.clock.next().filter(|next| *next <= end) {
                Some(next) => site.world.clock.advance_to(next),
                None => break,
            }
            assert!(wakes.take(), "somebody is woken");
        }
        drop(connecting);
        assert_eq!(site.world.clock.next(), None);
    };
    site.net.no_answer();
    until(ms(10));
    assert_eq!(site.net.log(), ["0 name 80?", "0 gave up name 80?"]);
    site.net.names([v6(1), v4(1), v6(2)]);
    until(ms(300));
    let tried = ["0 name 80?", "0 [2001:db8::1]:80", "250 192.0.2.1:80"];
    let gave_up = ["250 gave up [2001:db8::1]:80", "250 gave up 192.0.2.1:80"];
    assert_eq!(site.net.log()[2..], [&tried[..], &gave_up].concat());
}

// Nothing happens before the first poll, and nothing is polled without a reason.
#[test]
fn waiting_costs_nothing() {
    let mut site = Site::new();
    let dialer = site.dialer();
    drop(dialer.connect(&target("http://name/")));
    assert_eq!(site.net.log(), [""; 0]);
    site.net.names([v4(1)]);
    let _outcome = site.connect(&dialer, "http://name/");
    let before = site.world.polls;
    site.world.advance(ms(9999));
    assert_eq!(site.world.polls, before);
}

// N50
#[test]
fn a_local_address_decides_the_family() {
    for (from, to) in [("192.0.2.200", v4(2)), ("2001:db8::c8", v6(2))] {
        let mut site = Site::new();
        site.net.names([v6(2), v4(2)]);
        let way = format!("{to} from {from}");
        site.net.way(&way, SOON);
        let dialer = site.dialer().local_address(from.parse().unwrap());
        let outcome = site.connect(&dialer, "http://name/");
        site.world.advance(ms(5));
        assert_eq!(outcome.opened().0, to.to_string());
        assert_eq!(site.net.log()[1..], [format!("0 {way}")]);
    }
    let mut site = Site::new();
    site.net.names([v6(1), v6(2)]);
    let dialer = site.dialer().local_address(IpAddr::from([192, 0, 2, 200]));
    for uri in ["http://name/", "http://[2001:db8::1]/"] {
        let error = cause(site.connect(&dialer, uri).error());
        assert_eq!(error.to_string(), "the host has no address of the local address's family");
    }
    assert_eq!(site.net.log(), ["0 name 80?"]);
}

// N50, X6
#[test]
fn a_unix_socket_leads_everywhere() {
    let mut site = Site::new();
    let dialer = site.dialer().unix_socket("/run/app").connect_timeout(ms(50));
    site.net.way("unix:/run/app", SOON);
    let outcomes = ["http://name/", "http://192.0.2.1:81/"].map(|uri| site.connect(&dialer, uri));
    site.world.advance(ms(5));
    assert_eq!(
        outcomes.map(|outcome| outcome.opened()),
        [("unix:/run/app".to_owned(), None, 5), ("unix:/run/app".to_owned(), None, 5)]
    );
    assert_eq!(site.net.log(), ["0 unix:/run/app", "0 unix:/run/app"]);
    site.net.way("unix:/run/app", REFUSED);
    assert_eq!(cause(site.connect(&dialer, "http://name/").error()).kind(), ErrorKind::ConnectionRefused);
    site.net.way("unix:/run/app", Way::Never);
    let late = site.connect(&dialer, "http://name/");
    site.world.advance(ms(50));
    assert!(matches!(late.error(), ConnectError::ConnectTimeout));
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_is_not_spoken() {
    let mut site = Site::new();
    let dialer = site.dialer();
    for dialer in [dialer.clone(), dialer.unix_socket("/run/app")] {
        assert!(matches!(site.connect(&dialer, "https://name/").error(), ConnectError::NoTls));
    }
    assert_eq!(site.net.log(), [""; 0]);
}

/// The order in which addresses are tried that all refuse.
fn order(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut site = Site::new();
    site.net.names(addresses);
    addresses.iter().for_each(|address| site.net.way(address, REFUSED));
    assert_eq!(cause(site.begin().error()).to_string(), addresses[0].to_string());
    let log = site.net.log();
    log[1..].iter().map(|line| line.strip_prefix("0 ").unwrap().parse().unwrap()).collect()
}

proptest! {
    // N50: RFC 8305 section 4.
    #[test]
    fn any_addresses_are_ordered(
        addresses in prop::collection::vec((any::<bool>(), 0..6u8).prop_map(|(ipv4, last)| if ipv4 { v4(last) } else { v6(last.into()) }), 1..16)
    ) {
        let tried = order(&addresses);
        // Each once, the first one first.
        let mut once = Vec::new();
        for address in &addresses {
            if !once.contains(address) {
                once.push(*address);
            }
        }
        prop_assert_eq!(tried.len(), once.len());
        prop_assert_eq!(tried[0], once[0]);
        // The order within a family stays.
        for ipv4 in [true, false] {
            let family = |all: &[SocketAddr]| all.iter().copied().filter(|one| one.is_ipv4() == ipv4).collect::<Vec<_>>();
            prop_assert_eq!(family(&tried), family(&once));
        }
        // Two of a family follow each other only where there are none of the other left.
        for (place, two) in tried.windows(2).enumerate() {
            if two[0].is_ipv4() == two[1].is_ipv4() {
                prop_assert!(tried[place..].iter().all(|one| one.is_ipv4() == two[0].is_ipv4()));
            }
        }
    }
}
