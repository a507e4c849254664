//! What the tests share: an independent reference parser, the labelled wire cases, and the fuzz targets as plain
//! functions.

#![forbid(unsafe_code)]

pub mod fuzz;
pub mod pair;
pub mod reference;
