//! Where URIs lead.

use http_driver::{Target, UriError};

// RFC 3986 section 3.2.2: what is in brackets is an address, and never a name, whatever it looks like without them.
#[test]
fn an_address_of_the_future_is_no_name() {
    for uri in ["http://[v1.name]/", "http://[vF.a:b]:80/", "https://[V1.localhost]/"] {
        assert_eq!(Target::of(&uri.parse().unwrap()), Err(UriError::InvalidHost), "{uri}");
    }
    let target = Target::of(&"http://[2001:DB8::1]:81/".parse().unwrap()).unwrap();
    assert_eq!(
        (target.host(), target.port(), target.to_string().as_str()),
        ("2001:db8::1", 81, "http://[2001:db8::1]:81")
    );
}
