//! Runs the windows of a case, the candidates in turn, and pairs those of a round.

use crate::measure::{Figures, percentile};
use crate::report::Row;
use std::io;

/// A window in which others used more of the cores says nothing.
const OTHERS: f64 = 0.04;
/// Where the candidate waited longer, it was its peer that could do no more.
const WAITING: f64 = 0.1;
/// Rounds that must be left when those with such windows are left out; else none is.
const ENOUGH: usize = 3;

/// What a figure counts.
#[derive(Clone, Copy)]
pub(crate) enum Metric {
    /// Answered in a second.
    Requests,
    /// µs of the candidate's own code for a request.
    UserCpu,
    /// Octets of the candidate's memory.
    ConnectionMemory,
    /// The same without those that rustls needs.
    AboveRustls,
    /// Octets of content in a second.
    Throughput,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) metrics: &'static [Metric],
    pub(crate) measure: Measure,
}

/// Starts the candidate of this name and takes a window.
type Measure = Box<dyn Fn(&str) -> io::Result<Window>>;

/// One candidate, once.
pub(crate) struct Window {
    /// One for each metric of the case.
    pub(crate) values: Vec<f64>,
    /// The share of the cores that was used by others.
    pub(crate) others: f64,
    /// The share of the time in which the candidate did not run, where that tells that its peer could do no more.
    pub(crate) waiting: f64,
    /// The most memory that the candidate ever had.
    pub(crate) peak: u64,
}

/// What came out of cases.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) peaks: Vec<Peak>,
}

pub(crate) struct Comparison {
    pub(crate) case: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) peer: &'static str,
    pub(crate) metric: Metric,
    pub(crate) figures: Figures,
    /// Rounds that the figures are of, and all of them.
    pub(crate) used: usize,
    pub(crate) rounds: usize,
    /// Others were at work in rounds that are used.
    pub(crate) disturbed: bool,
}

/// The most memory that a candidate had in a case.
pub(crate) struct Peak {
    pub(crate) case: &'static str,
    pub(crate) candidate: &'static str,
    pub(crate) octets: u64,
}

impl Outcome {
    pub(crate) fn append(&mut self, other: Outcome) {
        self.comparisons.extend(other.comparisons);
        self.peaks.extend(other.peaks);
    }
}

impl Comparison {
    pub(crate) fn row(self, suite: &str) -> Row {
        Row {
            suite: suite.to_owned(),
            case: self.case.to_owned(),
            subject: self.subject.to_owned(),
            peer: self.peer.to_owned(),
            metric: self.metric.name().to_owned(),
            figures: self.figures,
        }
    }
}

impl Metric {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Metric::Requests => "requests",
            Metric::UserCpu => "user cpu",
            Metric::ConnectionMemory => "bytes a connection",
            Metric::AboveRustls => "above rustls",
            Metric::Throughput => "bytes a second",
        }
    }
}

