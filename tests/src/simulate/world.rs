//! The world of a run: its clock, its network, its tasks. Time goes on when everybody rests.

use super::net::{Net, Weather};
use super::rng::Rng;
use super::tasks::Tasks;
use super::trace::Trace;
use crate::memory::Clock;
use http_proto::Instant;
use std::time::Duration;

/// The world.
pub struct World {
    /// Its clock.
    pub clock: Clock,
    /// Its network.
    pub net: Net,
    /// What goes on in it.
    pub tasks: Tasks,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64, weather: &Weather, trace: &Trace) -> Self {
        let clock = Clock::new();
        let mut rng = Rng::new(seed ^ 0xa5a5);
        let tasks = Tasks::new(rng.split());
        let net = Net::new(weather.clone(), rng.split(), clock.clone(), trace.clone());
        World { clock, net, tasks }
    }

    /// Everything that can happen now, happens.
    pub fn settle(&mut self) {
        self.net.deliver();
        self.tasks.turn();
    }

    /// It is the time of what comes next. False: that is behind `end`, or nothing comes any more.
    pub fn advance(&mut self, end: Instant) -> bool {
        let next = [self.clock.next(), self.net.next()].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.clock.advance_to(next.max(self.clock.now()));
        true
    }

    /// Lets time go by, for so long at most: until nothing comes any more.
    pub fn pass(&mut self, most: Duration) {
        let end = self.clock.now().saturating_add(most);
        self.settle();
        while self.advance(end) {
            self.settle();
        }
    }
}
