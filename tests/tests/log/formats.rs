//! Exact lines, with the values of friendly and hostile clients.

use crate::{GET, Paper, connect, entry, server, talk, within};
use http_tokio::{AccessLog, Entry, LogFormat, Logger};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An access log on whose clock it is always the same time.
struct Fixed(AccessLog<Paper>);

const RECEIVED: Duration = Duration::new(971_186_136, 4_000);

impl Logger for Fixed {
    fn log(&self, mut entry: Entry) {
        entry.record.received = UNIX_EPOCH + RECEIVED;
        entry.record.timings.first_octet_in = Some(Duration::from_nanos(1_000_000).into());
        entry.record.over = Some(Duration::from_nanos(1_181_500).into());
        self.0.log(entry);
    }
}

fn fixed(format: LogFormat) -> (Fixed, Paper) {
    let paper = Paper::default();
    (Fixed(AccessLog::new(format, paper.clone())), paper)
}

/// The line of one entry.
fn line(format: LogFormat, entry: &Entry) -> String {
    let (log, paper) = fixed(format);
    log.log(entry.clone());
    paper.text()
}

/// What a server logs of these requests on one connection; the client's port.
async fn logged(format: LogFormat, requests: &[u8]) -> (String, u16) {
    let (log, paper) = fixed(format);
    let server = server().await.logger(log).spawn();
    let stream = connect(server.local_addr()).await;
    let port = stream.local_addr().unwrap().port();
    talk(stream, requests).await;
    within(server.shutdown(Duration::ZERO)).await;
    (paper.text(), port)
}

// N42
#[tokio::test]
async fn common_lines() {
    let requests = "GET /logo.gif?a=b HTTP/1.1\r\nHost: h\r\n\r\n\
        HEAD / HTTP/1.1\r\nHost: h\r\n\r\n\
        DELETE /empty HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\n\r\n\
        GET /fails HTTP/1.1\r\nHost: h\r\n\r\n\
        GET / HTTP/1.0\r\n\r\n";
    let expected = "\
127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /logo.gif?a=b HTTP/1.1\" 200 13
127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"HEAD / HTTP/1.1\" 200 -
127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"DELETE /empty HTTP/1.1\" 204 -
127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /fails HTTP/1.1\" 500 -
127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 13
";
    assert_eq!(logged(LogFormat::Common, requests.as_bytes()).await.0, expected);
}

// N42
#[tokio::test]
async fn combined_lines() {
    let requests = b"GET / HTTP/1.1\r\nHost: h\r\nReferer: http://a/?q=\"x\"\r\nUser-Agent: M\xfcller\t\\x\xc3\xbc\" 200 -\r\n\r\n\
        GET /%22%0a HTTP/1.1\r\nHost: h\r\nUser-Agent:\r\n\r\n";
    let expected = r#"127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 13 "http://a/?q=\"x\"" "M\xfcller\t\\x\xc3\xbc\" 200 -"
127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET /%22%0a HTTP/1.1" 200 13 "-" ""
"#;
    assert_eq!(logged(LogFormat::Combined, requests).await.0, expected);
}

// N42
#[tokio::test]
async fn objects() {
    let requests = b"GET /a?b HTTP/1.1\r\nHost: h\r\nReferer: \"\\\t\xc3\xbc\xff\r\n\r\n\
        HEAD / HTTP/1.0\r\nUser-Agent: me\r\n\r\n";
    let (text, port) = logged(LogFormat::Json, requests).await;
    let expected = r#"{"id":"1-1","connection":1,"time":"2000-10-10T13:55:36.000004000Z","remote":"127.0.0.1","remote_port":PORT,"remote_name":null,"method":"GET","target":"/a?b","version":"HTTP/1.1","status":200,"content":13,"complete":true,"duration_ns":181500,"referer":"\"\\\u0009ü�","user_agent":null}
{"id":"1-2","connection":1,"time":"2000-10-10T13:55:36.000004000Z","remote":"127.0.0.1","remote_port":PORT,"remote_name":null,"method":"HEAD","target":"/","version":"HTTP/1.0","status":200,"content":0,"complete":true,"duration_ns":181500,"referer":null,"user_agent":"me"}
"#;
    assert_eq!(text, expected.replace("PORT", &port.to_string()));
}

