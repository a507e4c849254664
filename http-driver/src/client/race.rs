//! Several addresses, one connection: RFC 8305 (Happy Eyeballs), sections 4 and 5. Knows neither sockets nor names.

use crate::Timer;
use std::collections::HashSet;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// The order in which addresses are tried: each once, the families in turn, that of the first address first. Within a
/// family the order stays as it was: that of RFC 6724, if the system has resolved the name.
pub(super) fn order(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut seen = HashSet::new();
    addresses.retain(|address| seen.insert(*address));
    let count = addresses.len();
    let ipv4_first = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv4() == ipv4_first);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = Vec::with_capacity(count);
    while ordered.len() < count {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

/// Opens one connection, to the candidate that is the first to answer. They are tried in order: the next one when `delay`
/// has passed since the last one was begun, or at once when any has failed. Those that come too late are dropped.
///
/// # Errors
/// All have failed: what the first one said. `None` if there was none.
pub(super) async fn race<C, A, O, E>(
    candidates: Vec<C>,
    open: impl Fn(C) -> A,
    delay: Duration,
    mut timer: impl Timer,
) -> Result<O, Option<E>>
where
    A: Future<Output = Result<O, E>>,
{
    let mut candidates = candidates.into_iter().enumerate();
    let mut attempts: Vec<(usize, Pin<Box<A>>)> = Vec::new();
    let mut first_said = None;
    poll_fn(|cx| {
        loop {
            let mut failed = false;
            let mut place = 0;
            // They all have the waker of this task: it cannot be told which of them has woken it.
            while let Some((index, attempt)) = attempts.get_mut(place) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(opened)) => return Poll::Ready(Ok(opened)),
                    Poll::Ready(Err(error)) => {
                        if *index == 0 {
                            first_said = Some(error);
                        }
                        attempts.remove(place);
                        failed = true;
                    }
                    Poll::Pending => place += 1,
                }
            }
            if candidates.len() == 0 {
                let over = attempts.is_empty();
                return if over { Poll::Ready(Err(first_said.take())) } else { Poll::Pending };
            }
            if !failed && !attempts.is_empty() && timer.poll(cx).is_pending() {
                return Poll::Pending;
            }
            attempts.extend(candidates.next().map(|(index, candidate)| (index, Box::pin(open(candidate)))));
            if candidates.len() > 0 {
                timer.reset(timer.now().saturating_add(delay));
            }
        }
    })
    .await
}
