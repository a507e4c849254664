//! curl, as people call it.

use crate::child::{run, succeed};
use crate::runtimes::Runtime;
use crate::{on_every_server, pattern, start};
use std::process::Output;

on_every_server! {
    async head_has_the_length_and_no_content,
    async any_method,
    async every_form_of_a_target,
    async uploads,
    async content_is_sent_when_100_asks_for_it,
    async http10,
    async several_urls_share_a_connection,
    async many_transfers_at_once,
    async a_tunnel,
    async a_slow_reader_gets_everything,
    async trailers_and_chunks_as_they_are,
    async an_answer_that_is_cut_off_is_an_error,
}

const ALWAYS: [&str; 6] = ["--silent", "--show-error", "--max-time", "20", "--noproxy", "*"];

pub(crate) async fn curl(arguments: &[&str], content: &[u8]) -> Vec<u8> {
    succeed("curl", &[&ALWAYS, arguments].concat(), content).await
}

pub(crate) async fn curl_text(arguments: &[&str]) -> String {
    String::from_utf8(curl(arguments, b"").await).expect("text")
}

async fn head_has_the_length_and_no_content(on: Runtime) {
    let (_server, address) = start(on);
    let urls = ["/", "/sized/1000", "/chunked/1000", "/"].map(|path| format!("http://{address}{path}"));
    let mut arguments = vec!["--head", "--write-out", "%{num_connects}\\n"];
    arguments.extend(urls.iter().map(String::as_str));
    let heads = curl_text(&arguments).await;
    let heads: Vec<_> = heads.split("\r\n\r\n").collect();
    assert_eq!(heads.len(), 5, "{heads:?}");
    assert!(heads.iter().take(4).all(|head| head.contains("HTTP/1.1 200 OK\r\n")), "{heads:?}");
    assert!(heads[0].contains("\r\nContent-Length: 13"), "{}", heads[0]);
    assert!(heads[1].starts_with("1\n") && heads[1].contains("\r\nContent-Length: 1000"), "{}", heads[1]);
    assert!(heads[2].starts_with("0\n") && !heads[2].contains("\r\nContent-Length: "), "{}", heads[2]);
    assert_eq!(heads[4], "0\n");
}

async fn any_method(on: Runtime) {
    let (_server, address) = start(on);
    let url = format!("http://{address}/method");
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "x!y~z"] {
        assert_eq!(curl_text(&["--request", method, &url]).await, method);
    }
}

async fn every_form_of_a_target(on: Runtime) {
    let (_server, address) = start(on);
    let url = format!("http://{address}/target/a%20b?c=d&e=/?");
    assert_eq!(curl_text(&[&url]).await, "/target/a%20b?c=d&e=/?");
    let proxy = format!("http://{address}");
    let through = ["--noproxy", "", "--proxy", &proxy, "http://somewhere.example:81/target/x?y"];
    assert_eq!(curl_text(&through).await, "http://somewhere.example:81/target/x?y");
    let asterisk = ["--request", "OPTIONS", "--request-target", "*", "--write-out", "%{http_code}", &url];
    assert_eq!(curl_text(&asterisk).await, "nothing here404");
}

async fn uploads(on: Runtime) {
    let (_server, address) = start(on);
    let content = pattern(1 << 20);
    let [count, echo] = ["count", "echo"].map(|route| format!("http://{address}/{route}"));
    let counted = format!("{} true none", content.len()).into_bytes();
    let chunked = ["--header", "Transfer-Encoding: chunked", "--header", "Expect:"];
    for headers in [&["--header", "Expect:"][..], &chunked] {
        let data = ["--data-binary", "@-"];
        assert_eq!(curl(&[headers, &data, &[&count]].concat(), &content).await, counted);
        let back = curl(&[headers, &data, &[&echo]].concat(), &content).await;
        assert!(back == content, "{} octets came back", back.len());
    }
    // PUT from a pipe, whose length nobody knows.
    assert_eq!(curl(&["--upload-file", "-", &count], &content).await, counted);
}

