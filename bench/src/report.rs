//! Rows of figures: as JSON to keep; those of suite `parse` as a table to read.

use crate::measure::Figures;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// What a figure of suite `parse` counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Time,
    Instructions,
}

impl Metric {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Metric::Time => "time",
            Metric::Instructions => "instructions",
        }
    }
}

/// One subject and one peer in one case.
pub(crate) struct Row {
    pub(crate) suite: String,
    pub(crate) case: String,
    pub(crate) subject: String,
    pub(crate) peer: String,
    pub(crate) metric: String,
    pub(crate) figures: Figures,
}

impl Row {
    pub(crate) fn to_json(&self) -> Value {
        let Row { suite, case, subject, peer, metric, figures } = self;
        json!({
            "suite": suite,
            "case": case,
            "subject": subject,
            "peer": peer,
            "metric": metric,
            "value": figures.ours,
            "peer_value": figures.theirs,
            "ratio_p10": figures.ratio_p10,
            "ratio_median": figures.ratio_median,
        })
    }

    /// A row of this form again.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
        let number = |key: &str| value.get(key)?.as_f64();
        Some(Row {
            suite: text("suite")?,
            case: text("case")?,
            subject: text("subject")?,
            peer: text("peer")?,
            metric: text("metric")?,
            figures: Figures {
                ours: number("value")?,
                theirs: number("peer_value")?,
                ratio_p10: number("ratio_p10")?,
                ratio_median: number("ratio_median")?,
            },
        })
    }
}

pub(crate) fn write_json(rows: &[Row], path: &Path) -> std::io::Result<()> {
    let list: Vec<Value> = rows.iter().map(Row::to_json).collect();
    std::fs::write(path, format!("{:#}\n", Value::from(list)))
}

/// The table of rows that have one metric in common. `octets` are those of input to a message of a case.
pub(crate) fn table(rows: &[Row], metric: Metric, octets: impl Fn(&str) -> f64) -> String {
    let mut table = match metric {
        Metric::Time => format!(
            "{:<22} {:<16} {:>10} {:>6}   {:<9} {:>10} {:>6}   {:>6} {:>6}\n",
            "case", "subject", "ns", "GB/s", "peer", "ns", "GB/s", "p10", "median"
        ),
        Metric::Instructions => format!(
            "{:<22} {:<16} {:>12}   {:<9} {:>12}   {:>6}\n",
            "case", "subject", "instructions", "peer", "instructions", "ratio"
        ),
    };
    for row in rows {
        let Row { suite: _, case, subject, peer, metric: _, figures } = row;
        let octets = octets(case);
        let Figures { ours, theirs, ratio_p10, ratio_median } = figures;
        let _ = match metric {
            Metric::Time => writeln!(
                table,
                "{case:<22} {subject:<16} {ours:>10.1} {:>6.2}   {peer:<9} {theirs:>10.1} {:>6.2}   {ratio_p10:>6.3} {ratio_median:>6.3}",
                octets / ours,
                octets / theirs,
            ),
            Metric::Instructions => writeln!(
                table,
                "{case:<22} {subject:<16} {ours:>12.1}   {peer:<9} {theirs:>12.1}   {ratio_median:>6.3}"
            ),
        };
    }
    table
}
