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
#[cfg(all(feature = "servers", target_os = "linux"))]
mod sockets;

use args::{Args, Command, Suite};
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
    let rows = match &args.command {
        Command::Parse => heads_and_chunks(args, Metric::Time)?,
        Command::Count => heads_and_chunks(args, Metric::Instructions)?,
        Command::Once(once) => return count::once(cases::parse(), once),
        Command::Sockets(suite) => sockets(*suite, args)?,
        Command::Play(args) => return play_candidate(args),
    };
    match &args.json {
        Some(path) => report::write_json(&rows, path).map_err(|error| format!("{}: {error}", path.display())),
        None => Ok(()),
    }
}

fn heads_and_chunks(args: &Args, metric: Metric) -> Result<Vec<Row>, String> {
    let mut cases = cases::parse();
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
        rows.extend(bare::rows(args, metric)?);
    }
    if rows.is_empty() {
        return Err("this build does not hold that subject".to_owned());
    }
    // Stable: the two subjects of a case stand together, the default one first.
    rows.sort_by_key(|row| cases.iter().position(|case| case.name == row.case));
    let octets = |name: &str| cases.iter().find(|case| case.name == name).map_or(0.0, |case| case.octets);
    print!("{}", report::table(&rows, metric, octets));
    Ok(rows)
}

fn row(case: &mut Case, metric: Metric, rounds: usize) -> Result<Row, String> {
    eprintln!("{SUBJECT}: {}", case.name);
    let figures = match metric {
        Metric::Time => measure::time(case, rounds),
        Metric::Instructions => count::instructions(case)?,
    };
    Ok(Row {
        suite: "parse".to_owned(),
        case: case.name.to_owned(),
        subject: SUBJECT.to_owned(),
        peer: case.peer.to_owned(),
        metric: metric.name().to_owned(),
        figures,
    })
}

#[cfg(all(feature = "servers", target_os = "linux"))]
fn sockets(suite: Suite, args: &Args) -> Result<Vec<Row>, String> {
    sockets::run(suite, args)
}

#[cfg(all(feature = "servers", target_os = "linux"))]
fn play_candidate(args: &[String]) -> Result<(), String> {
    sockets::play(args)
}

#[cfg(not(all(feature = "servers", target_os = "linux")))]
fn sockets(_: Suite, _: &Args) -> Result<Vec<Row>, String> {
    Err("the suites of servers, clients and proxies need Linux and the feature `servers`".to_owned())
}

#[cfg(not(all(feature = "servers", target_os = "linux")))]
fn play_candidate(_: &[String]) -> Result<(), String> {
    Err("this build holds no candidates".to_owned())
}
