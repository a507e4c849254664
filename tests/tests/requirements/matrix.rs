//! Ties rows to tests. `covers!` records ids in a registry of the thread that runs the check; the matrix runs every
//! check in its own thread and then compares the registry with the table, so neither the order of the tests nor
//! those that run beside it play a part.

use crate::runtime_rows::RUNTIME_ROWS;
use std::cell::RefCell;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../data/rfc9112-requirements.tsv");

thread_local! {
    static EXECUTED: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// Records that a check of these rows runs.
pub(crate) fn executed(ids: &[&'static str]) {
    EXECUTED.with_borrow_mut(|executed| executed.extend(ids));
}

/// The rows that this test checks; its first statement.
macro_rules! covers {
    ($($id:literal),+ $(,)?) => {
        $crate::matrix::executed(&[$($id),+])
    };
}

/// The checks of a module, each also a test of its own.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        pub(crate) const CHECKS: $crate::matrix::Checks = &[$((stringify!($check), $check as fn())),+];
    };
}

pub(crate) type Checks = &'static [(&'static str, fn())];

macro_rules! modules {
    ($($module:ident),+ $(,)?) => {
        &[$((stringify!($module), crate::$module::CHECKS, include_str!(concat!(stringify!($module), ".rs")))),+]
    };
}

/// Name, checks and text of every module with checks.
const MODULES: &[(&str, Checks, &str)] = modules![
    chunked,
    client,
    connection,
    encoder,
    encoder_framing,
    expect,
    fields,
    forwarding,
    framing,
    hosts,
    incomplete,
    limits,
    lists,
    persistence,
    responses,
    server,
    start_line,
    targets,
    upgrade,
];

fn table() -> BTreeSet<&'static str> {
    let rows: Vec<&str> = TABLE.lines().skip(1).filter_map(|row| row.split('\t').next()).collect();
    let ids: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(ids.len(), rows.len(), "an id stands twice in the table");
    ids
}

/// The ids that a module's text claims.
fn claimed(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('"').filter(|word| word.starts_with("R9") && word.contains('-'))
}

#[test]
fn matrix() {
    let mut claims = BTreeSet::new();
    for (module, checks, text) in MODULES {
        let tests = text.lines().filter(|line| line.trim() == "#[test]").count();
        assert_eq!(tests, checks.len(), "{module}: a test is missing from its list of checks");
        let claiming = text.lines().filter(|line| line.trim_start().starts_with("covers!(")).count();
        assert_eq!(claiming, checks.len(), "{module}: a check that covers no row");
        for (_, check) in *checks {
            check();
        }
        claims.extend(claimed(text));
    }
    let executed = EXECUTED.with_borrow(Clone::clone);
    let waiting: BTreeSet<&str> = RUNTIME_ROWS.iter().map(|(id, _)| *id).collect();
    let table = table();
    let none: Vec<&&str> = Vec::new();

    assert_eq!(waiting.len(), RUNTIME_ROWS.len(), "a row waits twice");
    assert!(RUNTIME_ROWS.iter().all(|(_, why)| !why.is_empty()), "a row waits for nothing");
    assert_eq!(claims.difference(&executed).collect::<Vec<_>>(), none, "claimed and not executed");
    assert_eq!(executed.difference(&claims).collect::<Vec<_>>(), none, "executed and not claimed where it is");
    assert_eq!(executed.difference(&table).collect::<Vec<_>>(), none, "covered and not in the table");
    assert_eq!(waiting.difference(&table).collect::<Vec<_>>(), none, "waiting and not in the table");
    assert_eq!(executed.intersection(&waiting).collect::<Vec<_>>(), none, "covered and waiting");
    let missing: Vec<_> = table.iter().filter(|id| !executed.contains(*id) && !waiting.contains(*id)).collect();
    assert_eq!(missing, none, "neither covered nor waiting");
}
