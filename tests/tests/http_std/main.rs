//! http-std plays the scenarios, and does what only threads do.

mod rig;

mod threads {
    use crate::rig::Std;

    tests::scenarios!(Std);
}