/// Every subject with every peer.
pub(crate) fn run(
    case: &Case,
    subjects: &[&'static str],
    peers: &[&'static str],
    rounds: usize,
) -> Result<Outcome, String> {
    let candidates = [subjects, peers].concat();
    let mut windows: Vec<Vec<Window>> = candidates.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        eprintln!("{}: round {} of {rounds}", case.name, round + 1);
        for turn in 0..candidates.len() {
            // To and fro, so that what gets slower in the course of a round harms all alike.
            let index = if round % 2 == 0 { turn } else { candidates.len() - 1 - turn };
            let name = candidates[index];
            let window = (case.measure)(name).map_err(|error| format!("{}, {name}: {error}", case.name))?;
            if window.others > OTHERS {
                eprintln!("{}, {name}: others used {:.0} % of the cores", case.name, window.others * 100.0);
            } else if window.waiting > WAITING {
                eprintln!("{}, {name}: it waited {:.0} % of the time", case.name, window.waiting * 100.0);
            }
            windows[index].push(window);
        }
    }
    let (ours, theirs) = windows.split_at(subjects.len());
    let mut comparisons = Vec::new();
    for (metric, &kind) in case.metrics.iter().enumerate() {
        for (&subject, ours) in subjects.iter().zip(ours) {
            for (&peer, theirs) in peers.iter().zip(theirs) {
                let pairs: Vec<_> = ours.iter().zip(theirs).collect();
                let (used, disturbed) = quiet(&pairs);
                comparisons.push(Comparison {
                    case: case.name,
                    subject,
                    peer,
                    metric: kind,
                    figures: figures(&used, metric),
                    used: used.len(),
                    rounds,
                    disturbed,
                });
            }
        }
    }
    let peak = |windows: &Vec<Window>| windows.iter().map(|window| window.peak).max().unwrap_or_default();
    let peaks = candidates.iter().zip(&windows).map(|(&candidate, windows)| Peak {
        case: case.name,
        candidate,
        octets: peak(windows),
    });
    Ok(Outcome { comparisons, peaks: peaks.collect() })
}

/// The rounds without others if these are enough; else all. And whether others were at work in them.
fn quiet<'w>(pairs: &[(&'w Window, &'w Window)]) -> (Vec<(&'w Window, &'w Window)>, bool) {
    let is_quiet = |pair: &&(&Window, &Window)| pair.0.others <= OTHERS && pair.1.others <= OTHERS;
    let left: Vec<_> = pairs.iter().filter(is_quiet).copied().collect();
    if left.len() == pairs.len() || left.len() >= ENOUGH { (left, false) } else { (pairs.to_vec(), true) }
}

fn figures(pairs: &[(&Window, &Window)], metric: usize) -> Figures {
    let mut ours: Vec<f64> = pairs.iter().map(|pair| pair.0.values[metric]).collect();
    let mut theirs: Vec<f64> = pairs.iter().map(|pair| pair.1.values[metric]).collect();
    let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    Figures {
        ours: percentile(&mut ours, 50),
        theirs: percentile(&mut theirs, 50),
        ratio_p10: percentile(&mut ratios, 10),
        ratio_median: percentile(&mut ratios, 50),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(values: &[(f64, f64)]) -> Vec<Window> {
        values.iter().map(|&(value, others)| Window { values: vec![value], others, waiting: 0.0, peak: 0 }).collect()
    }

    #[test]
    fn ratios_are_of_a_round() {
        let (ours, theirs) =
            (windows(&[(10.0, 0.0), (2.0, 0.0), (3.0, 0.0)]), windows(&[(5.0, 0.0), (4.0, 0.0), (1.0, 0.0)]));
        let figures = figures(&ours.iter().zip(&theirs).collect::<Vec<_>>(), 0);
        assert_eq!((figures.ours, figures.theirs), (3.0, 4.0));
        assert_eq!((figures.ratio_p10, figures.ratio_median), (0.5, 2.0));
    }

    #[test]
    fn disturbed_rounds_are_left_out_while_enough_remain() {
        let theirs = windows(&[(1.0, 0.0), (1.0, 0.5), (1.0, 0.0), (1.0, 0.0), (1.0, 0.0)]);
        let quiet_but_one = windows(&[(1.0, 0.3), (2.0, 0.0), (3.0, 0.0), (4.0, 0.01), (5.0, 0.0)]);
        let (used, disturbed) = quiet(&quiet_but_one.iter().zip(&theirs).collect::<Vec<_>>());
        assert_eq!(used.iter().map(|pair| pair.0.values[0]).collect::<Vec<_>>(), [3.0, 4.0, 5.0]);
        assert!(!disturbed);
        let busy = windows(&[(1.0, 0.3), (2.0, 0.0), (3.0, 0.0), (4.0, 0.2), (5.0, 0.0)]);
        let (used, disturbed) = quiet(&busy.iter().zip(&theirs).collect::<Vec<_>>());
        assert_eq!((used.len(), disturbed), (5, true));
    }
}
