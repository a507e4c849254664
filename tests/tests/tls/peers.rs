//! TLS with other makes on real sockets: OpenSSL's own client, and Node's client and server.

use http::{Request, Response};
use http_driver::rustls::ClientConfig;
use http_tokio::{Body, BoxError, Client, Dialer, Exchange, serve, service_fn};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tests::certificates::{Authority, Identity};
use tests::scenario::DEADLINE;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

async fn version(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let exchange = request.extensions().get::<Exchange>().unwrap();
    Ok(Response::new(format!("{:?}", exchange.connection().tls().unwrap().version()).into()))
}

/// A server, and its port.
async fn server(identity: &Identity) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    serve(listener, service_fn(version)).tls(Arc::new(identity.server())).spawn();
    port
}

/// What a program prints.
async fn run(mut command: Command, input: &'static str) -> String {
    let running = tokio::task::spawn_blocking(move || {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it is installed");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = timeout(DEADLINE, running).await.unwrap().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

// I26
#[tokio::test]
async fn openssl_is_served() {
    let identity = Authority::new().identity(&["localhost"]);
    let port = server(&identity).await;
    for (option, version) in [("-tls1_2", "TLSv1_2"), ("-tls1_3", "TLSv1_3")] {
        let mut command = Command::new("openssl");
        let to = format!("127.0.0.1:{port}");
        command.args(["s_client", "-quiet", "-ign_eof", "-alpn", "http/1.1", option, "-connect", &to]);
        let answer = run(command, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(version), "{answer}");
    }
}

// I26
#[tokio::test]
async fn node_is_served() {
    let authority = Authority::new();
    let port = server(&authority.identity(&["localhost"])).await;
    let script = format!(
        "const https = require('https');
        const agent = new https.Agent({{ keepAlive: true, ca: `{}` }});
        const get = then => https.get({{ host: '127.0.0.1', servername: 'localhost', port: {port}, agent }}, answer => {{
            answer.on('data', data => process.stdout.write(data + ' '));
            answer.on('end', then);
        }});
        get(() => get(() => agent.destroy()));",
        authority.pem()
    );
    let mut command = Command::new("node");
    command.args(["-e", &script]);
    assert_eq!(run(command, "").await, "TLSv1_3 TLSv1_3 ");
}

fn client(config: ClientConfig) -> Client {
    Client::builder().connector(Dialer::default().tls(Arc::new(config))).build()
}

// I26
#[tokio::test]
async fn node_serves() {
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1"]);
    let script = format!(
        "const server = require('https').createServer({{ cert: `{}`, key: `{}` }}, (request, answer) => {{
            answer.end(request.socket.getProtocol() + ' ' + request.socket.alpnProtocol);
        }});
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));",
        identity.certificate_pem, identity.key_pem
    );
    let mut command = tokio::process::Command::new("node");
    let mut node = command.args(["-e", &script]).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let port = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let client = client(authority.client());
    for _ in 0..2 {
        let asked = async {
            let mut answer = client.get(format!("https://127.0.0.1:{port}/")).send().await.unwrap();
            answer.body_mut().collect(1000).await.unwrap()
        };
        assert_eq!(timeout(DEADLINE, asked).await.unwrap(), "TLSv1.3 http/1.1");
    }
    assert_eq!(client.connections().connections, 1);
}
