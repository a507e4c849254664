//! Python's http.client and Node's http: scripts that judge what they get, and fail where it is wrong.

use crate::child::succeed;
use crate::runtimes::Runtime;
use crate::{on_every_server, start};

on_every_server! {
    async python,
    async node,
}

async fn python(on: Runtime) {
    let (_server, address) = start(on);
    let told = succeed("python3", &["client.py", &address.port().to_string()], b"").await;
    assert_eq!(String::from_utf8_lossy(&told), "done\n");
}

async fn node(on: Runtime) {
    let (_server, address) = start(on);
    let told = succeed("node", &["client.mjs", &address.port().to_string()], b"").await;
    assert_eq!(String::from_utf8_lossy(&told), "done\n");
}
