//! What holds for every input, as properties: see also `pair`.

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    // X9: no panic, no stall, no call that corrupts.
    #[test]
    fn x9_any_sequence_of_calls(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        tests::fuzz::ops(&octets);
    }
}