async fn content_is_sent_when_100_asks_for_it(on: Runtime) {
    let (_server, address) = start(on);
    let content = pattern(1 << 20);
    // Without a 100, curl would wait for longer than it may take.
    let expect = ["--expect100-timeout", "60", "--header", "Expect: 100-continue", "--data-binary", "@-", "--verbose"];
    for (route, status) in [("count", "200 OK"), ("echo", "200 OK"), ("refuse", "413 Content Too Large")] {
        let url = format!("http://{address}/{route}");
        let arguments = [&ALWAYS[..], &expect, &[&url]].concat();
        let Output { status: ended, stderr, .. } = run("curl", &arguments, &content).await;
        let talk = String::from_utf8_lossy(&stderr);
        assert!(ended.success(), "{route}: {talk}");
        assert_eq!(talk.contains("< HTTP/1.1 100 Continue"), route != "refuse", "{route}: {talk}");
        assert!(talk.contains(&format!("< HTTP/1.1 {status}")), "{route}: {talk}");
    }
}

async fn http10(on: Runtime) {
    let (_server, address) = start(on);
    let url = format!("http://{address}");
    let answer = curl_text(&["--http1.0", "--include", &format!("{url}/")]).await;
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("\r\n\r\nHello, World!"), "{answer}");
    let content = pattern(100_000);
    assert!(curl(&["--http1.0", &format!("{url}/chunked/100000")], b"").await == content);
    assert!(curl(&["--http1.0", "--data-binary", "@-", &format!("{url}/echo")], &content).await == content);
    // Kept open where that was asked for.
    let [url, keep] = [format!("{url}/"), "Connection: keep-alive".to_owned()];
    let twice = ["--http1.0", "--header", &keep, "--write-out", " %{num_connects}\\n", &url, &url];
    assert_eq!(curl_text(&twice).await, "Hello, World! 1\nHello, World! 0\n");
}

async fn several_urls_share_a_connection(on: Runtime) {
    let (server, address) = start(on);
    let range = format!("http://{address}/target/[1-100]");
    let told = curl_text(&["--write-out", " %{num_connects}\\n", &range]).await;
    let expected: String = (1..=100).map(|at| format!("/target/{at} {}\n", u8::from(at == 1))).collect();
    assert_eq!(told, expected);
    crate::until(|| server.connections().is_empty()).await;
}

async fn many_transfers_at_once(on: Runtime) {
    let (_server, address) = start(on);
    let range = format!("http://{address}/chunked/[10000-10049]");
    let told = curl(&["--parallel", "--parallel-max", "25", "--parallel-immediate", &range], b"").await;
    assert_eq!(told.len(), (10_000..10_050).sum::<usize>());
}

async fn a_tunnel(on: Runtime) {
    let (_proxy, proxy) = start(on);
    let (_origin, origin) = start(on);
    let proxy = format!("http://{proxy}");
    let url = format!("http://{origin}/target/inside");
    let through = ["--noproxy", "", "--proxytunnel", "--proxy", &proxy];
    assert_eq!(curl_text(&[&through[..], &[&url, &url]].concat()).await, "/target/inside/target/inside");
    // Refused, the connection ends.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port");
    let url = format!("http://{nobody}/");
    let told = run("curl", &[&ALWAYS[..], &through, &["--write-out", "%{http_connect}", &url]].concat(), b"").await;
    assert_eq!((told.status.code(), &told.stdout[..]), (Some(56), &b"502"[..]));
}

async fn a_slow_reader_gets_everything(on: Runtime) {
    let (_server, address) = start(on);
    let url = format!("http://{address}/chunked/2000000");
    assert!(curl(&["--limit-rate", "4M", &url], b"").await == pattern(2_000_000));
}

async fn trailers_and_chunks_as_they_are(on: Runtime) {
    let (_server, address) = start(on);
    let told = curl_text(&["--raw", &format!("http://{address}/trailers")]).await;
    assert_eq!(told, "3\r\none\r\n3\r\ntwo\r\n0\r\nchecksum: 12\r\n\r\n");
}

async fn an_answer_that_is_cut_off_is_an_error(on: Runtime) {
    let (_server, address) = start(on);
    let output = run("curl", &[&ALWAYS[..], &[&format!("http://{address}/cut")]].concat(), b"").await;
    // 18: a part of the file; 56: reset.
    assert!(matches!(output.status.code(), Some(18 | 56)), "{}", output.status);
}
