//! http-tokio plays the scenarios, on one thread and on several.

mod client;
mod dial;
mod rig;
mod stream;
mod tunnel;

mod current_thread {
    use crate::rig::Tokio;

    tests::scenarios!(Tokio::CurrentThread);
}

#[cfg(feature = "tls")]
mod secure {
    use crate::rig::Tokio;

    tests::scenarios!(secure Tokio::CurrentThread);
}

mod multi_thread {
    use crate::rig::Tokio;

    tests::scenarios!(Tokio::MultiThread);
}

// X4
#[test]
fn a_tunnel_delivers_both_ways_to_the_ends() {
    tunnel::both_ways_to_the_ends(rig::Tokio::CurrentThread);
}
