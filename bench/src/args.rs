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
  tls      servers with TLS, 64 connections and 10,000 idle ones: requests a second, user CPU a request, memory
  client   clients on 64 connections, and on one: requests a second, user CPU a request
  proxy    proxies with 64 connections: requests a second, user CPU a request
  --json FILE      write the figures as a list of objects, too
  --rounds N       rounds (default 101 for parse, 7 for programs on sockets)
  --filter TEXT    only cases with TEXT in their name
  --subject NAME   only this subject, such as \"http-proto bare\"
  --seconds N      of a window of server, body, tls, client and proxy (default 4)";

const ROUNDS: usize = 101;
/// A round on sockets takes minutes, not milliseconds.
const SOCKET_ROUNDS: usize = 7;
const SECONDS: usize = 4;

pub(crate) struct Args {
    pub(crate) command: Command,
    pub(crate) json: Option<PathBuf>,
    pub(crate) rounds: usize,
    pub(crate) filter: String,
    pub(crate) subject: Option<String>,
    /// How long a window on sockets is.
    pub(crate) window: Duration,
}

pub(crate) enum Command {
    Parse,
    Count,
    /// What `count` runs under valgrind.
    Once(Once),
    Sockets(Suite),
    /// The process that `Sockets` starts, and what it is told.
    Play(Vec<String>),
}

/// One side of one case, for so many batches; or only what prepares them.
pub(crate) struct Once {
    pub(crate) case: String,
    pub(crate) theirs: bool,
    pub(crate) batches: usize,
    pub(crate) idle: bool,
}

/// The suites of whole programs on sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    Server,
    Idle,
    Body,
    Tls,
    Client,
    Proxy,
}

pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, String> {
    let mut args = args.into_iter();
    let command = match args.next().as_deref() {
        Some("parse") => Command::Parse,
        Some("count") => Command::Count,
        Some("once") => Command::Once(once(args.by_ref())?),
        Some("server") => Command::Sockets(Suite::Server),
        Some("idle") => Command::Sockets(Suite::Idle),
        Some("body") => Command::Sockets(Suite::Body),
        Some("tls") => Command::Sockets(Suite::Tls),
        Some("client") => Command::Sockets(Suite::Client),
        Some("proxy") => Command::Sockets(Suite::Proxy),
        Some("play") => Command::Play(args.by_ref().collect()),
        Some(other) => return Err(format!("unknown suite {other}")),
        None => return Err("no suite".to_owned()),
    };
    let (rounds, has_windows) = match command {
        Command::Parse | Command::Count | Command::Once(_) => (ROUNDS, false),
        Command::Sockets(Suite::Server | Suite::Body | Suite::Tls | Suite::Client | Suite::Proxy) => {
            (SOCKET_ROUNDS, true)
        }
        Command::Sockets(Suite::Idle) | Command::Play(_) => (SOCKET_ROUNDS, false),
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
            "--seconds" => return Err("only suites with windows have --seconds".to_owned()),
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    Ok(parsed)
}

fn once(mut args: impl Iterator<Item = String>) -> Result<Once, String> {
    let mut next = || args.next().ok_or_else(|| "once CASE ours|theirs BATCHES run|idle".to_owned());
    Ok(Once { case: next()?, theirs: next()? == "theirs", batches: number(&next()?)?, idle: next()? == "idle" })
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
        assert_eq!(args("idle").map(|parsed| parsed.rounds), Ok(SOCKET_ROUNDS));
        assert_eq!(args("body --seconds 2").map(|parsed| parsed.window), Ok(Duration::from_secs(2)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["", "time", "parse --rounds", "parse --rounds 0", "parse --fast yes", "idle --seconds 1"] {
            assert!(args(line).is_err(), "{line}");
        }
    }
}
