//! The core against the reference parser and httparse: generated input, mutation loops, prefixes, chunk lines, limits.

mod chunk_lines;
mod generated;
mod limits;
mod mutations;
mod prefixes;
