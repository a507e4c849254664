//! The public wire cases: each comes to what its labels say, whole, at every split, byte by byte, and whatever follows
//! a close or an error, over every storage.

use http_proto::{End, RecvErrorKind};
use tests::cases::{Case, EVERY_SPLIT, LARGE_PIECES, public};
use tests::drive::{Ending, Outcome, Setup, Storage};
use tests::reference::Role;

fn end(case: &Case) -> Option<End> {
    case.eof.then_some(End::Clean)
}

fn setup(case: &Case) -> Setup {
    Setup::of(case.role, &case.requests)
}

#[test]
fn labels() {
    for case in public() {
        let outcome = setup(&case).whole(&case.input, end(&case));
        check(&case, &outcome);
    }
}

#[test]
fn storages_and_splits() {
    for case in public() {
        let setup = setup(&case);
        let whole = setup.whole(&case.input, end(&case));
        let early = Setup { end_with_last: true, ..setup.clone() };
        assert_eq!(early.whole(&case.input, end(&case)), whole, "{}, the end with the last octet", case.id);
        for storage in Storage::ALL {
            let same = |pieces: &mut dyn Iterator<Item = &[u8]>, what: &dyn Fn() -> String| {
                let outcome = setup.run(storage, pieces, end(&case));
                assert_eq!(outcome, whole, "{}, {storage:?}, {}", case.id, what());
            };
            same(&mut [&case.input[..]].into_iter(), &|| "whole".into());
            for size in LARGE_PIECES {
                same(&mut case.input.chunks(size), &|| format!("{size} octets a piece"));
            }
            if case.input.len() <= EVERY_SPLIT {
                for at in 1..case.input.len() {
                    let (front, back) = case.input.split_at(at);
                    same(&mut [front, back].into_iter(), &|| format!("split at {at}"));
                }
            }
        }
    }
}

/// What follows a close or an error is nobody's business.
#[test]
fn trailing_octets() {
    let followers: [&[u8]; 4] = [
        b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"\r\n\r\n",
        b"\0\xff",
    ];
    let mut checked = 0;
    for case in public() {
        let setup = setup(&case);
        let silent = setup.whole(&case.input, None);
        // An error that the end of the input makes is one of too few octets; more would be another case.
        if matches!(silent.ending, Ending::Open | Ending::Upgrade) {
            continue;
        }
        assert_eq!(silent, setup.whole(&case.input, end(&case)), "{}", case.id);
        checked += 1;
        for follower in followers {
            let longer = [&case.input[..], follower].concat();
            for end in [None, Some(End::Clean)] {
                for storage in Storage::ALL {
                    let outcome = setup.run(storage, [&longer[..]], end);
                    assert_eq!(outcome, silent, "{}, {storage:?}, in one piece", case.id);
                    let outcome = setup.run(storage, [&case.input[..], follower], end);
                    assert_eq!(outcome, silent, "{}, {storage:?}, in a piece of their own", case.id);
                }
            }
            if longer.len() <= EVERY_SPLIT {
                assert_eq!(setup.run(Storage::Slice, longer.chunks(1), None), silent, "{}, byte by byte", case.id);
            }
        }
    }
    assert!(checked > 200, "only {checked} cases end in a close or an error");
}

/// A reset completes nothing, and what is not complete is lost with it.
#[test]
fn an_aborted_end() {
    let mut cut_off = 0;
    for case in public() {
        let setup = setup(&case);
        let silent = setup.whole(&case.input, None);
        for storage in Storage::ALL {
            let aborted = setup.run(storage, case.input.chunks(5), Some(End::Aborted));
            assert_eq!(aborted.messages, silent.messages, "{}, {storage:?}", case.id);
            if silent.ending != Ending::Open {
                assert_eq!(aborted, silent, "{}, {storage:?}", case.id);
                continue;
            }
            let unanswered = silent.messages.iter().filter(|message| !message.interim).count() < case.requests.len();
            if silent.unfinished.is_some() || unanswered {
                let error = aborted.error().unwrap_or_else(|| panic!("{}, {storage:?}: cut off", case.id));
                assert_eq!((error.kind(), error.status()), (RecvErrorKind::Aborted, None), "{}", case.id);
                cut_off += 1;
            } else {
                assert!(aborted.error().is_none_or(|error| error.kind() == RecvErrorKind::Aborted), "{}", case.id);
            }
        }
    }
    assert!(cut_off > 10 * Storage::ALL.len(), "{cut_off}");
}

fn check(case: &Case, outcome: &Outcome) {
    let id = &case.id;
    case.check(&outcome.messages);
    let after = match outcome.ending {
        Ending::Open => "open",
        Ending::Close => "close",
        Ending::Upgrade => "upgrade",
        Ending::Error(_) => "error",
    };
    assert_eq!(after, case.after, "{id}: {:?}", outcome.ending);
    assert_eq!(outcome.error().is_none(), case.accept, "{id}");
    if let (Role::Server, Some(error)) = (case.role, outcome.error()) {
        let status = error.status().expect("a server can answer the error");
        assert!(case.status_any.contains(&status), "{id}: {status} for {error:?}, not one of {:?}", case.status_any);
    }
    if let Some(tail) = case.tail_len {
        assert_eq!(case.input.len() as u64 - outcome.consumed, tail, "{id}: tail");
    }
}
