//! [`Watched`]: a value that tasks wait for, and whoever changes it wakes them; [`lock`], for values that nobody waits for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Locks, whoever has panicked meanwhile: what is locked here is whole between any two statements.
pub fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value, and who waits for it to change.
#[derive(Debug, Default)]
pub(crate) struct Watched<V>(Mutex<(V, Vec<Waker>)>);

impl<V> Watched<V> {
    pub(crate) const fn new(value: V) -> Self {
        Watched(Mutex::new((value, Vec::new())))
    }

    fn lock(&self) -> MutexGuard<'_, (V, Vec<Waker>)> {
        lock(&self.0)
    }

    /// Looks at the value, or changes what nobody waits for.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut V) -> T) -> T {
        work(&mut self.lock().0)
    }

    /// The value itself, where nobody else can reach it.
    pub(crate) fn get_mut(&mut self) -> &mut V {
        &mut self.0.get_mut().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Changes the value, and wakes everybody.
    pub(crate) fn change(&self, change: impl FnOnce(&mut V)) {
        let mut watched = self.lock();
        change(&mut watched.0);
        let waiting = std::mem::take(&mut watched.1);
        drop(watched);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until the value is what `ready` is looking for.
    pub(crate) fn poll<T>(&self, cx: &Context<'_>, ready: impl FnOnce(&mut V) -> Option<T>) -> Poll<T> {
        let mut watched = self.lock();
        if let Some(ready) = ready(&mut watched.0) {
            return Poll::Ready(ready);
        }
        if !watched.1.iter().any(|waker| waker.will_wake(cx.waker())) {
            watched.1.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
