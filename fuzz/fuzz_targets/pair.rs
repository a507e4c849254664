//! Wraps `tests::fuzz::pair`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tests::fuzz::pair(data));
