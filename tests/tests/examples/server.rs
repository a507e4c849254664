//! An example that runs, and the clients that ask it: raw sockets and curl, with a deadline on every wait.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::{Deref, DerefMut};
use std::process::Command;
use std::time::Duration;
use tests::examples::Running;

/// Far more than anything here takes: a test that hangs fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// An example that runs, and can be asked.
pub(crate) struct Server(Running);

impl Deref for Server {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Running {
        &mut self.0
    }
}

impl Server {
    /// Starts an example of a crate on a port of the system's choice.
    pub(crate) fn start(package: &str, example: &str, arguments: &[&str]) -> Self {
        Server(Running::start(package, example, arguments))
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect_timeout(&self.address(), DEADLINE).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Client(BufReader::new(stream))
    }

    /// The answer to a request without content.
    pub(crate) fn ask(&self, method: &str, target: &str, fields: &str) -> Answer {
        let mut client = self.connect();
        client.send(format!("{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n"));
        let head = client.head();
        let mut content = Vec::new();
        client.0.read_to_end(&mut content).unwrap();
        Answer { head, content }
    }

    /// What curl prints.
    pub(crate) fn curl(&self, arguments: &[&str], path: &str) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "60"])
            .args(arguments)
            .arg(format!("http://{}{path}", self.address()))
            .output()
            .expect("curl runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) content: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(&self) -> &str {
        &self.head["HTTP/1.1 ".len()..][..3]
    }

    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.content).unwrap()
    }
}

pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(octets.as_ref()).unwrap();
    }

    /// The next line, with its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// A head up to the empty line.
    pub(crate) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "a close behind {head:?}");
        }
        head
    }

    pub(crate) fn expect(&mut self, octets: &str) {
        let mut read = vec![0; octets.len()];
        self.0.read_exact(&mut read).unwrap();
        assert_eq!(String::from_utf8_lossy(&read), octets);
    }

    pub(crate) fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(room)
    }

    pub(crate) fn half_close(&mut self) {
        self.0.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    /// Everything up to the close, which must be an orderly one.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}
