//! The command line.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: bench SUITE [--json FILE] [--rounds N] [--filter TEXT] [--subject NAME] [--seconds N]
  parse    time as a ratio to the peers
  count    its instructions, counted by callgrind (needs valgrind)
  server   servers with 64 connections: requests a second, user CPU a request
  idle     servers with 10,000 idle connections: memory
  body     servers, content of 1 GiB: octets a second
  --json FILE      write the figures as a list of objects, too
  --rounds N       rounds (default 101 for parse, 7 for servers)
  --filter TEXT    only cases with TEXT in their name
  --subject NAME   only this subject, such as \"http-proto bare\"
  --seconds N      of a window of server and body (default 4)";

const ROUNDS: usize = 101;
/// A round of servers takes minutes, not milliseconds.
const SERVER_ROUNDS: usize = 7;
const SECONDS: usize = 4;

pub(crate) struct Args {
    pub(crate) command: Command,
    pub(crate) json: Option<PathBuf>,
    pub(crate) rounds: usize,
    pub(crate) filter: String,
    pub(crate) subject: Option<String>,
    /// How long a window of a server is.
    pub(crate) window: Duration,
}

pub(crate) enum Command {
    Parse,
    Count,
    /// What `count` runs under valgrind.
    Once(Once),
    Servers(Suite),
    /// The process that `Servers` starts.
    Serve(Serve),
}

/// One side of one case, for so many batches; or only what prepares them.
pub(crate) struct Once {
    pub(crate) case: String,
    pub(crate) theirs: bool,
    pub(crate) batches: usize,
    pub(crate) idle: bool,
}

/// The suites of whole servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    Server,
    Idle,
    Body,
}

/// One candidate as a process of its own.
#[cfg_attr(not(all(feature = "servers", target_os = "linux")), expect(dead_code, reason = "it is only understood"))]
pub(crate) struct Serve {
    pub(crate) candidate: String,
    /// It serves large content; else short answers.
    pub(crate) bodies: bool,
    /// The core that it runs on.
    pub(crate) core: usize,
}

pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, String> {
    let mut args = args.into_iter();
    let command = match args.next().as_deref() {
        Some("parse") => Command::Parse,
        Some("count") => Command::Count,
        Some("once") => Command::Once(once(args.by_ref())?),
        Some("server") => Command::Servers(Suite::Server),
        Some("idle") => Command::Servers(Suite::Idle),
        Some("body") => Command::Servers(Suite::Body),
        Some("serve") => Command::Serve(serve(args.by_ref())?),
        Some(other) => return Err(format!("unknown suite {other}")),
        None => return Err("no suite".to_owned()),
    };
    let (rounds, has_windows) = match command {
        Command::Parse | Command::Count | Command::Once(_) => (ROUNDS, false),
        Command::Servers(Suite::Server | Suite::Body) => (SERVER_ROUNDS, true),
        Command::Servers(Suite::Idle) | Command::Serve(_) => (SERVER_ROUNDS, false),
    };
    let (json, filter, subject) = (None, String::new(), None);
    let mut parsed = Args { command, json, rounds, filter, subject, window: seconds(SECONDS) };
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--json" => parsed.json = Some(value.into()),
            "--rounds" => parsed.rounds = number(&value)?,
            "--filter" => parsed.filter = value,
            "--subject" => parsed.subject = Some(value),
            "--seconds" if has_windows => parsed.window = seconds(number(&value)?),
            "--seconds" => return Err("only server and body have --seconds".to_owned()),
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    Ok(parsed)
}

fn once(mut args: impl Iterator<Item = String>) -> Result<Once, String> {
    let mut next = || args.next().ok_or_else(|| "once CASE ours|theirs BATCHES run|idle".to_owned());
    Ok(Once { case: next()?, theirs: next()? == "theirs", batches: number(&next()?)?, idle: next()? == "idle" })
}

fn serve(mut args: impl Iterator<Item = String>) -> Result<Serve, String> {
    let usage = || "serve CANDIDATE requests|bodies CORE".to_owned();
    let mut next = || args.next().ok_or_else(usage);
    Ok(Serve { candidate: next()?, bodies: next()? == "bodies", core: next()?.parse().map_err(|_| usage())? })
}

fn number(value: &str) -> Result<usize, String> {
    value.parse().ok().filter(|&number| number > 0).ok_or_else(|| format!("{value} is not a number above zero"))
}

fn seconds(number: usize) -> Duration {
    Duration::from_secs(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Result<Args, String> {
        parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn options_and_defaults() {
        let parsed = args("parse --filter mixed --rounds 7").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((parsed.rounds, parsed.filter.as_str(), parsed.json), (7, "mixed", None));
        assert_eq!(args("count").map(|parsed| parsed.rounds), Ok(ROUNDS));
        assert_eq!(args("idle").map(|parsed| parsed.rounds), Ok(SERVER_ROUNDS));
        assert_eq!(args("body --seconds 2").map(|parsed| parsed.window), Ok(Duration::from_secs(2)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["", "time", "parse --rounds", "parse --rounds 0", "parse --fast yes", "idle --seconds 1"] {
            assert!(args(line).is_err(), "{line}");
        }
    }
}
