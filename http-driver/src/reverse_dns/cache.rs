//! The names of addresses that were looked up lately. All of them are kept equally long, so the oldest goes first.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Addresses that are remembered: some hundred KiB.
const ADDRESSES: usize = 4096;
/// How long they are: names of addresses rarely change, but a lookup may have failed for a passing reason.
const AGE: Duration = Duration::from_secs(600);

/// `None` where there is no name.
type Name = Option<Arc<str>>;

#[derive(Debug, Default)]
pub(super) struct Cache {
    names: HashMap<IpAddr, Name>,
    /// The addresses in the order of their lookups, each with the time of it.
    order: VecDeque<(IpAddr, Instant)>,
}

impl Cache {
    /// What is known of an address.
    pub(super) fn get(&mut self, address: IpAddr, now: Instant) -> Option<Name> {
        while self.order.front().is_some_and(|(_, since)| now.saturating_duration_since(*since) >= AGE) {
            self.forget();
        }
        self.names.get(&address).cloned()
    }

    /// Remembers an address of which nothing is known.
    pub(super) fn insert(&mut self, address: IpAddr, name: Name, now: Instant) {
        if self.order.len() >= ADDRESSES {
            self.forget();
        }
        if self.names.insert(address, name).is_none() {
            self.order.push_back((address, now));
        }
    }

    fn forget(&mut self) {
        if let Some((oldest, _)) = self.order.pop_front() {
            self.names.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES, AGE, Cache};
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    fn address(index: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(index as u32))
    }

    #[test]
    fn old_names_are_forgotten() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.insert(address(1), Some("one".into()), now);
        cache.insert(address(2), None, now + Duration::from_nanos(1));
        let last = now + AGE - Duration::from_nanos(1);
        assert_eq!(cache.get(address(1), last), Some(Some("one".into())));
        assert_eq!(cache.get(address(1), now + AGE), None);
        assert_eq!(cache.get(address(2), now + AGE), Some(None));
    }

    #[test]
    fn the_oldest_makes_room() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        for index in 0..=ADDRESSES {
            cache.insert(address(index), None, now);
        }
        assert_eq!(cache.get(address(0), now), None);
        assert_eq!(cache.get(address(1), now), Some(None));
        assert_eq!((cache.names.len(), cache.order.len()), (ADDRESSES, ADDRESSES));
    }
}
