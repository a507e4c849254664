//! What the process of a candidate is told on its command line.

use std::net::SocketAddr;

const USAGE: &str = "play CANDIDATE CORE requests|bodies|client ADDRESS LOOPS DEPTH|proxy ADDRESS";

/// One candidate as a process of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Play {
    pub(crate) candidate: String,
    /// The core that it runs on.
    pub(crate) core: usize,
    pub(crate) part: Part,
}

/// What the process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Serves short answers.
    Requests,
    /// Serves large content.
    Bodies,
    /// Sends requests.
    Client(Drive),
    /// Passes requests on to this address.
    Proxy(SocketAddr),
}

/// How a client sends its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drive {
    /// Where to.
    pub(crate) origin: SocketAddr,
    /// How many loops do so at the same time.
    pub(crate) loops: usize,
    /// Requests under way on a connection.
    pub(crate) depth: usize,
}

impl Play {
    /// The command line that [`Play::parse`] understands as this, and `main` as this to be done.
    pub(crate) fn to_args(&self) -> Vec<String> {
        let Play { candidate, core, part } = self;
        let mut args = vec!["play".to_owned(), candidate.clone(), core.to_string()];
        match part {
            Part::Requests => args.push("requests".to_owned()),
            Part::Bodies => args.push("bodies".to_owned()),
            Part::Client(Drive { origin, loops, depth }) => {
                args.extend(["client".to_owned(), origin.to_string(), loops.to_string(), depth.to_string()]);
            }
            Part::Proxy(origin) => args.extend(["proxy".to_owned(), origin.to_string()]),
        }
        args
    }

    /// What stands behind `play`.
    pub(crate) fn parse(args: &[String]) -> Result<Self, String> {
        Self::understood(args).ok_or_else(|| USAGE.to_owned())
    }

    fn understood(args: &[String]) -> Option<Self> {
        let [candidate, core, part, rest @ ..] = args else { return None };
        let part = match (part.as_str(), rest) {
            ("requests", []) => Part::Requests,
            ("bodies", []) => Part::Bodies,
            ("client", [origin, loops, depth]) => Part::Client(Drive {
                origin: origin.parse().ok()?,
                loops: loops.parse().ok()?,
                depth: depth.parse().ok()?,
            }),
            ("proxy", [origin]) => Part::Proxy(origin.parse().ok()?),
            _ => return None,
        };
        Some(Play { candidate: candidate.clone(), core: core.parse().ok()?, part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_understands_its_part() {
        let origin = ([127, 0, 0, 1], 8080).into();
        let client = Part::Client(Drive { origin, loops: 64, depth: 16 });
        for part in [Part::Requests, Part::Bodies, client, Part::Proxy(origin)] {
            let play = Play { candidate: "http-tokio L1".to_owned(), core: 3, part };
            let args = play.to_args();
            assert_eq!((args[0].as_str(), Play::parse(&args[1..])), ("play", Ok(play)));
            assert!(Play::parse(&args[1..args.len() - 1]).is_err());
        }
    }
}
