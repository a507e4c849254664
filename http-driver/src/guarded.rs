//! Calls of what the application has handed in.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls what the application has handed in; `None`: it has panicked. That must take neither the connection along nor the
/// accept loop; and in a connection that is dropped because of a panic another one would end the process.
pub fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}
