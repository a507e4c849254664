//! Comparisons with peers, as ratios of one run. See the README for how to read them.

mod args;
mod bare;
mod candidate;
mod cases;
mod count;
mod heads;
mod measure;
mod mixed;
mod report;

use args::{Args, Command};
use candidate::Case;
use report::{Metric, Row};
use std::process::ExitCode;

const DEFAULT: &str = "http-proto";
const BARE: &str = "http-proto bare";
/// The subject that this build holds.
const SUBJECT: &str = if cfg!(feature = "simd") { DEFAULT } else { BARE };

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("{error}\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let mut cases = cases::parse();
    let metric = match &args.command {
        Command::Parse => Metric::Time,
        Command::Count => Metric::Instructions,
        Command::Once(once) => return count::once(cases, once),
    };
    cases.retain(|case| case.name.contains(&args.filter));
    if cases.is_empty() {
        return Err(format!("no case has {:?} in its name", args.filter));
    }
    let wanted = |subject: &str| args.subject.as_deref().is_none_or(|only| only == subject);
    let mut rows = Vec::new();
    if wanted(SUBJECT) {
        for case in &mut cases {
            rows.push(row(case, metric, args.rounds)?);
        }
    }
    if SUBJECT == DEFAULT && wanted(BARE) {
        rows.extend(bare::rows(args)?);
    }
    if rows.is_empty() {
        return Err("this build does not hold that subject".to_owned());
    }
    // Stable: the two subjects of a case stand together, the default one first.
    rows.sort_by_key(|row| cases.iter().position(|case| case.name == row.case));
    let octets = |name: &str| cases.iter().find(|case| case.name == name).map_or(0.0, |case| case.octets);
    print!("{}", report::table(&rows, metric, octets));
    match &args.json {
        Some(path) => report::write_json(&rows, path).map_err(|error| format!("{}: {error}", path.display())),
        None => Ok(()),
    }
}

fn row(case: &mut Case, metric: Metric, rounds: usize) -> Result<Row, String> {
    eprintln!("{SUBJECT}: {}", case.name);
    let figures = match metric {
        Metric::Time => measure::time(case, rounds),
        Metric::Instructions => count::instructions(case)?,
    };
    Ok(Row { case: case.name.to_owned(), subject: SUBJECT.to_owned(), peer: case.peer.to_owned(), metric, figures })
}
