//! Each bound: what is just as long is accepted, one octet or field more is the error of that bound, at that octet, at
//! every split.

use http_proto::{Config, End, Limits, RecvErrorKind as Kind};
use std::sync::Arc;
use tests::differential::{agree, error_is_certain_at_its_octet};
use tests::drive::{Setup, Storage};
use tests::reference::{Outstanding, Role};

/// Above this length the splits next to the bound, and some sizes of pieces, stand for all.
const EVERY_SPLIT: usize = 2048;

/// A bound under test.
struct Bound {
    name: &'static str,
    role: Role,
    /// Its default.
    default: usize,
    set: fn(&mut Limits, usize),
    kind: Kind,
    status: u16,
    /// An input that takes that much of it, and the offset of the first octet that the bound concerns or, where fields
    /// or lines are counted, of the one behind so many.
    input: fn(usize) -> (Vec<u8>, usize),
    /// The least that makes sense.
    least: usize,
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn put(front: &str, middle: String, back: &str, concerns: usize) -> (Vec<u8>, usize) {
    ([front, &middle, back].concat().into_bytes(), front.len() + concerns)
}

fn field(length: usize) -> String {
    format!("n:{}", "v".repeat(length - 2))
}

/// A field section that takes `length` octets with its empty line, in lines that no other bound forbids.
fn section(length: usize) -> String {
    let mut section = String::new();
    while length - section.len() > 8000 {
        section += &(field(3998) + "\r\n");
    }
    section.clone() + &field(length - section.len() - 4) + "\r\n\r\n"
}

/// Chunk lines with `length` octets of extensions in all, no more than 2002 on one.
fn extensions(head: &str, length: usize) -> (Vec<u8>, usize) {
    let full = (length - 2) / 1001;
    let lines = format!("1;{}\r\nx\r\n", "e".repeat(1000)).repeat(full);
    let rest = length - full * 1001;
    let last = format!("1;{}", "e".repeat(rest - 1));
    put(head, lines.clone() + &last, "\r\nx\r\n0\r\n\r\n", lines.len() + last.len())
}

const BOUNDS: &[Bound] = &[
    Bound {
        name: "method",
        role: Role::Server,
        default: 64,
        set: |limits, n| limits.method = n as u16,
        kind: Kind::MethodTooLong,
        status: 501,
        input: |n| put("", "M".repeat(n), " / HTTP/1.1\r\nHost: a\r\n\r\n", n),
        least: 1,
    },
    Bound {
        name: "target",
        role: Role::Server,
        default: 16 * 1024,
        set: |limits, n| limits.target = n as u16,
        kind: Kind::TargetTooLong,
        status: 414,
        input: |n| put("GET ", format!("/{}", "t".repeat(n - 1)), " HTTP/1.1\r\nHost: a\r\n\r\n", n),
        least: 1,
    },
    Bound {
        name: "field line of a request",
        role: Role::Server,
        default: 32 * 1024,
        set: |limits, n| limits.field_line = n as u16,
        kind: Kind::FieldTooLong,
        status: 431,
        input: |n| put(GET, field(n), "\r\n\r\n", n),
        least: 7, // Host: a
    },
    Bound {
        name: "head of a request",
        role: Role::Server,
        default: 64 * 1024 - 1,
        set: |limits, n| limits.head = n as u16,
        kind: Kind::HeadTooLong,
        status: 431,
        input: |n| (format!("{GET}{}", section(n - GET.len())).into_bytes(), n),
        least: 40,
    },
    Bound {
        name: "head of a response",
        role: Role::Client,
        default: 64 * 1024 - 1,
        set: |limits, n| limits.head = n as u16,
        kind: Kind::HeadTooLong,
        status: 0,
        input: |n| (format!("{OK}{}", section(n - OK.len())).into_bytes(), n),
        least: 50,
    },
    Bound {
        name: "fields of a request",
        role: Role::Server,
        default: 100,
        set: |limits, n| limits.fields = n as u16,
        kind: Kind::TooManyFields,
        status: 431,
        input: |n| put(GET, "a:\r\n".repeat(n - 1), "\r\n", (n - 1) * 4),
        least: 1,
    },
    Bound {
        name: "fields of a response",
        role: Role::Client,
        default: 256,
        set: |limits, n| limits.fields = n as u16,
        kind: Kind::TooManyFields,
        status: 0,
        input: |n| put(OK, "a:\r\n".repeat(n - 1), "\r\n", (n - 1) * 4),
        least: 1,
    },
    Bound {
        name: "empty lines before a request",
        role: Role::Server,
        default: 10,
        set: |limits, n| limits.empty_lines = n as u8,
        kind: Kind::TooManyEmptyLines,
        status: 400,
        input: |n| put("", "\r\n".repeat(n), &format!("{GET}\r\n"), n * 2),
        least: 0,
    },
    Bound {
        name: "empty lines before a response",
        role: Role::Client,
        default: 10,
        set: |limits, n| limits.empty_lines = n as u8,
        kind: Kind::TooManyEmptyLines,
        status: 0,
        input: |n| put("", "\r\n".repeat(n), &format!("{OK}\r\n"), n * 2),
        least: 0,
    },
    Bound {
        name: "empty lines after a response",
        role: Role::Client,
        default: 10,
        set: |limits, n| limits.empty_lines = n as u8,
        kind: Kind::TooManyEmptyLines,
        status: 0,
        input: |n| put(&format!("{OK}\r\n"), "\r\n".repeat(n), "", n * 2),
        least: 0,
    },
    Bound {
        name: "extensions of a chunk line",
        role: Role::Server,
        default: 4 * 1024,
        set: |limits, n| limits.chunk_extension_line = n as u16,
        kind: Kind::ChunkExtensionTooLong,
        status: 400,
        input: |n| put(POST, format!("1;{}", "e".repeat(n - 1)), "\r\nx\r\n0\r\n\r\n", n + 1),
        least: 2,
    },
    Bound {
        name: "extensions of a request",
        role: Role::Server,
        default: 16 * 1024,
        set: |limits, n| limits.chunk_extensions = n as u32,
        kind: Kind::ChunkExtensionTooLong,
        status: 400,
        input: |n| extensions(POST, n),
        least: 2,
    },
    Bound {
        name: "extensions of a response",
        role: Role::Client,
        default: 16 * 1024,
        set: |limits, n| limits.chunk_extensions = n as u32,
        kind: Kind::ChunkExtensionTooLong,
        status: 0,
        input: |n| extensions(CHUNKED, n),
        least: 2,
    },
    Bound {
        name: "trailer section of a request",
        role: Role::Server,
        default: 16 * 1024,
        set: |limits, n| limits.trailers = n as u16,
        kind: Kind::TrailersTooLong,
        status: 431,
        input: |n| put(POST, format!("0\r\n{}", section(n)), "", 3 + n),
        least: 6,
    },
    Bound {
        name: "trailer fields of a request",
        role: Role::Server,
        default: 32,
        set: |limits, n| limits.trailer_fields = n as u16,
        kind: Kind::TooManyTrailers,
        status: 431,
        input: |n| put(POST, format!("0\r\n{}", "a:\r\n".repeat(n)), "\r\n", 3 + n * 4),
        least: 0,
    },
    Bound {
        name: "trailer fields of a response",
        role: Role::Client,
        default: 64,
        set: |limits, n| limits.trailer_fields = n as u16,
        kind: Kind::TooManyTrailers,
        status: 0,
        input: |n| put(CHUNKED, format!("0\r\n{}", "a:\r\n".repeat(n)), "\r\n", 3 + n * 4),
        least: 0,
    },
    Bound {
        name: "interim responses",
        role: Role::Client,
        default: 16,
        set: |limits, n| limits.interim = n as u8,
        kind: Kind::TooManyInterim,
        status: 0,
        // The status shows at once, but only a whole head is a response: the LF of its empty line.
        input: |n| put("", "HTTP/1.1 102 P\r\n\r\n".repeat(n), &format!("{OK}\r\n"), n * 18 + 17),
        least: 0,
    },
];

fn setup(bound: &Bound, limit: Option<usize>) -> Setup {
    let setup = Setup::of(bound.role, &[Outstanding { method: b"GET".to_vec(), upgrade: false }]);
    let Some(limit) = limit else { return setup };
    let mut config = Config::clone(&setup.config);
    (bound.set)(&mut config.limits, limit);
    Setup { config: Arc::new(config), ..setup }
}

fn check(bound: &Bound, limit: usize, configured: bool) {
    let setup = setup(bound, configured.then_some(limit));
    let name = format!("{} of {limit}", bound.name);

    let (just, _) = (bound.input)(limit);
    let accepted = agree(&setup, &just, true);
    assert_eq!(accepted.error(), None, "{name}");
    assert_eq!(accepted.messages.iter().filter(|message| !message.interim).count(), 1, "{name}");
    splits(&setup, &just, limit, &name);

    let (over, _) = (bound.input)(limit + 1);
    let (_, at) = (bound.input)(limit);
    let refused = agree(&setup, &over, true);
    let error = refused.error().unwrap_or_else(|| panic!("{name}: one more is accepted"));
    assert_eq!((error.kind(), refused.consumed), (bound.kind, at as u64), "{name}");
    if bound.role == Role::Server {
        assert_eq!(error.status(), Some(bound.status), "{name}");
    }
    error_is_certain_at_its_octet(&setup, &over, &refused);
    splits(&setup, &over, at, &name);
}

fn splits(setup: &Setup, input: &[u8], near: usize, name: &str) {
    let end = Some(End::Clean);
    let whole = setup.whole(input, end);
    for at in 1..input.len() {
        if input.len() <= EVERY_SPLIT || at.abs_diff(near) < 4 || at.abs_diff(input.len()) < 10 {
            let (front, back) = input.split_at(at);
            for storage in [Storage::Slice, Storage::Vec] {
                assert_eq!(setup.run(storage, [front, back], end), whole, "{name}, {storage:?}, split at {at}");
            }
        }
    }
    for size in [1, 7, 4096] {
        for storage in Storage::ALL {
            assert_eq!(setup.run(storage, input.chunks(size), end), whole, "{name}, {storage:?}, {size} a piece");
        }
    }
}

#[test]
fn at_their_defaults() {
    for bound in BOUNDS {
        check(bound, bound.default, false);
    }
}

#[test]
fn where_they_are_set() {
    for bound in BOUNDS {
        for more in [0, 1, 2, 3, 17, 64, 100] {
            check(bound, bound.least + more, true);
        }
    }
}

/// A client's field line may be as long as its head, so only a smaller bound can be reached.
#[test]
fn field_line_of_a_response() {
    assert_eq!(Limits::client().field_line, u16::MAX);
    let bound = Bound {
        name: "field line of a response",
        role: Role::Client,
        default: 0,
        set: |limits, n| limits.field_line = n as u16,
        kind: Kind::FieldTooLong,
        status: 0,
        input: |n| put(OK, field(n), "\r\n\r\n", n),
        least: 17, // Content-Length: 0
    };
    for limit in [17, 18, 40, 1000, 32 * 1024] {
        check(&bound, limit, true);
    }
    // With its folds, counted as soon as the blank shows one.
    let folded = Bound {
        input: |n| put(OK, format!("n:a\r\n {}", "b".repeat(n - 6)), "\r\n\r\n", n),
        name: "folded field line",
        ..bound
    };
    for limit in [17, 18, 40, 1000] {
        check(&folded, limit, true);
    }
}

/// A line that is wrong at its end, but no longer than it may be, is not too long.
#[test]
fn a_line_of_just_the_limit_that_lacks_a_colon() {
    let bound = BOUNDS.iter().find(|bound| bound.name == "field line of a request").expect("a bound");
    let setup = setup(bound, Some(7));
    for (line, kind, status) in [("nocolon", Kind::MissingColon, 400), ("nocolons", Kind::FieldTooLong, 431)] {
        let input = format!("{GET}{line}\r\n\r\n").into_bytes();
        let outcome = agree(&setup, &input, true);
        let error = outcome.error().expect("an error");
        assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{line}");
        assert_eq!(outcome.consumed as usize, GET.len() + 7, "{line}");
        splits(&setup, &input, GET.len() + 7, line);
    }
}
