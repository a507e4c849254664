//! Python's http.client and Node's http: scripts that judge what they get, and fail where it is wrong.

use crate::child::succeed;
use crate::start;

#[tokio::test]
async fn python() {
    let (_server, address) = start();
    let told = succeed("python3", &["client.py", &address.port().to_string()], b"").await;
    assert_eq!(String::from_utf8_lossy(&told), "done\n");
}

#[tokio::test]
async fn node() {
    let (_server, address) = start();
    let told = succeed("node", &["client.mjs", &address.port().to_string()], b"").await;
    assert_eq!(String::from_utf8_lossy(&told), "done\n");
}
