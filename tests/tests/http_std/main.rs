//! http-std plays the scenarios, and does what only threads do.

mod client;
mod handlers;
#[path = "../../src/on_threads.rs"]
mod on_threads;
mod parking;
mod rig;
mod scripted;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;
mod wire;

#[cfg(feature = "tls")]
mod secure {
    use crate::rig::Std;

    tests::scenarios!(secure Std);
}

mod threads {
    use crate::rig::Std;

    tests::scenarios!(Std);
}
