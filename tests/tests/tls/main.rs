//! TLS: handshakes and ends, both roles; in memory and virtual time.

mod clients;
mod ends;
mod handshakes;
mod support;
