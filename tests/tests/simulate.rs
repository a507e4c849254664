//! The simulation, for as many seeds as there is time; `simulate --trace SEED` shows one that fails. See `tests/README.md`.

use tests::simulate::simulate;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Other seeds than the usual ones: `SIMULATE_FROM=1000000 SIMULATE_SEEDS=50000 cargo test --release -p tests --test
/// simulate`.
#[test]
fn nothing_is_lost_and_nothing_hangs() {
    let first = number("SIMULATE_FROM").unwrap_or(0);
    let (mut whole, mut broken, mut tunnels) = (0, 0, 0);
    for seed in first..first + number("SIMULATE_SEEDS").unwrap_or(2000) {
        match std::panic::catch_unwind(|| simulate(seed)) {
            Ok(report) => {
                whole += report.whole;
                broken += report.broken;
                tunnels += report.tunnels;
            }
            Err(_) => panic!("seed {seed} failed"),
        }
    }
    assert!(whole > 0 && broken > 0 && tunnels > 0, "{whole} whole, {tunnels} of them tunnels, {broken} broken");
}

/// Seeds that found something once, as plans were then; each has a test of its own as well.
#[test]
fn what_was_found_stays_found() {
    // Answers destroyed by what was pipelined behind them.
    for seed in [116, 700] {
        simulate(seed);
    }
    // Content whose maker takes its time to say that it was all.
    simulate(3_585_098);
    // A tunnel to an end that is gone, and one that listens only when it has said everything.
    simulate(123_304);
}
