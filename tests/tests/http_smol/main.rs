//! http-smol plays the scenarios: on its own threads, and on executors that it is given, with one thread and with two.

mod dial;
mod duplex;
mod file;
mod listeners;
mod rig;
mod stream;
mod tunnel;

mod own_thread {
    use crate::rig::Smol;

    tests::scenarios!(Smol::OwnThread);
}

mod one_thread {
    use crate::rig::Smol;

    tests::scenarios!(Smol::OneThread);
}

#[cfg(feature = "tls")]
mod secure {
    use crate::rig::Smol;

    tests::scenarios!(secure Smol::TwoThreads);
}

mod two_threads {
    use crate::rig::Smol;

    tests::scenarios!(Smol::TwoThreads);
}

// X4
#[test]
fn a_tunnel_delivers_both_ways_to_the_ends() {
    tunnel::both_ways_to_the_ends(rig::Smol::OneThread);
}
