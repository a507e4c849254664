//! The requirement matrix: every row of `tests/data/rfc9112-requirements.tsv` is either tied to a test that ran, or
//! listed in `runtime_rows.rs` with what it waits for. A row's test names it with `covers!` as its first statement.

#[macro_use]
mod matrix;
mod runtime_rows;
mod support;

mod chunked;
mod connection;
mod encoder;
mod encoder_framing;
mod expect;
mod fields;
mod framing;
mod hosts;
mod incomplete;
mod limits;
mod lists;
mod persistence;
mod responses;
mod start_line;
mod targets;
mod upgrade;
