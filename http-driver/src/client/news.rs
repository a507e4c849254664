//! [`News`]: what the task that watches over idle connections is told.

use crate::watched::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};
use std::task::Waker;

#[derive(Default)]
pub(super) struct News {
    /// The task is there.
    pub(super) begun: AtomicBool,
    /// Connections have become idle since it last looked.
    pub(super) fresh: AtomicBool,
    pub(super) task: Mutex<Option<Waker>>,
}

impl News {
    /// A connection has become idle.
    pub(super) fn note(&self) {
        if !self.fresh.swap(true, AcqRel) {
            self.wake();
        }
    }

    /// Has the task look.
    pub(super) fn wake(&self) {
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}
