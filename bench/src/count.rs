//! Instructions: the process runs itself under callgrind, once with the work and once with only what prepares it. The
//! difference is the work.

use crate::args::Once;
use crate::candidate::Case;
use crate::measure::Figures;
use std::io::ErrorKind;
use std::process::Command;

/// Batches that are counted: the mixed heads come round whole.
const BATCHES: usize = 16;

/// Counts the instructions of a message, for both candidates.
pub(crate) fn instructions(case: &Case) -> Result<Figures, String> {
    let ours = message(case, "ours")?;
    let theirs = message(case, "theirs")?;
    let ratio = ours / theirs;
    Ok(Figures { ours, theirs, ratio_p10: ratio, ratio_median: ratio })
}

fn message(case: &Case, side: &str) -> Result<f64, String> {
    let work = callgrind(case.name, side, "run")?;
    let idle = callgrind(case.name, side, "idle")?;
    Ok((work as f64 - idle as f64) / (BATCHES * case.batch) as f64)
}

fn callgrind(case: &str, side: &str, mode: &str) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| format!("this program's path is unknown: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(["once", case, side, &BATCHES.to_string(), mode])
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => "valgrind is not installed; without it instructions cannot be counted".to_owned(),
            _ => format!("valgrind cannot be run: {error}"),
        })?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("callgrind failed on {case}, {side}:\n{log}")),
    }
}

/// What runs under callgrind. The first batch is no part of the difference: it pays for what is done once.
pub(crate) fn once(cases: Vec<Case>, once: &Once) -> Result<(), String> {
    let case = cases.into_iter().find(|case| case.name == once.case).ok_or("no such case")?;
    let mut candidate = if once.theirs { case.theirs } else { case.ours };
    candidate.prepare(case.batch);
    candidate.run();
    for _ in 0..once.batches {
        candidate.prepare(case.batch);
        if !once.idle {
            candidate.run();
        }
    }
    Ok(())
}
