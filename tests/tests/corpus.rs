//! Replays the committed corpus of every fuzz target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tests::fuzz::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn every_target_holds() {
    for (name, target) in TARGETS {
        let mut files: Vec<_> = fs::read_dir(corpus().join(name))
            .unwrap_or_else(|error| panic!("{name} has no corpus: {error}"))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has an empty corpus");
        for file in files {
            let data = fs::read(&file).expect("a file of octets");
            if let Err(panic) = std::panic::catch_unwind(|| target(&data)) {
                eprintln!("{name} fails on {}", file.display());
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Octets that nobody thought of: the targets take any.
#[test]
fn every_target_takes_any_octets() {
    for (_, target) in TARGETS {
        target(b"");
        for first in 0..=255 {
            target(&[first]);
            target(&[first, first ^ 0x55, 0, b'\r', b'\n']);
        }
    }
}

#[test]
fn every_corpus_has_a_target() {
    let entries = fs::read_dir(corpus()).expect("the corpus").map(|entry| entry.expect("an entry").file_name());
    let found: BTreeSet<_> = entries.map(|name| name.into_string().expect("names are text")).collect();
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| String::from(*name)).collect();
    assert_eq!(found, targets);
}
