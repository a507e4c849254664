//! `wire_trace`, the example that people run: its verdicts on the public cases, and what it prints of a trace.

use serde_json::Value;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tests::cases::{Case, public, unescape};
use tests::reference::Role;

static WIRE_TRACE: LazyLock<PathBuf> = LazyLock::new(|| tests::examples::build("http-proto", "wire_trace"));

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("each line is a JSON object")).collect()
    }
}

fn run(arguments: &[&str], input: impl Into<Stdio>) -> Ran {
    let mut child = Command::new(&*WIRE_TRACE)
        .args(arguments)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("output is text");
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("messages are text");
    Ran { code: child.wait().expect("it ends").code().expect("it exits"), out, err }
}

/// Runs it over octets on standard input, few enough for a pipe.
fn trace(arguments: &[&str], octets: &[u8]) -> Ran {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(octets).expect("the pipe holds it");
    drop(writer);
    run(arguments, reader)
}

fn cases_file() -> File {
    File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cases_public.jsonl")).expect("the cases")
}

#[test]
fn batch_at_every_split() {
    let ran = run(&["--batch", "--split", "every"], cases_file());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let (verdicts, cases) = (ran.json(), public());
    assert_eq!(verdicts.len(), cases.len());
    for (case, verdict) in cases.iter().zip(&verdicts) {
        check(case, verdict);
    }
}

#[test]
fn batch_in_pieces() {
    let [whole, pieces] =
        [&["--batch"][..], &["--batch", "--split", "3"]].map(|arguments| run(arguments, cases_file()).out);
    assert_eq!(whole.lines().count(), public().len());
    assert_eq!(whole, pieces);
}

fn check(case: &Case, verdict: &Value) {
    let id = case.id.as_str();
    assert_eq!(verdict["id"], id);
    assert_eq!(verdict["verdict"], if case.accept { "accept" } else { "reject" }, "{id}: {verdict}");
    assert_eq!(verdict["after"], case.after.as_str(), "{id}: {verdict}");
    if let Some(tail) = case.tail_len {
        assert_eq!(verdict["tail_len"], tail, "{id}");
    }
    let messages = verdict["messages"].as_array().expect("a list");
    assert_eq!(messages.len(), case.messages.len(), "{id}: {verdict}");
    for (message, labels) in messages.iter().zip(&case.messages) {
        for (key, label) in labels.as_object().expect("labels are an object") {
            assert_eq!(message[key], *label, "{id}: {key}");
        }
        for (count, list) in [("headers_n", "fields_esc"), ("trailers_n", "trailers_esc")] {
            assert_eq!(message[count], message[list].as_array().expect("a list").len(), "{id}");
        }
        assert_eq!(message["body_fnv"].as_str().map(str::len), Some(16), "{id}");
        if let Some(body) = message["body_esc"].as_str() {
            assert_eq!(message["body_len"], unescape(body).len(), "{id}");
        }
    }
    let error = &verdict["error"];
    assert_eq!(error.is_null(), case.accept, "{id}");
    if !case.accept {
        assert!(error["kind"].is_string() && error["offset"].is_u64(), "{id}: {error}");
        match case.role {
            Role::Server => assert!(case.status_any.iter().any(|status| error["status"] == *status), "{id}: {error}"),
            Role::Client => assert!(error["status"].is_null(), "{id}: {error}"),
        }
    }
}

#[test]
fn the_tail_is_what_was_not_consumed() {
    let host = r"Host: a\r\n\r\n";
    for (input, tail) in [
        // Content of a message that is not complete, part of a chunk-size line, and an empty line are HTTP.
        (format!(r"POST / HTTP/1.1\r\nContent-Length: 9\r\n{host}abc"), 0),
        (format!(r"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{host}1\r\na\r\n2"), 0),
        (format!(r"GET / HTTP/1.1\r\n{host}\r\n"), 0),
        (format!(r"GET / HTTP/1.1\r\nConnection: close\r\n{host}\r\nGET"), 5),
        (format!(r"CONNECT a:1 HTTP/1.1\r\n{host}\r\nGET"), 5),
    ] {
        let case = serde_json::json!({ "id": 1, "role": "server", "input_esc": input, "eof": false });
        let verdict = trace(&["--batch", "--split", "every"], case.to_string().as_bytes()).json().remove(0);
        assert_eq!((&verdict["verdict"], &verdict["tail_len"]), (&"accept".into(), &tail.into()), "{input}");
    }
}

