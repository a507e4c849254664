//! Any plan for two connected ends, over any link: see [`crate::pair`].

use crate::pair::plan::Plan;

/// Runs the plan that `data` describes.
pub fn run(data: &[u8]) {
    crate::pair::run(&Plan::decode(data));
}
