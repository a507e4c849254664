//! The examples of a crate: cargo builds them; those that serve run until they are dropped.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than anything takes: a test that hangs fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// Those that have been built by this process.
static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// The executable of an example of `package`.
///
/// # Panics
/// It does not build.
pub fn build(package: &str, example: &str) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(format!("{package}/{example}")).or_insert_with(|| build_anew(package, example)).clone()
}

fn build_anew(package: &str, example: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", package, "--example", example, "--message-format", "json"])
        .args(if example.starts_with("https_") { &["--features", "tls"][..] } else { &[] })
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{example} does not build");
    let messages = String::from_utf8(built.stdout).expect("JSON is text");
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == example).then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executable.expect("cargo says where the example is")
}

/// An example that serves.
#[derive(Debug)]
pub struct Running {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it on a port of the system's choice.
    pub fn start(package: &str, example: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(build(package, example))
            .arg("0")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (said, lines) = channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        let mut running = Running { child, address: SocketAddr::from(([0; 4], 0)), lines };
        let line = running.line();
        let line = line.replace("https://localhost:", "http://127.0.0.1:");
        running.address = line.strip_prefix("http://").and_then(|address| address.parse().ok()).expect(&line);
        running
    }

    /// The next line that it prints.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("a line in time")
    }

    /// A line, if it has printed one.
    pub fn said(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// It is gone.
    pub fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(killed.expect("kill runs").success());
    }

    /// Waits until it has ended by itself, and in good order.
    ///
    /// # Panics
    /// It goes on, or ends otherwise.
    pub fn ends(&mut self) {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.child.try_wait().expect("a process") {
                Some(status) => return assert!(status.success(), "{status}"),
                None => assert!(Instant::now() < end, "it goes on"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
