//! Two parsers on one input: the core and the reference, which share no code, must make the same of it. httparse is
//! asked too, where it accepts a head.

use crate::drive::{self, Answers, Setup, Storage};
use crate::reference::{self, Bounds, Message, Outstanding, Role, Start};
use http_proto::{End, Limits, RecvErrorKind};

/// The bounds of the reference that say what `limits` say to the core.
pub fn bounds(role: Role, limits: &Limits) -> Bounds {
    let of_server = |bound: u16| if role == Role::Server { bound.into() } else { usize::MAX };
    Bounds {
        method: of_server(limits.method),
        target: of_server(limits.target),
        field_line: limits.field_line.into(),
        head: limits.head.into(),
        fields: limits.fields.into(),
        empty_lines: limits.empty_lines.into(),
        ext_line: limits.chunk_extension_line.into(),
        ext_message: limits.chunk_extensions.try_into().expect("a usize has 32 bits"),
        trailer_octets: limits.trailers.into(),
        trailer_fields: limits.trailer_fields.into(),
        interim: limits.interim.into(),
    }
}

/// What the reference makes of the input of `setup`.
pub fn reference(setup: &Setup, input: &[u8], eof: bool) -> reference::Outcome {
    let bounds = bounds(setup.role, &setup.config.limits);
    match setup.role {
        Role::Server => reference::requests(input, eof, &bounds),
        Role::Client => reference::responses(input, eof, &setup.requests, &bounds),
    }
}

/// Runs both on the whole input, and asserts that they agree: the same messages, the same ending, at the same octet,
/// with the same status.
pub fn agree(setup: &Setup, input: &[u8], eof: bool) -> drive::Outcome {
    let core = setup.whole(input, eof.then_some(End::Clean));
    let reference = reference(setup, input, eof);
    let seen = || format!("{:?}, eof {eof}, of {:?}", setup.role, String::from_utf8_lossy(input));
    assert_eq!(core.messages, reference.messages, "messages, {}: {:?}, {:?}", seen(), core.ending, reference.ending);
    let ending = match core.ending {
        drive::Ending::Open => reference::Ending::Open,
        drive::Ending::Close => reference::Ending::Close { consumed: offset(core.consumed) },
        drive::Ending::Upgrade => reference::Ending::Upgrade { consumed: offset(core.consumed) },
        drive::Ending::Error(error) => {
            // A client answers nothing, so its errors have no status.
            let status = error.status().filter(|_| setup.role == Role::Server).unwrap_or(0);
            let at = offset(core.consumed);
            let behind = match reference.ending {
                reference::Ending::Error { behind, .. } => behind,
                _ => at,
            };
            let in_message = offset(error.offset());
            assert_eq!(at - in_message, first_octet(input, at, behind), "offset of {error:?}, {}", seen());
            reference::Ending::Error { status, at, behind }
        }
    };
    assert_eq!(ending, reference.ending, "ending, {}: {:?}", seen(), core.ending);
    core
}

/// What the offset of an error counts from, if the fault is `at` and the last message ended `behind`. Empty lines in front
/// of a message do not count, those in front of none do.
fn first_octet(input: &[u8], at: usize, behind: usize) -> usize {
    let up_to_fault = &input[..input.len().min(at + 1)];
    let mut start = behind;
    while up_to_fault[start..].starts_with(b"\r\n") {
        start += 2;
    }
    if matches!(up_to_fault[start..], [] | [b'\r', ..]) { behind } else { start }
}

fn offset(consumed: u64) -> usize {
    consumed.try_into().expect("an input is shorter than memory")
}

/// Asserts that an error is where it says: without its octet there is none, and with nothing behind it, it is the same.
pub fn error_is_certain_at_its_octet(setup: &Setup, input: &[u8], outcome: &drive::Outcome) {
    let Some(error) = outcome.error() else { return };
    let at = offset(outcome.consumed);
    let shown = String::from_utf8_lossy(input);
    if is_of_the_end(error.kind()) {
        assert_eq!(at, input.len(), "{error:?} of {shown:?}");
        assert_eq!(setup.whole(input, None).error(), None, "{error:?} of {shown:?}");
    } else {
        assert_eq!(setup.whole(&input[..at], None).error(), None, "before {error:?} of {shown:?}");
        assert_eq!(&setup.whole(&input[..=at], None), outcome, "at {error:?} of {shown:?}");
    }
}

