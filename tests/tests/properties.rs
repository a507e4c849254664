//! What holds for every input, as properties. The sequences of calls and the two connected ends have theirs in the fuzz
//! targets, which run here on random octets.

#[path = "properties/messages.rs"]
mod messages;
#[path = "properties/receive.rs"]
mod receive;
#[path = "properties/send.rs"]
mod send;

use proptest::prelude::*;

/// Few enough cases for every run of the tests; failures are kept beside this file and their seeds printed.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(5000))]

    // X9: no panic, no stall, no call that corrupts.
    #[test]
    fn x9_any_sequence_of_calls(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        tests::fuzz::ops(&octets);
    }
}
