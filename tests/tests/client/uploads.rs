//! Content of requests on its way: beside an answer that has begun, and cut off.

use super::site::{HELLO, Site, post};

// I10: nothing else wakes the connection then.
#[test]
fn a_connection_is_free_when_the_last_octet_of_the_request_has_left() {
    let mut site = Site::new();
    site.lines.limit(900);
    let (task, peer) = site.open(post(vec![b'x'; 1000]));
    site.answer(&peer, HELLO);
    let response = task.done().unwrap();
    assert_eq!(site.text(response), "hello");
    assert_eq!(site.client.connections().idle, 0);
    peer.read();
    site.world.turn();
    assert_eq!(site.client.connections().idle, 1);
}
