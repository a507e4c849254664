//! http-std with the feature `async-std` plays the scenarios on the threads of that runtime.

#[path = "../http_smol/duplex.rs"]
mod duplex;
mod rig;
mod sockets;

mod threads {
    use crate::rig::AsyncStd;

    tests::scenarios!(AsyncStd);
}

#[cfg(feature = "tls")]
mod secure {
    use crate::rig::AsyncStd;

    tests::scenarios!(secure AsyncStd);
}
