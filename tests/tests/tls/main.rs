//! TLS: handshakes and ends, both roles, in memory and virtual time; and other makes, on real sockets.

mod clients;
mod ends;
mod handshakes;
mod peers;
mod support;
