//! Cases in, verdicts out: one JSON object a line.

use super::Split;
use super::escape::{escape, unescape};
use super::run::{self, AnyHead, Request, Seen, Side, What};
use http_proto::{Fields, Framing, MethodKind, RecvError};
use serde_json::{Map, Value, json};
use std::io;

/// Above this length not every split is tried.
const EVERY_SPLIT: usize = 4096;

struct Case {
    id: Value,
    side: Side,
    requests: Vec<Request>,
    input: Vec<u8>,
    ends: bool,
}

/// What a connection made of a case.
#[derive(Default, PartialEq)]
struct Outcome {
    messages: Vec<Value>,
    error: Option<RecvError>,
    /// The position of the fault.
    offset: u64,
    upgraded: bool,
    /// Octets consumed as HTTP.
    consumed: u64,
}

/// Judges one line.
pub(crate) fn judge(line: &[u8], split: Option<Split>) -> io::Result<Value> {
    let case = read(line).map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem))?;
    let outcome = examine(&case, case.input.len().max(1))?;
    let mut stable = true;
    for other in other_splits(&case, split) {
        stable &= other.map_err(io::Error::other)? == outcome;
    }
    Ok(verdict(&case, &outcome, stable))
}

fn read(line: &[u8]) -> Result<Case, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut input = Vec::new();
    if let Some(escaped) = value["input_esc"].as_str() {
        input = unescape(escaped)?;
    } else {
        for part in value["input_gen"].as_array().ok_or("neither input_esc nor input_gen")? {
            let piece = unescape(part[0].as_str().ok_or("input_gen: no text")?)?;
            input.extend(piece.repeat(part[1].as_u64().ok_or("input_gen: no count")? as usize));
        }
    }
    let request = |value: &Value| Request {
        method: text(&value["method"]).unwrap_or_else(|| "GET".into()),
        upgrade: value["upgrade"].as_bool().unwrap_or(false),
    };
    Ok(Case {
        id: value["id"].clone(),
        side: value["role"].as_str().and_then(Side::parse).ok_or("role is neither server nor client")?,
        requests: value["requests"].as_array().into_iter().flatten().map(request).collect(),
        input,
        ends: value["eof"].as_bool().unwrap_or(true),
    })
}

type Run = Result<Outcome, http_proto::SendError>;

fn other_splits<'c>(case: &'c Case, split: Option<Split>) -> Box<dyn Iterator<Item = Run> + 'c> {
    match split {
        None => Box::new(std::iter::empty()),
        Some(Split::Pieces(size)) => Box::new(std::iter::once(examine_pieces(case, case.input.chunks(size)))),
        Some(Split::Every) if case.input.len() <= EVERY_SPLIT => Box::new((1..case.input.len()).map(|at| {
            let (front, back) = case.input.split_at(at);
            examine_pieces(case, [front, back].into_iter())
        })),
        Some(Split::Every) => {
            Box::new([1, 7, EVERY_SPLIT].into_iter().map(|size| examine_pieces(case, case.input.chunks(size))))
        }
    }
}

fn examine(case: &Case, size: usize) -> io::Result<Outcome> {
    examine_pieces(case, case.input.chunks(size)).map_err(io::Error::other)
}

fn examine_pieces<'c>(case: &'c Case, pieces: impl Iterator<Item = &'c [u8]>) -> Run {
    let mut outcome = Outcome::default();
    let mut message = Map::new();
    let mut body = Vec::new();
    let consumed = run::run(case.side, &case.requests, pieces, case.ends, &mut |Seen { what, end, .. }| match what {
        What::Head(head) => {
            message = describe(head);
            body.clear();
            if message.contains_key("interim") {
                outcome.messages.push(complete(&mut message, &body, None));
            }
        }
        What::Payload(payload) => body.extend_from_slice(payload),
        What::Complete(trailers) => outcome.messages.push(complete(&mut message, &body, Some(trailers))),
        What::Tail(_) => outcome.upgraded = true,
        What::Error(error) => (outcome.error, outcome.offset) = (Some(error), end),
    })?;
    outcome.consumed = consumed;
    Ok(outcome)
}

fn describe(head: AnyHead<'_>) -> Map<String, Value> {
    let mut message = Map::new();
    let mut set = |key: &str, value: Value| message.insert(key.to_owned(), value);
    match head {
        AnyHead::Request(head) => {
            set("method", json!(head.method()));
            set("target", json!(head.target()));
            set("version", json!(format!("1.{}", head.version().minor())));
            set("keep_alive", json!(head.keep_alive()));
            if head.method_kind() == MethodKind::Connect {
                set("upgrade", json!("connect"));
            } else if head.upgrade_offered() {
                set("upgrade", json!("offered"));
            }
        }
        AnyHead::Response(head) => {
            set("status", json!(head.status()));
            set("version", json!(format!("1.{}", head.version().minor())));
            set("keep_alive", json!(head.keep_alive()));
            if head.is_interim() {
                set("interim", json!(true));
            }
            if head.framing() == Framing::Tunnel {
                set("upgrade", json!(if head.status() == 101 { "101" } else { "connect" }));
            }
        }
    }
    message.insert("headers_n".into(), json!(head.fields().len()));
    message.insert("fields_esc".into(), escaped(head.fields()));
    message
}

fn complete(message: &mut Map<String, Value>, body: &[u8], trailers: Option<Fields<'_>>) -> Value {
    let mut message = std::mem::take(message);
    message.insert("body_len".into(), json!(body.len()));
    if (1..=80).contains(&body.len()) {
        message.insert("body_esc".into(), json!(escape(body)));
    }
    message.insert("body_fnv".into(), json!(format!("{:016x}", fnv(body))));
    message.insert("trailers_n".into(), json!(trailers.map_or(0, Fields::len)));
    message.insert("trailers_esc".into(), trailers.map_or_else(|| json!([]), escaped));
    Value::Object(message)
}

fn escaped(fields: Fields<'_>) -> Value {
    fields.iter().map(|(name, value)| json!([escape(name.as_bytes()), escape(value)])).collect()
}

/// FNV-1a with 64 bits.
fn fnv(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &c| (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3))
}

fn verdict(case: &Case, outcome: &Outcome, stable: bool) -> Value {
    let keeps_alive = |message: &Value| message["keep_alive"] == json!(true);
    let after = if outcome.error.is_some() {
        "error"
    } else if outcome.upgraded {
        "upgrade"
    } else if outcome.messages.last().is_none_or(keeps_alive) {
        "open"
    } else {
        "close"
    };
    let verdict = match (stable, outcome.error) {
        (false, _) => "unstable",
        (true, Some(_)) => "reject",
        (true, None) => "accept",
    };
    let error = outcome.error.map(|error| {
        let status = error.status().filter(|_| case.side == Side::Server);
        json!({ "kind": error.kind().name(), "status": status, "offset": outcome.offset })
    });
    json!({
        "id": case.id,
        "verdict": verdict,
        "messages": outcome.messages,
        "after": after,
        "tail_len": case.input.len() as u64 - outcome.consumed,
        "error": error,
    })
}
