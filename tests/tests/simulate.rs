//! The simulation, for as many seeds as there is time; `simulate --trace SEED` shows one that fails.

use tests::simulate::simulate;

fn seeds(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// Other seeds than the usual ones: `SIMULATE_FROM=1000000 SIMULATE_SEEDS=50000 cargo test --release -p tests --test
/// simulate`.
#[test]
fn nothing_is_lost_and_nothing_hangs() {
    let first = seeds("SIMULATE_FROM", 0);
    let mut whole = 0;
    let mut broken = 0;
    for seed in first..first + seeds("SIMULATE_SEEDS", 2000) {
        let result = std::panic::catch_unwind(|| simulate(seed));
        match result {
            Ok(report) => {
                whole += report.whole;
                broken += report.broken;
            }
            Err(_) => panic!("seed {seed} failed"),
        }
    }
    assert!(whole > 0 && broken > 0, "{whole} whole, {broken} broken");
}

/// Seeds that found something once.
#[test]
fn what_was_found_stays_found() {
    // A task that span when its connection was gone and its reader rested; an alarm that outlived its exchange.
    for seed in [67, 189] {
        simulate(seed);
    }
}
