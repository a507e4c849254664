//! `simulate --seeds A..B` runs the simulation of these seeds, on all cores; `simulate --trace SEED` one, and prints all
//! that happens in it.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use tests::simulate::{Plan, Trace, simulate, traced};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--seeds", seeds] => match parse(seeds) {
            Some(seeds) => run(seeds),
            None => usage(),
        },
        ["--trace", seed] => match seed.parse() {
            Ok(seed) => trace(seed),
            Err(_) => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: simulate --seeds A..B | --trace SEED");
    ExitCode::from(2)
}

fn parse(seeds: &str) -> Option<Range<u64>> {
    let (from, to) = seeds.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

fn run(seeds: Range<u64>) -> ExitCode {
    // Handlers panic as planned; what matters is said below.
    std::panic::set_hook(Box::new(|_| {}));
    let next = AtomicU64::new(seeds.start);
    let (failed, whole, broken, tunnels) = <(AtomicUsize, AtomicUsize, AtomicUsize, AtomicUsize)>::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| simulate(seed))) {
                        Ok(report) => {
                            whole.fetch_add(report.whole, Relaxed);
                            broken.fetch_add(report.broken, Relaxed);
                            tunnels.fetch_add(report.tunnels, Relaxed);
                        }
                        Err(panic) => {
                            failed.fetch_add(1, Relaxed);
                            let text = panic.downcast_ref::<String>().map(String::as_str);
                            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                            println!("seed {seed}: {}", text.unwrap_or("panicked"));
                        }
                    }
                }
            });
        }
    });
    let (failed, whole, broken) = (failed.into_inner(), whole.into_inner(), broken.into_inner());
    let (count, tunnels) = (seeds.end - seeds.start, tunnels.into_inner());
    println!("{count} seeds, {failed} failed; {whole} exchanges whole, {tunnels} of them tunnels, {broken} broken");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn trace(seed: u64) -> ExitCode {
    println!("{:#?}", Plan::new(seed));
    let trace = Trace::kept();
    let result = catch_unwind(AssertUnwindSafe(|| traced(seed, &trace)));
    print!("{}", trace.text());
    match result {
        Ok(report) => {
            println!("{report:?}");
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
