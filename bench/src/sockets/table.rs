//! The figures of programs on sockets as a table to read.

use super::rounds::{Comparison, Metric, Outcome, Peak};
use crate::measure::Figures;
use std::fmt::Write;

pub(crate) fn table(outcome: &Outcome) -> String {
    let mut table = format!(
        "{:<14} {:<18} {:<16} {:>11}   {:<11} {:>11}   {:>6} {:>6}   {:>6}\n",
        "case", "metric", "subject", "", "peer", "", "p10", "median", "rounds"
    );
    for comparison in &outcome.comparisons {
        let Comparison { case, subject, peer, metric, figures, used, rounds, disturbed } = comparison;
        let Figures { ours, theirs, ratio_p10, ratio_median } = figures;
        let (name, ours, theirs) = (metric.name(), number(*metric, *ours), number(*metric, *theirs));
        let mark = if *disturbed { " others were at work" } else { "" };
        let rounds = format!("{used}/{rounds}");
        let _ = writeln!(
            table,
            "{case:<14} {name:<18} {subject:<16} {ours:>11}   {peer:<11} {theirs:>11}   {ratio_p10:>6.3} {ratio_median:>6.3}   {rounds:>6}{mark}",
        );
    }
    table.push_str("\nmost memory of a candidate, MiB\n");
    for Peak { case, candidate, octets } in &outcome.peaks {
        let _ = writeln!(table, "{case:<14} {candidate:<16} {:>8.1}", *octets as f64 / f64::from(1 << 20));
    }
    table
}

fn number(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Requests | Metric::ConnectionMemory | Metric::AboveRustls => format!("{value:.0}"),
        Metric::UserCpu => format!("{value:.3} µs"),
        Metric::Throughput => format!("{:.2} GB/s", value / 1e9),
    }
}
