//! http-std plays the scenarios, and does what only threads do.

mod client;
mod handlers;
mod parking;
mod rig;
mod scripted;
mod stream;
mod upgrade;
mod wire;

mod threads {
    use crate::rig::Std;

    tests::scenarios!(Std);
}
