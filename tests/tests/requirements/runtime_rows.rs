//! The rows that nothing in this workspace's core can meet alone. Most rows that the table gives to the runtime are
//! decided by the core, and are covered beside the others.

/// Id, and what it waits for.
pub(crate) const RUNTIME_ROWS: &[(&str, &str)] = &[
    ("R9112-9.7-01", "the TLS adaptors: nothing before the handshake is done"),
    ("R9112-9.8-02", "the TLS adaptors: close_notify of the client"),
    ("R9112-9.8-03", "the TLS adaptors: close_notify of the server"),
    ("R9110-2.3-01", "the fuzz targets, which need no row to run"),
    ("R9110-2.4-01", "nothing of its own: the sum of the other rows"),
];