/// Asserts that a server says the right things, whenever it answers: a client that reads them by the reference finds one
/// final response for each request, and for an error its status, with a close where one is due.
pub fn answers_are_right(setup: &Setup, input: &[u8], eof: bool, outcome: &drive::Outcome) {
    if setup.role == Role::Client {
        return;
    }
    let late = Setup { answers: Answers::Late, ..setup.clone() }.whole(input, eof.then_some(End::Clean));
    let shown = String::from_utf8_lossy(input);
    let found = |outcome: &drive::Outcome| {
        (outcome.messages.clone(), outcome.unfinished.clone(), outcome.ending, outcome.consumed)
    };
    assert_eq!(found(&late), found(outcome), "answered late, {shown:?}");
    if eof {
        let early = Setup { end_with_last: true, ..setup.clone() }.whole(input, Some(End::Clean));
        assert_eq!(&early, outcome, "the end with the last octet, {shown:?}");
    }
    for outcome in [outcome, &late] {
        let mut asked: Vec<_> = outcome.messages.iter().map(|message| outstanding(Some(message))).collect();
        let refused = outcome.error().and_then(|error| error.status());
        if refused.is_some() {
            asked.push(outstanding(outcome.unfinished.as_ref()));
        }
        let answers = reference::responses(&outcome.sent, false, &asked, &Bounds::client());
        let finals: Vec<_> = answers.messages.iter().filter(|answer| !answer.interim).collect();
        let sent = String::from_utf8_lossy(&outcome.sent);
        assert_eq!(finals.len(), asked.len(), "{sent:?} to {shown:?}");
        assert!(!matches!(answers.ending, reference::Ending::Error { .. }), "{sent:?} to {shown:?}");
        for (index, answer) in finals.iter().enumerate() {
            let Start::Response { status, .. } = answer.start else { unreachable!() };
            let request = outcome.messages.get(index);
            assert_eq!(Some(status), request.map_or(refused, |_| Some(200)), "{sent:?} to {shown:?}");
            let close = request.is_none_or(|request| !request.keep_alive || answer.upgrade.is_some());
            assert!(!close || !answer.keep_alive, "{sent:?} to {shown:?}");
        }
    }
}

fn outstanding(request: Option<&Message>) -> Outstanding {
    let method = match request.map(|request| &request.start) {
        Some(Start::Request { method, .. }) => method.clone(),
        Some(Start::Response { .. }) | None => b"GET".to_vec(),
    };
    Outstanding { method, upgrade: false }
}

/// Whether the end of the input is the fault, not an octet of it.
pub fn is_of_the_end(kind: RecvErrorKind) -> bool {
    matches!(kind, RecvErrorKind::IncompleteHead | RecvErrorKind::IncompleteBody | RecvErrorKind::NoResponse)
}

/// Asserts that pieces of `size` octets, and two that meet at `at`, come to the same as the whole.
pub fn same_in_pieces(setup: &Setup, input: &[u8], eof: bool, size: usize, at: usize, outcome: &drive::Outcome) {
    let end = eof.then_some(End::Clean);
    let (front, back) = input.split_at(at.min(input.len()));
    let shown = || String::from_utf8_lossy(input);
    for storage in Storage::ALL {
        let pieces = setup.run(storage, input.chunks(size.max(1)), end);
        assert_eq!(&pieces, outcome, "{storage:?}, {size} octets a piece, {:?}", shown());
        let halves = setup.run(storage, [front, back], end);
        assert_eq!(&halves, outcome, "{storage:?}, split at {at}, {:?}", shown());
    }
}

/// Asserts that httparse, where it accepts the first head as the core does, reads the same from it; says whether it does.
pub fn httparse_agrees(setup: &Setup, input: &[u8], outcome: &drive::Outcome) -> bool {
    let Some(message) = outcome.messages.first().or(outcome.unfinished.as_ref()) else { return false };
    let mut space = [httparse::EMPTY_HEADER; 256];
    let (start, fields) = match setup.role {
        Role::Server => {
            let mut request = httparse::Request::new(&mut space);
            let Ok(httparse::Status::Complete(_)) = request.parse(input) else { return false };
            let start = Start::Request {
                method: request.method.unwrap_or_default().into(),
                target: request.path.unwrap_or_default().into(),
                minor: request.version.unwrap_or_default(),
            };
            (start, request.headers)
        }
        Role::Client => {
            let mut response = httparse::Response::new(&mut space);
            let Ok(httparse::Status::Complete(_)) = response.parse(input) else { return false };
            // It gives no reason that holds obs-text.
            let reason = match (&message.start, response.reason.unwrap_or_default()) {
                (Start::Response { reason, .. }, "") => reason.clone(),
                (_, reason) => reason.into(),
            };
            let (status, minor) = (response.code.unwrap_or_default(), response.version.unwrap_or_default());
            (Start::Response { status, reason, minor }, response.headers)
        }
    };
    let fields: Vec<_> = fields.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec())).collect();
    let Message { start: our_start, fields: our_fields, .. } = message;
    assert_eq!((&start, &fields), (our_start, our_fields), "{:?}", String::from_utf8_lossy(input));
    true
}
