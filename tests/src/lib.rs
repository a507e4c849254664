//! What the tests share: an independent reference parser, the labelled wire cases, a driver that runs the core over
//! pieces of input, and the fuzz targets as plain functions.

#![forbid(unsafe_code)]

pub mod cases;
pub mod differential;
pub mod drive;
pub mod examples;
pub mod fuzz;
pub mod generate;
pub mod memory;
pub mod pair;
pub mod reference;
