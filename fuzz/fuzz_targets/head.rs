//! Wraps `tests::fuzz::head`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tests::fuzz::head(data));
