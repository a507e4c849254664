//! README.md and ARCHITECTURE.md say what is there: files, tests, commands and the example.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Texts between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Every Rust file below a folder, as paths from the root.
fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(sources(&path));
        } else if path.ends_with(".rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_map_is_complete() {
    let text = read("ARCHITECTURE.md");
    let (_, map) = text.split_once("\n## Map\n").unwrap();
    let (map, _) = map.split_once("\n## ").unwrap();
    let rows = map.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<_> = rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap())).collect();
    assert!(named.len() > 50);
    for path in &named {
        assert!(root().join(path).exists(), "{path} is in the map, and nowhere else");
    }
    let crates = ["http-proto/src", "http-driver/src", "http-tokio/src", "http-smol/src", "http-std/src"];
    for path in crates.map(sources).concat() {
        assert!(named.contains(&path.as_str()), "{path} is not in the map");
    }
}

/// What the others have, http-tokio has by the same name, so that an application moves by one changed `use`.
#[test]
fn the_runtime_crates_have_the_same_names() {
    let names = |path: &str| -> Vec<String> {
        let text = read(path);
        let items = text.split("\npub ").skip(1).map(|item| item.split([';', '(', '<', '=']).next().unwrap());
        let words = items.flat_map(|item| item.rsplit([':', ' ', ',', '\n', '{', '}']).map(str::to_owned));
        words.filter(|word| !word.is_empty()).collect()
    };
    let tokio = names("http-tokio/src/lib.rs");
    let others = [("http-smol/src/lib.rs", "Smol"), ("http-std/src/async_std/mod.rs", "AsyncStd")];
    for (path, runtime) in others {
        let other = names(path);
        assert!(["FileBody", "Connection", "serve_stream"].iter().all(|name| other.iter().any(|there| there == name)));
        let own: Vec<_> = other.iter().filter(|name| !tokio.contains(name)).collect();
        // Where both have something from is nobody's business.
        assert_eq!(own, ["async_io", runtime]);
    }
}

#[test]
fn guarantees_name_tests() {
    let text = read("ARCHITECTURE.md");
    let (_, guarantees) = text.split_once("\n## Guarantees\n").unwrap();
    let (guarantees, _) = guarantees.split_once("\n## ").unwrap();
    let mut count = 0;
    for sentence in guarantees.lines().filter(|line| line.starts_with("- ")) {
        let (_, tests) = sentence.split_once(" Held by ").unwrap_or_else(|| panic!("no test holds: {sentence}"));
        assert!(quoted(tests).count() > 0, "no test holds: {sentence}");
        for name in quoted(tests) {
            let (module, function) = name.rsplit_once("::").unwrap();
            let module = module.replace("::", "/");
            let file = ["tests/tests", "tests/src", "http-proto/tests"]
                .map(|folder| root().join(format!("{folder}/{module}.rs")));
            let file = file.iter().find(|file| file.exists()).unwrap_or_else(|| panic!("no file for {name}"));
            let text = fs::read_to_string(file).unwrap();
            let found = ["(", "<"].iter().any(|next| text.contains(&format!("fn {function}{next}")));
            assert!(found, "{name} is not in {}", file.display());
        }
        count += 1;
    }
    assert!(count > 20);
}

/// The example of the README is the one that the crate documentation tests.
#[test]
fn the_readme_has_the_tested_loop() {
    let crate_docs = read("http-proto/src/lib.rs");
    let lines = crate_docs.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).filter(|line| !line.starts_with("# "));
    let tested: Vec<_> = lines.skip_while(|line| *line != "```").skip(1).take_while(|line| *line != "```").collect();
    let readme = read("README.md");
    let shown = readme.lines().skip_while(|line| *line != "```rust").skip(1).take_while(|line| *line != "```");
    assert!(tested.len() > 20);
    assert_eq!(shown.collect::<Vec<_>>(), tested);
}

#[test]
fn ci_runs_the_command_of_the_readme() {
    let readme = read("README.md");
    let (_, behind) = readme.split_once("Run all tests:\n\n```sh\n").unwrap();
    let command = behind.lines().next().unwrap();
    assert!(read(".ci/run").lines().any(|line| line == command), "{command} is not in .ci/run");
}

/// A scenario that the macro does not name would be played by nobody.
#[test]
fn every_scenario_is_played() {
    let list = read("tests/src/scenario/mod.rs");
    let mut count = 0;
    for path in sources("tests/src/scenario") {
        let text = read(&path);
        let module = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        let played = list.split("$crate::scenarios! { in ").find_map(|list| list.strip_prefix(module)).unwrap_or("");
        let (played, _) = played.split_once('}').unwrap_or_default();
        for line in text.lines().filter(|line| line.contains("(rig: impl Rig)")) {
            let (name, _) = line.trim_start_matches("pub fn ").split_once('(').unwrap();
            assert!(played.contains(&format!(" {name},\n")), "{module}::{name}");
            count += 1;
        }
    }
    assert!(count > 100);
}
