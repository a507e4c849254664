//! The fuzz targets as plain functions of octets: they panic where something is wrong.

pub mod ops;
pub mod pair;
