//! The rows that nothing in this workspace's core can meet alone. Most rows that the table gives to the runtime are
//! decided by the core, and are covered beside the others.

/// Id, and what it waits for.
pub(crate) const RUNTIME_ROWS: &[(&str, &str)] = &[
    ("R9112-9.3.2-03", "the client's pool: a retry after a broken pipeline sends one request at a time"),
    ("R9112-9.4-01", "the client's pool: how many connections to one server"),
    ("R9112-9.7-01", "the TLS adaptors: nothing before the handshake is done"),
    ("R9112-9.8-02", "the TLS adaptors: close_notify of the client"),
    ("R9112-9.8-03", "the TLS adaptors: close_notify of the server"),
    ("R9110-2.3-01", "the fuzz targets, which need no row to run"),
    ("R9110-2.4-01", "nothing of its own: the sum of the other rows"),
    ("R9110-9.2.2-01", "the client's pool: which requests are sent again by themselves"),
    ("R9110-10.1.1-05", "the client: 417 repeats the request without the expectation"),
];