/// Every control, the delimiters of the formats, C1 controls, and letters of one to four octets.
fn hostile() -> String {
    (0..=0xff).map(char::from).chain(['\u{2028}', '\u{fffd}', '😀']).collect()
}

// N42
#[tokio::test]
async fn nothing_breaks_a_line() {
    // Whatever else ensures that a target has no controls, the log does not rely on it.
    let mut entry = entry(GET).await;
    entry.record.target = hostile();
    entry.record.method = hostile();
    entry.remote_name = Some(hostile().into());
    let escaped: String = hostile()
        .bytes()
        .map(|octet| match octet {
            b'"' => "\\\"".to_owned(),
            b'\\' => "\\\\".to_owned(),
            8 => "\\b".to_owned(),
            9 => "\\t".to_owned(),
            10 => "\\n".to_owned(),
            11 => "\\v".to_owned(),
            13 => "\\r".to_owned(),
            b' '..=b'~' => char::from(octet).to_string(),
            _ => format!("\\x{octet:02x}"),
        })
        .collect();
    let name = escaped.replace(' ', "\\x20");
    let expected =
        format!("{name} - - [10/Oct/2000:13:55:36 +0000] \"{escaped} {escaped} HTTP/1.1\" 200 13 \"-\" \"-\"\n");
    assert_eq!(line(LogFormat::Combined, &entry), expected);

    let object = line(LogFormat::Json, &entry);
    let body = object.strip_suffix('\n').unwrap();
    assert!(!body.chars().any(char::is_control), "{body:?}");
    let object: Value = serde_json::from_str(body).unwrap();
    for member in ["target", "method", "remote_name"] {
        assert_eq!(object[member], json!(hostile()), "{member}");
    }
}

// N42
#[tokio::test]
async fn times() {
    let entry = entry(GET).await;
    let paper = Paper::default();
    let (common, objects) =
        (AccessLog::new(LogFormat::Common, paper.clone()), AccessLog::new(LogFormat::Json, paper.clone()));
    let logged = |received: SystemTime| {
        paper.0.lock().unwrap().clear();
        let mut entry = entry.clone();
        entry.record.received = received;
        common.log(entry.clone());
        objects.log(entry);
        let (common, object) = paper.text().split_once('\n').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let object: Value = serde_json::from_str(&object).unwrap();
        (common[common.find('[').unwrap()..=common.find(']').unwrap()].to_owned(), object["time"].clone())
    };
    for (seconds, nanos, common, object) in [
        (0, 0, "[01/Jan/1970:00:00:00 +0000]", "1970-01-01T00:00:00.000000000Z"),
        (951_782_400, 999_999_999, "[29/Feb/2000:00:00:00 +0000]", "2000-02-29T00:00:00.999999999Z"),
        (4_107_542_399, 1, "[28/Feb/2100:23:59:59 +0000]", "2100-02-28T23:59:59.000000001Z"),
        (4_107_542_400, 0, "[01/Mar/2100:00:00:00 +0000]", "2100-03-01T00:00:00.000000000Z"),
        (253_402_300_799, 0, "[31/Dec/9999:23:59:59 +0000]", "9999-12-31T23:59:59.000000000Z"),
        // No clock is right that shows these.
        (253_402_300_800, 0, "[01/Jan/1970:00:00:00 +0000]", "1970-01-01T00:00:00.000000000Z"),
    ] {
        assert_eq!(logged(UNIX_EPOCH + Duration::new(seconds, nanos)), (common.to_owned(), json!(object)));
    }
    let before = UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(logged(before).1, json!("1970-01-01T00:00:00.000000000Z"));
    for (month, name) in (1..).zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(' ')) {
        let (common, object) = logged(UNIX_EPOCH + Duration::from_secs(86_400 * (30 * month - 15)));
        assert_eq!(&common[4..7], name);
        assert_eq!(object.as_str().unwrap()[..8], format!("1970-{month:02}-"));
    }
}

