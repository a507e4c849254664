//! Both ends together, over links of every kind, in virtual time: random plans, and the committed corpus.

use proptest::prelude::*;
use proptest::test_runner::{FailurePersistence, FileFailurePersistence};
use tests::pair::judge::Report;
use tests::pair::plan::Plan;

/// Failures are kept beside this file and their seeds printed.
fn seeds() -> Option<Box<dyn FailurePersistence>> {
    Some(Box::new(FileFailurePersistence::WithSource("regressions")))
}

fn any_plan() -> impl Strategy<Value = Plan> {
    prop::collection::vec(any::<u8>(), 0..300).prop_map(|octets| Plan::decode(&octets))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: seeds(), ..ProptestConfig::default() })]

    // X9 I7 L10 N11 N25 N29 N31: no stall, no corruption, H P* M, nothing broken off that looks whole.
    #[test]
    fn x9_any_plan_on_any_link(plan in any_plan()) {
        tests::pair::run(&plan);
    }
}

#[test]
fn the_corpus_runs_and_reaches_everything() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/pair");
    let mut total = Report::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let octets = std::fs::read(entry.unwrap().path()).unwrap();
        let report = tests::pair::run(&Plan::decode(&octets));
        total.answered += report.answered;
        total.interim += report.interim;
        total.trailers += report.trailers;
        total.octets += report.octets;
        total.tunnels += report.tunnels;
        total.unanswered += report.unanswered;
        total.abandoned += report.abandoned;
        total.failures += report.failures;
    }
    let counts = [total.answered, total.interim, total.trailers, total.octets, total.tunnels, total.unanswered];
    assert!(counts.iter().all(|&count| count > 0), "{total:?}");
    assert!(total.abandoned > 0 && total.failures > 0, "{total:?}");
}
