//! All connections of a server by their numbers: those that workers have, and those that wait for their clients, in one set
//! and without a thread of their own.

use crate::serving::{Task, Told};
use http_proto::Instant;
use mio::event::Event;
use std::collections::{BTreeSet, HashMap};

pub(super) struct Parked<S> {
    places: HashMap<u64, Place<S>>,
    /// When to look at which place: never later than its deadline.
    alarms: BTreeSet<(Instant, u64)>,
}

struct Place<S> {
    /// The connection, unless a worker has it, or is to take it up.
    task: Option<Box<Task<S>>>,
    deadline: Option<Instant>,
    /// Its entry among the alarms.
    alarm: Option<Instant>,
    /// Something has happened since it was taken up, so it has to be looked at once more.
    stirred: bool,
    told: Told,
}

impl<S> Place<S> {
    fn stir(&mut self) -> Option<Box<Task<S>>> {
        self.stirred = self.task.is_none();
        self.task.take()
    }
}

impl<S> Parked<S> {
    pub(super) fn new() -> Self {
        Parked { places: HashMap::new(), alarms: BTreeSet::new() }
    }

    /// A place for a connection that is about to be taken up.
    pub(super) fn add(&mut self, number: u64) {
        let place = Place { task: None, deadline: None, alarm: None, stirred: false, told: Told::default() };
        self.places.insert(number, place);
    }

    pub(super) fn remove(&mut self, number: u64) {
        if let Some(Place { alarm: Some(alarm), .. }) = self.places.remove(&number) {
            self.alarms.remove(&(alarm, number));
        }
    }

    /// Puts a connection down until something happens or the deadline passes; it is returned if something has happened
    /// already.
    pub(super) fn park(&mut self, mut task: Box<Task<S>>, deadline: Option<Instant>) -> Option<Box<Task<S>>> {
        let number = task.shared.info.id();
        let Some(place) = self.places.get_mut(&number) else { return Some(task) };
        task.told = std::mem::take(&mut place.told);
        if std::mem::take(&mut place.stirred) {
            return Some(task);
        }
        place.task = Some(task);
        place.deadline = deadline;
        // Deadlines mostly move on, and then an alarm before them does: it is set anew when it rings.
        if let Some(deadline) = deadline
            && place.alarm.is_none_or(|alarm| alarm > deadline)
        {
            if let Some(alarm) = place.alarm.replace(deadline) {
                self.alarms.remove(&(alarm, number));
            }
            self.alarms.insert((deadline, number));
        }
        None
    }

    /// Something has happened to a connection; it is returned if it is to be taken up.
    pub(super) fn stir(&mut self, event: &Event) -> Option<Box<Task<S>>> {
        let place = self.places.get_mut(&(event.token().0 as u64))?;
        place.told.half_closed |= event.is_read_closed();
        place.told.broken |= event.is_error() || (event.is_read_closed() && event.is_write_closed());
        let Some(mut task) = place.task.take() else {
            place.stirred = true;
            return None;
        };
        task.told = std::mem::take(&mut place.told);
        Some(task)
    }

    /// The same of whatever else concerns a connection.
    pub(super) fn stir_one(&mut self, number: u64) -> Option<Box<Task<S>>> {
        self.places.get_mut(&number).and_then(Place::stir)
    }

    /// Has all connections looked at; those that are not in the hands of workers are returned.
    pub(super) fn stir_all(&mut self) -> impl Iterator<Item = Box<Task<S>>> {
        self.places.values_mut().filter_map(Place::stir)
    }

    /// One whose deadline has passed.
    pub(super) fn take_late(&mut self, now: Instant) -> Option<Box<Task<S>>> {
        while let Some(&(alarm, number)) = self.alarms.first().filter(|(alarm, _)| *alarm <= now) {
            self.alarms.remove(&(alarm, number));
            let Some(place) = self.places.get_mut(&number) else { continue };
            place.alarm = place.deadline.filter(|&deadline| place.task.is_some() && deadline > now);
            if let Some(alarm) = place.alarm {
                self.alarms.insert((alarm, number));
            } else if place.deadline.is_some_and(|deadline| deadline <= now)
                && let Some(task) = place.task.take()
            {
                return Some(task);
            }
        }
        None
    }

    /// When to look for such.
    pub(super) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first().map(|(alarm, _)| *alarm)
    }
}
