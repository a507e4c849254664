//! The examples with TLS, and the proxy between them.

use super::server::Server;
use std::process::{Command, Output};

/// Runs the example `https_client`.
fn fetch(package: &str, arguments: &[&str]) -> Output {
    Command::new(tests::examples::build(package, "https_client")).args(arguments).output().expect("it runs")
}

#[track_caller]
fn text(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn https_server_and_client() {
    for package in ["http-tokio", "http-smol", "http-std"] {
        server_and_client(package);
    }
}

fn server_and_client(package: &str) {
    let server = Server::start(package, "https_server", &[]);
    let certificate = server.line();
    let url = format!("https://localhost:{}/", server.address().port());
    let curl = || {
        let output = Command::new("curl").args(["--silent", "--noproxy", "*", "--cacert", &certificate, &url]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(curl().starts_with("TLSv1_3 ") && curl().ends_with(" localhost\n"), "{}", curl());
    assert!(text(fetch(package, &[&url, &certificate])).ends_with(" localhost\n"));
    // The system does not know who has signed that.
    let output = fetch(package, &[&url]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains(": Untrusted: "), "{error}");

    // Through a proxy, which sees nothing of it.
    let proxy = Server::start(package, "proxy_tunnel", &[]);
    let through = format!("http://{}", proxy.address());
    assert!(text(fetch(package, &[&url, &certificate, &through])).ends_with(" localhost\n"));
    assert!(proxy.line().starts_with(&format!("localhost:{}: ", server.address().port())));
    assert_eq!(proxy.ask("GET", "/", "").status(), "400");

    // Another server's certificate and key in its place.
    let other = Server::start(package, "https_server", &[]).line();
    let key = |certificate: &str| certificate.replace("certificate.pem", "key.pem");
    std::fs::copy(key(&other), key(&certificate)).unwrap();
    std::fs::copy(&other, &certificate).unwrap();
    while server.line() != "a new certificate" {}
    assert!(curl().ends_with(" localhost\n"));
    for certificate in [&certificate, &other] {
        std::fs::remove_dir_all(std::path::Path::new(certificate).parent().unwrap()).unwrap();
    }
}
