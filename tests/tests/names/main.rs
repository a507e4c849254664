//! Moving an application to another runtime is one changed `use`: two files that use the public names are compiled against
//! each crate. That they compile is all that is tested; nothing of them runs.

#![allow(dead_code)]
// That is the point.
#![allow(clippy::duplicate_mod)]

/// Waits for what this gives.
macro_rules! wait {
    ($future:expr) => {
        $future.await
    };
}

/// Functions that may wait.
macro_rules! waits {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block)*) => {
        $(async fn $name($($argument: $type),*) -> $output $body)*
    };
}

/// A server that has begun. Nothing can be wanting for that.
macro_rules! begun {
    ($handle:expr) => {
        $handle
    };
}

mod async_std;
mod smol;
mod tokio;

/// Methods of threads wait.
macro_rules! wait {
    ($output:expr) => {
        $output
    };
}

macro_rules! waits {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block)*) => {
        $(fn $name($($argument: $type),*) -> $output $body)*
    };
}

/// Threads may be wanting.
macro_rules! begun {
    ($handle:expr) => {
        $handle?
    };
}

mod threads;

/// It has done so by being compiled.
#[test]
fn the_same_names_are_everywhere() {}
