//! What the tests share: an independent reference parser, the labelled wire cases, a driver that runs the core over
//! pieces of input, the fuzz targets as plain functions, and the scenarios that every runtime crate plays.

#![forbid(unsafe_code)]

pub mod cases;
#[cfg(feature = "tls")]
pub mod certificates;
pub mod differential;
pub mod drive;
pub mod examples;
pub mod fuzz;
pub mod generate;
pub mod memory;
pub mod pair;
pub mod raw;
pub mod raw_server;
pub mod reference;
pub mod scenario;
pub mod simulate;
