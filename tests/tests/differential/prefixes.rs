//! Every prefix of every accepted case, silent and at its end.

use tests::cases::{EVERY_SPLIT, public};
use tests::differential::{agree, answers_are_right, error_is_certain_at_its_octet, is_of_the_end};
use tests::drive::Setup;

#[test]
fn of_every_accepted_case() {
    for case in public().iter().filter(|case| case.accept) {
        let setup = Setup::of(case.role, &case.requests);
        // Of a long case, the prefixes at its two ends: between them lies one long value.
        let far = |length: &usize| *length < EVERY_SPLIT / 8 || length + EVERY_SPLIT / 8 > case.input.len();
        for length in (0..=case.input.len()).filter(far) {
            let prefix = &case.input[..length];
            let silent = agree(&setup, prefix, false);
            assert_eq!(silent.error(), None, "{} up to {length}", case.id);
            let ended = agree(&setup, prefix, true);
            error_is_certain_at_its_octet(&setup, prefix, &ended);
            if let Some(error) = ended.error() {
                assert!(is_of_the_end(error.kind()), "{} up to {length}: {error:?}", case.id);
            }
        }
    }
}

/// Every case and every prefix of it, accepted or not: the reference is asked where the label says nothing.
#[test]
fn of_every_case() {
    for case in public().iter().filter(|case| case.input.len() <= EVERY_SPLIT) {
        let setup = Setup::of(case.role, &case.requests);
        for length in 0..=case.input.len() {
            for eof in [false, true] {
                let prefix = &case.input[..length];
                let outcome = agree(&setup, prefix, eof);
                error_is_certain_at_its_octet(&setup, prefix, &outcome);
                answers_are_right(&setup, prefix, eof, &outcome);
            }
        }
    }
    for case in public().iter().filter(|case| case.input.len() > EVERY_SPLIT) {
        let setup = Setup::of(case.role, &case.requests);
        error_is_certain_at_its_octet(&setup, &case.input, &agree(&setup, &case.input, case.eof));
    }
}
