//! A scenario in a process of its own: for what a process has only one of, as descriptors and memory. The test calls its
//! own executable, which plays the same scenario again.

use super::DEADLINE;
use std::cell::RefCell;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Set in the process of its own.
const ALONE: &str = "SCENARIO_ALONE";
/// Before what it says.
const SAYS: &str = "scenario: ";

/// The first that it says.
const PLAYS: &str = "plays";

thread_local! {
    /// The name of the test that runs on this thread.
    static NAME: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Says which test runs on this thread.
pub fn set_name(module: &str, name: &str) {
    let (_, module) = module.split_once("::").unwrap_or_default();
    NAME.set(format!("{module}::{name}"));
}

/// The test in a process of its own; killed if it is not dismissed.
pub struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// Plays the scenario of this thread in a process of its own, behind this command of the shell. `None` in that process.
pub fn process(before: &str) -> Option<Process> {
    if std::env::var_os(ALONE).is_some() {
        // Whatever becomes of who started it.
        thread::spawn(|| {
            thread::sleep(4 * DEADLINE);
            std::process::exit(1);
        });
        say(&PLAYS);
        return None;
    }
    let mut child = Command::new("sh")
        .args(["-c", &format!("{before} && exec \"$0\" --exact --nocapture \"$1\"")])
        .arg(std::env::current_exe().unwrap())
        .arg(NAME.with_borrow(Clone::clone))
        .env(ALONE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut process = Process { child, output };
    // Of a name that is not there it would make nothing, and succeed.
    assert_eq!(process.hear(), PLAYS);
    Some(process)
}

impl Process {
    /// What it says next.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the process has ended");
            if let Some(said) = line.trim_end().strip_prefix(SAYS) {
                return said.to_owned();
            }
        }
    }

    /// Lets it go on, and waits for its success.
    #[track_caller]
    pub fn dismiss(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something to the test that started this process.
pub fn say(what: &impl Display) {
    // The harness may have left a line unfinished.
    println!("\n{SAYS}{what}");
    std::io::stdout().flush().unwrap();
}

/// Waits until the test that started this process dismisses it.
pub fn until_dismissed() {
    let (send, dismissed) = mpsc::channel();
    thread::spawn(move || send.send(std::io::stdin().lines().count()));
    let _ = dismissed.recv_timeout(DEADLINE + Duration::from_secs(5));
}
