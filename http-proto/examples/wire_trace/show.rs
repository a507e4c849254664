//! Prints what was seen: for people, or as JSON lines.

use super::escape::escape;
use super::run::{AnyHead, Seen, What};
use http_proto::Fields;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Octets of a payload that are shown.
const SHOWN: usize = 64;

pub(crate) struct Show<'o> {
    json: bool,
    colour: bool,
    out: &'o mut dyn Write,
    failed: Option<io::Error>,
}

/// Terminal colours.
#[derive(Clone, Copy)]
enum Colour {
    Green = 32,
    Blue = 34,
    Cyan = 36,
    Magenta = 35,
    Red = 31,
    Grey = 90,
}

impl<'o> Show<'o> {
    pub(crate) fn new(json: bool, colour: bool, out: &'o mut dyn Write) -> Self {
        Show { json, colour, out, failed: None }
    }

    pub(crate) fn seen(&mut self, seen: Seen<'_>) {
        let shown = if self.json { writeln!(self.out, "{}", object(&seen)) } else { self.text(&seen) };
        if let Err(error) = shown {
            self.failed.get_or_insert(error);
        }
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn text(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        let (name, detail) = describe(&seen.what);
        let colour = match seen.what {
            What::Head(_) => Colour::Green,
            What::Payload(_) => Colour::Blue,
            What::Complete(_) => Colour::Cyan,
            What::Tail(_) => Colour::Magenta,
            What::Error(_) => Colour::Red,
        };
        let place = self.paint(Colour::Grey, &format!("{:>8} {:>8}", seen.start, seen.end));
        let name = self.paint(colour, &format!("{name:<16}"));
        writeln!(self.out, "{place}  {name} {detail}")?;
        let fields = match seen.what {
            What::Head(head) => head.fields(),
            What::Complete(trailers) => trailers,
            What::Payload(_) | What::Tail(_) | What::Error(_) => return Ok(()),
        };
        for (name, value) in fields.iter() {
            let name = self.paint(Colour::Grey, name);
            writeln!(self.out, "{:>36}{name}: {}", "", escape(value))?;
        }
        Ok(())
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
    }
}

fn describe(what: &What<'_>) -> (&'static str, String) {
    match what {
        What::Head(AnyHead::Request(head)) => {
            let framing = format!("{:?}, keep-alive {}", head.framing(), head.keep_alive());
            ("HeadersComplete", format!("{} {} {} [{framing}]", head.method(), head.target(), head.version()))
        }
        What::Head(AnyHead::Response(head)) => {
            let framing = format!("{:?}, keep-alive {}", head.framing(), head.keep_alive());
            let reason = escape(head.reason());
            ("HeadersComplete", format!("{} {} {reason} [{framing}]", head.version(), head.status()))
        }
        What::Payload(octets) => ("Payload", preview(octets)),
        What::Complete(trailers) if trailers.is_empty() => ("MessageComplete", String::new()),
        What::Complete(trailers) => ("MessageComplete", format!("trailers: {}", trailers.len())),
        What::Tail(octets) => ("UpgradeTail", preview(octets)),
        What::Error(error) => {
            let status = error.status().map_or(String::new(), |status| format!(", status {status}"));
            ("Error", format!("{}{status}: {error}", error.kind().name()))
        }
    }
}

fn preview(octets: &[u8]) -> String {
    let shown = escape(octets.get(..SHOWN).unwrap_or(octets));
    let more = if octets.len() > SHOWN { ".." } else { "" };
    format!("{} octets: {shown}{more}", octets.len())
}

fn object(seen: &Seen<'_>) -> Value {
    let mut object = match &seen.what {
        What::Head(AnyHead::Request(head)) => json!({
            "event": "headers_complete",
            "method": head.method(),
            "target": head.target(),
            "version": format!("1.{}", head.version().minor()),
            "framing": format!("{:?}", head.framing()),
            "keep_alive": head.keep_alive(),
            "fields_esc": pairs(head.fields()),
        }),
        What::Head(AnyHead::Response(head)) => json!({
            "event": "headers_complete",
            "status": head.status(),
            "reason_esc": escape(head.reason()),
            "version": format!("1.{}", head.version().minor()),
            "framing": format!("{:?}", head.framing()),
            "keep_alive": head.keep_alive(),
            "fields_esc": pairs(head.fields()),
        }),
        What::Payload(octets) => json!({ "event": "payload", "octets_esc": escape(octets) }),
        What::Complete(trailers) => json!({ "event": "message_complete", "trailers_esc": pairs(*trailers) }),
        What::Tail(octets) => json!({ "event": "upgrade_tail", "octets_esc": escape(octets) }),
        What::Error(error) => json!({
            "event": "error",
            "kind": error.kind().name(),
            "status": error.status(),
            "message_offset": error.offset(),
        }),
    };
    object["start"] = json!(seen.start);
    object["end"] = json!(seen.end);
    object
}

fn pairs(fields: Fields<'_>) -> Value {
    fields.iter().map(|(name, value)| json!([escape(name.as_bytes()), escape(value)])).collect()
}
