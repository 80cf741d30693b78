//! Clients by their addresses, and how many connections each has.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

type Counts = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// The clients that are connected.
#[derive(Debug, Default)]
pub(super) struct Clients(Counts);

/// One connection of a client; its place is free again once this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    counts: Counts,
    client: IpAddr,
}

impl Clients {
    /// A place for one more connection of the client; none if it has `most` already.
    pub(super) fn enter(&self, client: IpAddr, most: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place {
            counts: Arc::clone(&self.0),
            client,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_as_many_places_as_it_may_and_gets_them_back() {
        let clients = Clients::default();
        let (one, other) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        let first = clients.enter(one, 2).unwrap();
        let _second = clients.enter(one, 2).unwrap();
        assert!(clients.enter(one, 2).is_none());
        assert!(clients.enter(other, 2).is_some());
        drop(first);
        assert!(clients.enter(one, 2).is_some());
        assert_eq!(clients.0.lock().unwrap().len(), 1);
    }
}
