//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: bench parse|count [--json FILE] [--rounds N] [--filter TEXT] [--subject NAME]
  parse    time as a ratio to the peers
  count    instructions, counted by callgrind (needs valgrind)
  --json FILE      write the figures as a list of objects, too
  --rounds N       rounds of parse (default 101)
  --filter TEXT    only cases with TEXT in their name
  --subject NAME   only \"http-proto\" or \"http-proto bare\"";

pub(crate) const DEFAULT_ROUNDS: usize = 101;

pub(crate) struct Args {
    pub(crate) command: Command,
    pub(crate) json: Option<PathBuf>,
    pub(crate) rounds: usize,
    pub(crate) filter: String,
    pub(crate) subject: Option<String>,
}

pub(crate) enum Command {
    Parse,
    Count,
    /// What `count` runs under valgrind.
    Once(Once),
}

/// One side of one case, for so many batches; or only what prepares them.
pub(crate) struct Once {
    pub(crate) case: String,
    pub(crate) theirs: bool,
    pub(crate) batches: usize,
    pub(crate) idle: bool,
}

pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, String> {
    let mut args = args.into_iter();
    let command = match args.next().as_deref() {
        Some("parse") => Command::Parse,
        Some("count") => Command::Count,
        Some("once") => Command::Once(once(args.by_ref())?),
        Some(other) => return Err(format!("unknown command {other}")),
        None => return Err("no command".to_owned()),
    };
    let mut parsed = Args { command, json: None, rounds: DEFAULT_ROUNDS, filter: String::new(), subject: None };
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--json" => parsed.json = Some(value.into()),
            "--rounds" => parsed.rounds = number(&value)?,
            "--filter" => parsed.filter = value,
            "--subject" => parsed.subject = Some(value),
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
        assert_eq!(args("count").map(|parsed| parsed.rounds), Ok(DEFAULT_ROUNDS));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["", "time", "parse --rounds", "parse --rounds 0", "parse --fast yes"] {
            assert!(args(line).is_err(), "{line}");
        }
    }
}
