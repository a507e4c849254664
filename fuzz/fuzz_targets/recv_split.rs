//! Wraps `tests::fuzz::recv_split`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tests::fuzz::recv_split(data));
