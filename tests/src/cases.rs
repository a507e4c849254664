//! The labelled wire cases: one JSON object a line, with escaped input and what it must come to. Knows no parser.

use crate::reference::{Message, Outstanding, Role, Start, Upgrade};
use serde_json::{Map, Value};

/// Above this many octets a case is not split everywhere, only fed in pieces of [`LARGE_PIECES`].
pub const EVERY_SPLIT: usize = 4096;

/// Octets a piece in which large cases are fed.
pub const LARGE_PIECES: [usize; 3] = [1, 7, 4096];

/// A case: input, and how it is labelled.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The parser under test.
    pub role: Role,
    /// The octets that arrive.
    pub input: Vec<u8>,
    /// Whether the input ends after them, or only pauses.
    pub eof: bool,
    /// Client: what is outstanding.
    pub requests: Vec<Outstanding>,
    /// Whether no error may appear.
    pub accept: bool,
    /// The labels of every message completed before the end or the error.
    pub messages: Vec<Value>,
    /// The statuses that a server may answer an error with.
    pub status_any: Vec<u16>,
    /// `open`, `close`, `upgrade` or `error`.
    pub after: String,
    /// Octets behind a close or an upgrade that are not parsed.
    pub tail_len: Option<u64>,
}

impl Case {
    /// Whether these are the messages that it is labelled with.
    ///
    /// # Panics
    /// They are others.
    pub fn check(&self, messages: &[Message]) {
        let id = &self.id;
        assert_eq!(messages.len(), self.messages.len(), "{id}: messages: {messages:?}");
        for (message, labels) in messages.iter().zip(&self.messages) {
            check_message(id, message, labels.as_object().expect("labels are an object"));
        }
    }
}

/// Every public case.
pub fn public() -> Vec<Case> {
    include_str!("../data/cases_public.jsonl").lines().map(parse).collect()
}

fn parse(line: &str) -> Case {
    let value: Value = serde_json::from_str(line).expect("a case is a JSON object");
    let text = |key: &str| value[key].as_str().expect("a label is text").to_owned();
    let request = |value: &Value| Outstanding {
        method: value["method"].as_str().expect("a request has a method").into(),
        upgrade: value["upgrade"] == true,
    };
    let status = |value: &Value| value.as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    Case {
        id: text("id"),
        role: if value["role"] == "server" { Role::Server } else { Role::Client },
        input: input(&value),
        eof: value["eof"] == true,
        requests: value["requests"].as_array().into_iter().flatten().map(request).collect(),
        accept: value["expect"] == "accept",
        messages: value["messages"].as_array().cloned().unwrap_or_default(),
        status_any: value["status_any"].as_array().into_iter().flatten().map(status).collect(),
        after: text("after"),
        tail_len: value["tail_len"].as_u64(),
    }
}

fn input(value: &Value) -> Vec<u8> {
    if let Some(escaped) = value["input_esc"].as_str() {
        return unescape(escaped);
    }
    let parts = value["input_gen"].as_array().expect("a case has input_esc or input_gen");
    let part = |part: &Value| {
        let count = part[1].as_u64().and_then(|count| usize::try_from(count).ok()).expect("a repeat count");
        unescape(part[0].as_str().expect("escaped text")).repeat(count)
    };
    let input: Vec<u8> = parts.iter().flat_map(part).collect();
    assert_eq!(Some(input.len() as u64), value["input_len"].as_u64(), "{}", value["id"]);
    input
}

/// The octets that `\r \n \t \\ \xHH` and Latin-1 text stand for.
pub fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        octets.push(match character {
            '\\' => match characters.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some('\\') => b'\\',
                Some('x') => {
                    let digits: String = characters.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).expect("two hexadecimal digits")
                }
                other => panic!("{other:?} is no escape"),
            },
            _ => u8::try_from(u32::from(character)).expect("Latin-1"),
        });
    }
    octets
}

fn check_message(id: &str, message: &Message, labels: &Map<String, Value>) {
    for (key, label) in labels {
        let found = match (key.as_str(), &message.start) {
            ("method", Start::Request { method, .. }) => octets(method) == *label,
            ("target", Start::Request { target, .. }) => octets(target) == *label,
            ("status", Start::Response { status, .. }) => *status == *label,
            ("version", Start::Request { minor, .. } | Start::Response { minor, .. }) => format!("1.{minor}") == *label,
            ("headers_n", _) => message.fields.len() == *label,
            ("trailers_n", _) => message.trailers.len() == *label,
            ("body_len", _) => message.body.len() == *label,
            ("body_esc", _) => message.body == unescape(label.as_str().expect("text")),
            ("keep_alive", _) => message.keep_alive == *label,
            ("interim", _) => message.interim == *label,
            ("upgrade", _) => {
                *label
                    == match message.upgrade {
                        Some(Upgrade::Connect) => "connect",
                        Some(Upgrade::Offered) => "offered",
                        Some(Upgrade::Switched) => "101",
                        None => "",
                    }
            }
            _ => panic!("{id}: no message has {key}"),
        };
        assert!(found, "{id}: {key} is not {label}: {message:?}");
    }
    assert_eq!(message.interim, labels.get("interim") == Some(&Value::Bool(true)), "{id}: interim");
    assert_eq!(message.upgrade.is_some(), labels.contains_key("upgrade"), "{id}: upgrade");
}

fn octets(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("methods and targets are text")
}
