//! Peers that want to exhaust the other end, by every means that they have: what each costs in memory, as the allocator
//! counts it, and in work, counted in polls. Both are bounded by the octets that it has sent.

use http::{Request, Response};
use http_driver::{Body, BoxError, service_fn};
use std::time::Duration;
use tests::memory::{Lines, Peer, Shape, World, site};
use tests::simulate::{SCRIPTS, Script};

/// Octets that are on their way at most: beyond them, nobody reads.
const UNREAD: usize = 64 * 1024;
/// Every deadline is shorter, the client's for the first octet of an answer among them.
const LONGEST: Duration = Duration::from_secs(1000);

/// Octets that a peer may cost which has sent so many: those of a connection, and what is on its way; then up to eight for
/// each of its own, as a field of three octets takes a place in a table and in a map; and no more than its buffers may
/// hold, 256 KiB read and 512 KiB to be written, either of them twice while it grows.
fn memory(sent: usize) -> usize {
    64 * 1024 + 2 * UNREAD + (8 * sent).min(2 * (256 + 512) * 1024)
}

/// Polls that a peer may cost which has sent so many octets, in so many pieces: some for each piece, one for 64 messages or
/// chunks, of which none has less than three octets, and those of its deadlines.
fn work(times: usize, sent: usize) -> usize {
    4 * times + sent / (3 * 64) + 100
}

/// What an attack has cost.
#[derive(Debug)]
struct Cost {
    sent: usize,
    times: usize,
    memory: usize,
    polls: usize,
}

impl Cost {
    #[track_caller]
    fn is_bounded(&self, what: &dyn std::fmt::Debug) {
        assert!(self.memory <= memory(self.sent), "{what:?}: {self:?}, where {} is the most", memory(self.sent));
        let work = work(self.times, self.sent);
        assert!(self.polls <= work, "{what:?}: {self:?}, where {work} is the most");
    }
}

/// Sends a script in pieces of so many octets, as far as anybody reads it, and lets all deadlines pass.
fn attack(world: &mut World, open: impl FnOnce(&mut World) -> Peer, octets: &[u8], size: usize, reads: bool) -> Cost {
    let before = world.polls;
    let mut cost = Cost { sent: 0, times: 0, memory: 0, polls: 0 };
    let counted = allocation_counter::measure(|| {
        let peer = open(world);
        peer.limit(UNREAD);
        world.turn();
        for piece in octets.chunks(size) {
            if peer.unread() + piece.len() > UNREAD || peer.saw_fin() || peer.saw_reset() {
                break;
            }
            peer.send(piece);
            (cost.sent, cost.times) = (cost.sent + piece.len(), cost.times + 1);
            world.turn();
            if reads {
                peer.swallow();
            }
        }
        world.advance(LONGEST);
        assert!(peer.counts().dropped, "the connection is gone");
    });
    (cost.memory, cost.polls) = (counted.bytes_max as usize, world.polls - before);
    cost
}

/// A script with its middle so many times as often, within reason.
fn grown(Script(front, piece, times, back): Script, factor: usize) -> Vec<u8> {
    let most = (4 << 20) / piece.len().max(1);
    [front, &piece.repeat((times * factor).min(most)), back].concat().into_bytes()
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let (length, reads) = match request.uri().path() {
        "/long" => (700_000, false),
        "/unread" => (0, false),
        _ => (1, true),
    };
    let mut content = request.into_body();
    while reads && let Some(piece) = content.chunk().await {
        piece?;
    }
    Ok(Response::new(Body::from(vec![b'.'; length])))
}

/// Every script, grown and in pieces of every size, to who reads answers and to who does not.
fn each_way(scripts: &[Script], mut play: impl FnMut(Script, &[u8], usize, bool) -> Cost) {
    for &script in scripts {
        for factor in [1, 8, 64] {
            let octets = grown(script, factor);
            for size in [1, 100, 16 * 1024] {
                let octets = if size == 1 { &octets[..octets.len().min(20_000)] } else { &octets[..] };
                for reads in [false, true] {
                    play(script, octets, size, reads).is_bounded(&(script, factor, size, reads));
                }
            }
        }
    }
}

#[test]
fn a_server_pays_for_what_it_was_sent() {
    each_way(SCRIPTS, |script, octets, size, reads| {
        let mut world = World::new();
        let (dial, _handle) = site(&world, service_fn(answer), |server| server);
        world.turn();
        let cost = attack(&mut world, |_| dial.open(Shape::default()), octets, size, reads);
        // What is asked for and not read is held back: of long answers one, and the application makes the next.
        let asked = if script.1.contains("/long") { 2 * 700_000 } else { 0 };
        Cost { memory: cost.memory.saturating_sub(asked), ..cost }
    });
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What servers say that want to exhaust their clients.
const ANSWERS: &[Script] = &[
    Script("", "", 0, ""),
    Script("", "\r\n", 50, ""),
    Script("SSH-2.0-OpenSSH_9.9\r\n", "", 0, ""),
    Script("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 100, ""),
    Script("", "HTTP/1.1 100 Continue\r\n\r\n", 100, ""),
    Script("HTTP/1.1 200 ", "x", 10_000, "\r\n\r\n"),
    Script(OK, "A: b\r\n", 300, "\r\n"),
    Script(OK, "A: b\r\n c\r\n", 200, "\r\n"),
    Script("HTTP/1.1 200 OK\r\nA: ", "x", 10_000, "\r\n\r\n"),
    Script(CHUNKED, "0", 20, ""),
    Script(CHUNKED, "1\r\nx\r\n", 2000, "0\r\n\r\n"),
    Script("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", 5000, ""),
    Script("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", 100, ""),
    Script("HTTP/1.1 200 OK\r\n\r\n", "x", 60_000, ""),
    Script("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", "x", 60_000, ""),
    Script("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "abc", 100, ""),
    Script("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 100, ""),
];

#[test]
fn a_client_pays_for_what_it_was_sent() {
    each_way(ANSWERS, |_, octets, size, reads| {
        let mut world = World::new();
        let lines = Lines::new(&world);
        let client = lines.client(|client| client);
        let open = |world: &mut World| {
            let request = Request::get("http://h/").body(Body::empty()).unwrap();
            let client = client.clone();
            world.spawn(async move {
                let Ok(mut response) = client.execute(request).await else { return };
                // Who does not read it holds it, and drops it in the end.
                while reads && let Some(Ok(_)) = response.body_mut().chunk().await {}
            });
            world.turn();
            lines.peer()
        };
        attack(&mut world, open, octets, size, true)
    });
}
