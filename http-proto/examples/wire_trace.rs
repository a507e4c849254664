//! Shows what a connection makes of the octets of one side: the events with their offsets, or the error.
//!
//! ```sh
//! printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | cargo run -q -p http-proto --example wire_trace
//! cargo run -q -p http-proto --example wire_trace -- --role client --request-method HEAD answer.bin
//! cargo run -q -p http-proto --example wire_trace -- --batch --split every < cases.jsonl
//! ```

#![expect(clippy::indexing_slicing, reason = "a JSON value without the key indexed is null")]

#[path = "wire_trace/batch.rs"]
mod batch;
#[path = "wire_trace/escape.rs"]
mod escape;
#[path = "wire_trace/run.rs"]
mod run;
#[path = "wire_trace/show.rs"]
mod show;

use run::{Request, Side};
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::process::ExitCode;

const USAGE: &str = "\
usage: wire_trace [OPTION]... [FILE]

Reads the octets of one side of an HTTP/1 connection from FILE or standard input and prints the events.

  --role server|client   which side receives them (default: server)
  --request-method M     client: the method that the answer belongs to; may repeat, in order (default: GET)
  --split N              feed N octets at a time
  --silent               the input does not end, it only stops
  --json                 one JSON object a line
  --batch                the input is JSON lines with id, role, input_esc or input_gen, eof, requests;
                         print one JSON line of verdict and messages each
  --split every          batch: compare all two-way splits (above 4096 octets: whole, 1, 7 and 4096 at a time)
";

struct Options {
    side: Side,
    methods: Vec<String>,
    split: Option<Split>,
    silent: bool,
    json: bool,
    batch: bool,
    file: Option<String>,
}

/// How the input is cut.
#[derive(Clone, Copy)]
enum Split {
    Every,
    Pieces(usize),
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprint!("wire_trace: {problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match execute(&options) {
        // Whoever reads the output may stop reading.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("wire_trace: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        side: Side::Server,
        methods: Vec::new(),
        split: None,
        silent: false,
        json: false,
        batch: false,
        file: None,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--role" => options.side = Side::parse(&value()?).ok_or("--role is server or client")?,
            "--request-method" => options.methods.push(value()?),
            "--split" => {
                options.split = Some(match value()?.as_str() {
                    "every" => Split::Every,
                    number => match number.parse() {
                        Ok(1..) if number.parse() != Ok(0) => Split::Pieces(number.parse().unwrap_or(1)),
                        _ => return Err("--split is a positive number, or every".into()),
                    },
                });
            }
            "--silent" => options.silent = true,
            "--json" => options.json = true,
            "--batch" => options.batch = true,
            flag if flag.starts_with("--") => return Err(format!("unknown option {flag}")),
            _ if options.file.is_some() => return Err("more than one file".into()),
            _ => options.file = Some(argument),
        }
    }
    match (options.batch, options.split) {
        (false, Some(Split::Every)) => Err("--split every needs --batch".into()),
        _ => Ok(Some(options)),
    }
}

fn execute(options: &Options) -> io::Result<()> {
    let input: Box<dyn Read> = match &options.file {
        Some(path) if path != "-" => Box::new(File::open(path)?),
        _ => Box::new(io::stdin()),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    if options.batch {
        let mut sound = true;
        for (index, line) in BufReader::new(input).split(b'\n').enumerate() {
            let line = line?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            // One bad case says nothing about the others.
            match batch::judge(&line, options.split) {
                Ok(verdict) => writeln!(out, "{verdict}")?,
                Err(problem) => {
                    eprintln!("wire_trace: line {}: {problem}", index + 1);
                    sound = false;
                }
            }
        }
        out.flush()?;
        return if sound { Ok(()) } else { Err(io::Error::other("not every line was a case")) };
    }
    let mut octets = Vec::new();
    BufReader::new(input).read_to_end(&mut octets)?;
    let mut methods = options.methods.clone();
    if methods.is_empty() {
        methods.push("GET".into());
    }
    let requests: Vec<_> = methods.into_iter().map(|method| Request { method, upgrade: false }).collect();
    let size = match options.split {
        Some(Split::Pieces(size)) => size,
        Some(Split::Every) | None => octets.len().max(1),
    };
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut show = show::Show::new(options.json, colour, &mut out);
    run::run(options.side, &requests, octets.chunks(size), !options.silent, &mut |seen| show.seen(seen))
        .map_err(io::Error::other)?;
    show.finish()?;
    out.flush()
}
