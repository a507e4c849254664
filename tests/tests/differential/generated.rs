//! Messages that are mostly right, for both roles, pipelined, under default and small bounds.

use proptest::prelude::*;
use tests::differential::{agree, answers_are_right, error_is_certain_at_its_octet, httparse_agrees, same_in_pieces};
use tests::drive::Ending;
use tests::generate::{Choices, input, setup};

fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_core_and_the_references_agree(octets in choices(), eof: bool, size in 1usize..20, at: usize) {
        let mut choices = Choices(&octets);
        let setup = setup(&mut choices);
        let input = input(&mut choices, setup.role);
        let outcome = agree(&setup, &input, eof);
        error_is_certain_at_its_octet(&setup, &input, &outcome);
        httparse_agrees(&setup, &input, &outcome);
        answers_are_right(&setup, &input, eof, &outcome);
        same_in_pieces(&setup, &input, eof, size, at % (input.len() + 1), &outcome);
    }
}

/// The generator is worth its name only if it yields every ending, and whole messages with everything in them.
#[test]
fn the_generator_reaches_everything() {
    let mut seen = [0usize; 4];
    let (mut trailers, mut bodies, mut pipelined, mut kinds) = (0, 0, 0, std::collections::HashSet::new());
    let mut seen_by_httparse = 0;
    let mut state = 1u64;
    for _ in 0..20_000 {
        let octets: Vec<u8> = (0..150)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect();
        let mut choices = Choices(&octets);
        let setup = setup(&mut choices);
        let input = input(&mut choices, setup.role);
        let outcome = agree(&setup, &input, true);
        seen_by_httparse += usize::from(httparse_agrees(&setup, &input, &outcome));
        seen[match outcome.ending {
            Ending::Open => 0,
            Ending::Close => 1,
            Ending::Upgrade => 2,
            Ending::Error(error) => {
                kinds.insert(error.kind());
                3
            }
        }] += 1;
        trailers += usize::from(outcome.messages.iter().any(|message| !message.trailers.is_empty()));
        bodies += usize::from(outcome.messages.iter().any(|message| !message.body.is_empty()));
        pipelined += usize::from(outcome.messages.len() > 1);
    }
    assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
    assert!(trailers > 100 && bodies > 1000 && pipelined > 1000, "{trailers} {bodies} {pipelined}");
    assert!(seen_by_httparse > 5000, "{seen_by_httparse}");
    assert!(kinds.len() > 30, "{} kinds of error: {kinds:?}", kinds.len());
}
