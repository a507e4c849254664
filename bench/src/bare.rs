//! The second subject. Cargo builds a crate once for all who depend on it, with the features of all of them, so one
//! program cannot hold the core twice with different ones. Therefore this program builds itself again without the
//! feature `simd`, into a target folder of its own, runs that and takes over its rows. Each of the two measures the
//! peers too, in its own process, so every ratio is of one run.

use crate::args::Args;
use crate::report::{Metric, Row};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process;

/// The rows of the second subject.
pub(crate) fn rows(args: &Args, metric: Metric) -> Result<Vec<Row>, String> {
    let target = target()?;
    let program = build(&target)?;
    let json = target.join("rows.json");
    let status = process::Command::new(program)
        .arg(match metric {
            Metric::Time => "parse",
            Metric::Instructions => "count",
        })
        .args(["--rounds", &args.rounds.to_string(), "--filter", &args.filter, "--json"])
        .arg(&json)
        .stdout(process::Stdio::null())
        .status();
    succeeded("the program without features", status)?;
    let text = std::fs::read_to_string(&json).map_err(|error| format!("{}: {error}", json.display()))?;
    let list: Vec<Value> = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", json.display()))?;
    Ok(list.iter().filter_map(Row::from_json).collect())
}

/// `bare` in the target folder that this program lies in.
fn target() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("this program's path is unknown: {error}"))?;
    let target = own.parent().and_then(Path::parent).ok_or("this program lies in no target folder")?;
    Ok(target.join("bare"))
}

fn build(target: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = process::Command::new(cargo)
        .args(["build", "--quiet", "--release", "--no-default-features", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .status();
    succeeded("cargo build --no-default-features", status)?;
    Ok(target.join("release").join(format!("bench{}", std::env::consts::EXE_SUFFIX)))
}

fn succeeded(what: &str, status: std::io::Result<process::ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what}: {status}")),
        Err(error) => Err(format!("{what}: {error}")),
    }
}
