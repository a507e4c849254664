//! The requirement matrix: every row of `tests/data/rfc9112-requirements.tsv` is either tied to a test that ran, or
//! listed in `runtime_rows.rs` with what it waits for. A row's test names it with `covers!` as its first statement.
//!
//! How rows are read:
//! - Those tagged parser, encoder or api are all covered. So are most tagged runtime, client or policy: the core takes
//!   every protocol decision, and a runtime only carries it out.
//! - A row that refers to another one (`see 9112 5.1`) is named by the checks of that one.
//! - Where a row offers a choice or a knob, the strict reading is the only one, and that is what is checked. So a
//!   Transfer-Encoding of the application's own is refused whatever it says, framing fields are no fields to set, and
//!   answers to HEAD and 304 carry no Transfer-Encoding.
//! - A row about what an application should do is checked for what it needs: that the field, the status or the flag is
//!   there and goes out as it was given.

#[macro_use]
mod matrix;
#[path = "../http_tokio/rig.rs"]
mod rig;
mod runtime_rows;
mod support;
#[path = "../http_tokio/tunnel.rs"]
mod tunnel;

mod chunked;
mod client;
mod connection;
mod encoder;
mod encoder_framing;
mod expect;
mod fields;
mod forwarding;
mod framing;
mod hosts;
mod incomplete;
mod limits;
mod lists;
mod persistence;
mod responses;
mod server;
mod start_line;
mod targets;
mod upgrade;