#[test]
fn a_bad_line_leaves_the_others_their_verdicts() {
    let good = r#"{"id": 1, "role": "server", "input_esc": "", "eof": false}"#;
    let no_request = r#"{"id": 2, "role": "client", "input_esc": "", "eof": false, "requests": [{"method": ""}]}"#;
    let ran = trace(&["--batch"], format!("{good}\n{{\n{no_request}\n\n{good}\n").as_bytes());
    assert_eq!((ran.code, ran.json().len()), (1, 2));
    assert!(ran.err.contains("line 2: ") && ran.err.contains("line 3: "), "{}", ran.err);
}

const REQUEST: &[u8] = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn trace_for_people() {
    let ran = trace(&[], REQUEST);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "0       48  HeadersComplete  POST /p HTTP/1.1 [Length(5), keep-alive true]",
            "Host: a",
            "Content-Length: 5",
            "48       53  Payload          5 octets: hello",
            "53       53  MessageComplete",
        ]
    );
}

#[test]
fn trace_of_an_error() {
    let ran = trace(&[], b"GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.trim().starts_with("20       20  Error            blank_before_colon, status 400:"), "{}", ran.out);
}

#[test]
fn trace_as_json_in_pieces() {
    let whole = trace(&["--json"], REQUEST).json();
    let events = |events: &[Value]| -> Vec<String> {
        events.iter().map(|event| event["event"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(events(&whole), ["headers_complete", "payload", "message_complete"]);
    assert_eq!(whole[0]["fields_esc"][1], serde_json::json!(["Content-Length", "5"]));
    assert_eq!((&whole[1]["start"], &whole[1]["end"]), (&Value::from(48), &Value::from(53)));

    let pieces = trace(&["--json", "--split", "2"], REQUEST).json();
    assert_eq!(events(&pieces), ["headers_complete", "payload", "payload", "payload", "message_complete"]);
    assert_eq!(pieces[0], whole[0]);
    let payload: String = pieces[1..4].iter().map(|event| event["octets_esc"].as_str().expect("text")).collect();
    assert_eq!(payload, "hello");
}

#[test]
fn trace_of_responses() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let both = ["--role", "client", "--json", "--request-method", "HEAD", "--request-method", "GET"];
    let ran = trace(&both, &[&head[..], head, b"hello"].concat());
    let events = ran.json();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    assert_eq!(names, ["headers_complete", "message_complete", "headers_complete", "payload", "message_complete"]);
    assert_eq!((&events[0]["framing"], &events[2]["framing"]), (&"None".into(), &"Length(5)".into()));

    let events = trace(&["--role", "client", "--json"], &[&head[..], b"hel"].concat()).json();
    let last = events.last().expect("an event");
    assert_eq!((&last["event"], &last["kind"]), (&"error".into(), &"incomplete_body".into()));
    let events = trace(&["--role", "client", "--json", "--silent"], &[&head[..], b"hel"].concat()).json();
    assert_eq!(events.last().expect("an event")["event"], "payload");
}

#[test]
fn misuse() {
    for arguments in
        [&["--role", "proxy"][..], &["--split", "0"], &["--split", "every"], &["--role"], &["--nonsense"], &["a", "b"]]
    {
        let ran = trace(arguments, b"");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("usage:"), "{arguments:?}: {}", ran.err);
    }
    let ran = trace(&["--help"], b"");
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("usage:"));
}
