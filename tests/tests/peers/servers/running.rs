//! Servers that are processes of their own, on ports of their choice.

use crate::DEADLINE;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A script beside this file. It ends with its standard input: when this is dropped, or the test is gone.
pub(crate) struct Script {
    child: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
}

impl Script {
    /// Node's http; it keeps idle connections for so many milliseconds, or as long as is its habit.
    pub(crate) fn node(idle: Option<u32>) -> Self {
        let idle = idle.map(|idle| idle.to_string());
        Script::start("node", &[&["server.mjs"][..], &idle.iter().map(String::as_str).collect::<Vec<_>>()].concat())
    }

    /// Python's http.server, of this version of HTTP.
    pub(crate) fn python(version: &str) -> Self {
        Script::start("python3", &["server.py", version])
    }

    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/servers"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} must be installed: {error}"));
        let stdin = child.stdin.take();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut script = Script { child, stdin, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let (said, line) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = out.read_line(&mut line);
            said.send(line)
        });
        let port = line.recv_timeout(DEADLINE).expect("it starts in time");
        script.address.set_port(port.trim().parse().unwrap_or_else(|_| panic!("{program} does not start: {port}")));
        script
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URI of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.stdin.take());
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// nginx with the configuration beside this file, in a folder of its own.
pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: Folder,
}

impl Nginx {
    pub(crate) fn start() -> Self {
        Nginx::before(SocketAddr::from(([127, 0, 0, 1], 9)))
    }

    /// One that hands on what is asked of `/behind/`.
    pub(crate) fn before(upstream: SocketAddr) -> Self {
        let mut failed = String::new();
        for _ in 0..10 {
            match Nginx::try_start(upstream) {
                Ok(nginx) => return nginx,
                // Somebody else was faster at the port, perhaps.
                Err(error) => failed = error,
            }
        }
        panic!("nginx does not start: {failed}")
    }

    fn try_start(upstream: SocketAddr) -> Result<Self, String> {
        let folder = Folder::new();
        fs::create_dir(folder.path().join("files")).expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a port");
        let configuration = include_str!("nginx.conf")
            .replace("@DIR@", folder.path().to_str().expect("a path that is text"))
            .replace("@PORT@", &address.port().to_string())
            .replace("@UPSTREAM@", &upstream.to_string());
        fs::write(folder.path().join("nginx.conf"), configuration).expect("a file");
        // Where Debian has it is not always searched.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "errors"]).env("PATH", path);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("nginx must be installed: {error}"));
        let mut nginx = Nginx { child, address, folder };
        let until = Instant::now() + DEADLINE;
        // It writes that when it listens.
        while fs::read(nginx.folder.path().join("pid")).unwrap_or_default().is_empty() {
            assert!(Instant::now() < until, "nginx starts in time");
            if nginx.child.try_wait().expect("a process").is_some() {
                return Err(fs::read_to_string(nginx.folder.path().join("errors")).unwrap_or_default());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(nginx)
    }

    /// The URI of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A Unix socket on which it answers as well.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A file that it serves.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A folder that is removed with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("peers-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
