//! Time: thread CPU time in samples of about 2 ms, the two candidates in turn, a ratio for every round.

use crate::candidate::{Candidate, Case};
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of a sample: long against the clock, short against what else the machine does.
const SAMPLE: u64 = 2_000_000;

/// The figures of one case.
pub(crate) struct Figures {
    /// The medians over the rounds. In suite `parse`: of a message.
    pub(crate) ours: f64,
    pub(crate) theirs: f64,
    /// Ours to theirs, over the ratios of the rounds.
    pub(crate) ratio_p10: f64,
    pub(crate) ratio_median: f64,
}

/// Times both candidates of `case` in `rounds` rounds.
pub(crate) fn time(case: &mut Case, rounds: usize) -> Figures {
    let clock = clock_cost();
    let ours = batches(case.ours.as_mut(), case.batch, clock);
    let theirs = batches(case.theirs.as_mut(), case.batch, clock);
    let (mut our_times, mut their_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut our_time = 0.0;
        let mut their_time = 0.0;
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                our_time = sample(case.ours.as_mut(), case.batch, ours, clock);
            } else {
                their_time = sample(case.theirs.as_mut(), case.batch, theirs, clock);
            }
        }
        our_times.push(our_time);
        their_times.push(their_time);
        ratios.push(our_time / their_time);
    }
    Figures {
        ours: percentile(&mut our_times, 50),
        theirs: percentile(&mut their_times, 50),
        ratio_p10: percentile(&mut ratios, 10),
        ratio_median: percentile(&mut ratios, 50),
    }
}

/// The batches that make a sample; finding out warms the candidate up.
fn batches(candidate: &mut dyn Candidate, messages: usize, clock: u64) -> usize {
    let mut count = 1;
    loop {
        let nanos = sample(candidate, messages, count, clock) * (count * messages) as f64;
        if nanos >= SAMPLE as f64 / 2.0 {
            return ((count as f64 * SAMPLE as f64 / nanos).round() as usize).max(1);
        }
        count *= 2;
    }
}

/// Nanoseconds of a message in a sample of so many batches. What the candidate prepares is not timed.
fn sample(candidate: &mut dyn Candidate, messages: usize, batches: usize, clock: u64) -> f64 {
    let mut total = 0;
    for _ in 0..batches {
        candidate.prepare(messages);
        let start = now();
        candidate.run();
        total += (now() - start).saturating_sub(clock);
    }
    total as f64 / (batches * messages) as f64
}

/// What two readings of the clock see of themselves.
fn clock_cost() -> u64 {
    let mut costs: Vec<u64> = (0..10_001)
        .map(|_| {
            let start = now();
            now() - start
        })
        .collect();
    costs.sort_unstable();
    costs[costs.len() / 2]
}

fn now() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Of values in any order, which are sorted by it. There is at least one.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred_and_one_values() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 10), 10.0);
        assert_eq!(percentile(&mut values, 50), 50.0);
        assert_eq!(percentile(&mut [3.0], 10), 3.0);
    }
}