// N42
#[tokio::test]
async fn a_request_that_is_cut_off() {
    let (tell, told) = std::sync::mpsc::channel();
    let server = server().await.logger(crate::Tell(tell)).spawn();
    let mut stream = connect(server.local_addr()).await;
    within(stream.write_all(b"GET /never HTTP/1.1\r\nHost: h\r\n\r\n")).await.unwrap();
    crate::until(|| server.connections().iter().any(|connection| connection.statistics().requests == 1)).await;
    within(server.dispose()).await;
    let entry = told.recv_timeout(crate::DEADLINE).unwrap();
    assert!(entry.record.duration().is_some());
    assert!(
        line(LogFormat::Json, &entry)
            .contains("\"status\":null,\"content\":0,\"complete\":false,\"duration_ns\":181500,")
    );
    assert!(line(LogFormat::Common, &entry).ends_with("\"GET /never HTTP/1.1\" - -\n"));
}

// N42
#[tokio::test]
async fn other_protocols() {
    let (log, paper) = fixed(LogFormat::Json);
    let server = server().await.logger(log).spawn();
    let mut stream = connect(server.local_addr()).await;
    let requests = format!("{GET}GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    within(stream.write_all(requests.as_bytes())).await.unwrap();
    let mut answers = String::new();
    within(stream.read_to_string(&mut answers)).await.unwrap();
    assert!(answers.ends_with("\r\n\r\nready"), "{answers}");
    let lines: Vec<Value> = paper.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|line| (&line["target"], &line["status"], &line["complete"])).collect();
    assert_eq!(told, [(&json!("/"), &json!(200), &json!(true)), (&json!("/upgrade"), &json!(101), &json!(true))]);
}

// N42
#[tokio::test]
async fn error_pages_have_content() {
    let page = |fault: &http_tokio::Fault| {
        assert_eq!(fault.status, 500);
        http_tokio::Response::builder().status(502).body("sorry".into()).unwrap()
    };
    let (log, paper) = fixed(LogFormat::Common);
    let server = server().await.logger(log).error_page(page).spawn();
    let requests = "GET /fails HTTP/1.1\r\nHost: h\r\n\r\nHEAD /fails HTTP/1.1\r\nHost: h\r\n\r\n";
    talk(connect(server.local_addr()).await, requests).await;
    within(server.shutdown(Duration::ZERO)).await;
    let ends: Vec<_> = paper.text().lines().map(|line| line.rsplit_once(']').unwrap().1.to_owned()).collect();
    assert_eq!(ends, [" \"GET /fails HTTP/1.1\" 502 5", " \"HEAD /fails HTTP/1.1\" 502 -"]);
}

// N42
#[tokio::test]
async fn handlers_know_the_id() {
    let (log, paper) = fixed(LogFormat::Json);
    let server = server().await.logger(log).spawn();
    let answer = talk(connect(server.local_addr()).await, "GET /id HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let object: Value = serde_json::from_str(&paper.lines(1).await[0]).unwrap();
    assert_eq!(answer.rsplit("\r\n").next().unwrap(), object["id"]);
}

// N42
#[cfg(unix)]
#[tokio::test]
async fn clients_name_their_sockets() {
    let folder = std::env::temp_dir().join(format!("http-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (path, client) = (folder.join("server"), folder.join("a b\n\"c"));
    let (log, paper) = fixed(LogFormat::Common);
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let server = crate::server_on(listener).logger(log).spawn();
    let named = tokio::net::UnixSocket::new_stream().unwrap();
    named.bind(&client).unwrap();
    talk(within(named.connect(&path)).await.unwrap(), GET).await;
    talk(within(tokio::net::UnixStream::connect(&path)).await.unwrap(), GET).await;
    let lines = paper.lines(2).await;
    drop(server);
    let known = format!("unix:{}/a\\x20b\\n\\\"c - - [", folder.display());
    std::fs::remove_dir_all(folder).unwrap();
    assert!(lines[0].starts_with(&known), "{}", lines[0]);
    assert!(lines[1].starts_with("unix - - ["), "{}", lines[1]);
}
