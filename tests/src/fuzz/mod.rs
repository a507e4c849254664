//! The fuzz targets, as plain functions that panic on a violation. `fuzz/` wraps them for cargo-fuzz, and the test
//! `corpus` replays what was found with every `cargo test`.

mod chunked;
mod differential;
mod head;
mod ops;
mod pair;
mod recv_split;

pub use chunked::chunked;
pub use differential::differential;
pub use head::head;
pub use ops::run as ops;
pub use pair::run as pair;
pub use recv_split::recv_split;

use crate::drive::Setup;
use crate::reference::{Outstanding, Role};
use http_proto::{Config, Limits};
use std::sync::Arc;

/// A target: any octets in, a panic if something does not hold.
pub type Target = fn(&[u8]);

/// Every target and its name, which is also that of its corpus in `tests/corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("chunked", chunked),
    ("differential", differential),
    ("head", head),
    ("ops", ops),
    ("pair", pair),
    ("recv_split", recv_split),
];

/// The first octet says who receives, with which bounds, and whether the input ends:
/// bit 0 the role; bits 1 and 2 what a client has asked; bit 3 small bounds; bit 4 an end.
fn control(data: &[u8]) -> Option<(Setup, bool, &[u8])> {
    let (&control, input) = data.split_first()?;
    let asked = |method: &[u8], upgrade| Outstanding { method: method.to_vec(), upgrade };
    let mut setup = match (control & 1, control >> 1 & 3) {
        (0, _) => Setup::server(),
        (_, 0) => Setup::client(&[asked(b"GET", false), asked(b"POST", false), asked(b"GET", false)]),
        (_, 1) => Setup::client(&[asked(b"HEAD", false), asked(b"GET", true)]),
        (_, 2) => Setup::client(&[asked(b"CONNECT", false)]),
        (_, _) => Setup::client(&[asked(b"GET", true), asked(b"GET", false)]),
    };
    if control & 8 != 0 {
        let mut config = Config::clone(&setup.config);
        small(setup.role, &mut config.limits);
        setup.config = Arc::new(config);
    }
    Some((setup, control & 16 != 0, input))
}

/// Bounds that a short input reaches.
fn small(role: Role, limits: &mut Limits) {
    limits.method = 8;
    limits.target = 16;
    limits.field_line = if role == Role::Server { 24 } else { 32 };
    limits.head = 120;
    limits.fields = 4;
    limits.empty_lines = 2;
    limits.chunk_extension_line = 12;
    limits.chunk_extensions = 20;
    limits.trailers = 40;
    limits.trailer_fields = 2;
    limits.interim = 2;
}
