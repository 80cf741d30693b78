//! Addresses of nodes and pods, out of two ranges that are ours alone.
//!
//! Each node has a slot. The slot gives the node its own address, from 172.16.0.0/12, and its range of pod addresses, a /22
//! of 10.128.0.0/9. Nothing listens on these addresses.

use std::collections::{BTreeMap, BTreeSet};

/// 172.16.0.2: the first address of a node; the one before is the gateway in such networks.
const NODES_BASE: u32 = 0xac10_0002;
/// 10.128.0.0
const PODS_BASE: u32 = 0x0a80_0000;
/// Bits of a pod's address that the node gives.
const POD_BITS: u32 = 10;
/// Slots that the range of pods has.
const SLOTS: u32 = 1 << (23 - POD_BITS);
/// The network, its gateway and its broadcast address are no pod's.
const FIRST_POD: u32 = 2;
const LAST_POD: u32 = (1 << POD_BITS) - 2;

/// The place of a node in both ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u32);

impl Slot {
    /// The slot whose range of pod addresses is written so.
    pub fn of_pod_cidr(text: &str) -> Option<Self> {
        let address = text
            .strip_suffix("/22")?
            .parse::<std::net::Ipv4Addr>()
            .ok()?;
        let offset = address.to_bits().checked_sub(PODS_BASE)?;
        let slot = offset >> POD_BITS;
        (slot < SLOTS && slot << POD_BITS == offset).then_some(Self(slot))
    }

    /// The address of the node.
    pub fn node_ip(self) -> String {
        written(NODES_BASE.saturating_add(self.0))
    }

    /// The range of the node's pods.
    pub fn pod_cidr(self) -> String {
        format!("{}/22", written(self.base()))
    }

    fn base(self) -> u32 {
        PODS_BASE.saturating_add(self.0 << POD_BITS)
    }
}

fn written(bits: u32) -> String {
    std::net::Ipv4Addr::from_bits(bits).to_string()
}

/// Gives every node of `names` a slot: the one it has already, else the first that is free.
///
/// `taken` holds the ranges of the nodes that are stored, whether simulated or not.
pub fn assign_slots<'n>(
    names: impl Iterator<Item = &'n str>,
    taken: &BTreeMap<String, String>,
) -> BTreeMap<String, Slot> {
    let mut used: BTreeSet<Slot> = taken
        .values()
        .filter_map(|cidr| Slot::of_pod_cidr(cidr))
        .collect();
    let mut next = 0;
    let mut assigned = BTreeMap::new();
    for name in names {
        let own = taken.get(name).and_then(|cidr| Slot::of_pod_cidr(cidr));
        let slot = own.unwrap_or_else(|| {
            while used.contains(&Slot(next)) {
                next = next.saturating_add(1);
            }
            used.insert(Slot(next));
            Slot(next)
        });
        assigned.insert(name.to_owned(), slot);
    }
    assigned
}

/// The addresses of one node's pods: which pod has which.
#[derive(Debug)]
pub struct PodAddresses {
    slot: Slot,
    by_pod: BTreeMap<String, u32>,
    used: BTreeSet<u32>,
    last: u32,
}

impl PodAddresses {
    /// All addresses of the slot, none given yet.
    pub fn new(slot: Slot) -> Self {
        Self {
            slot,
            by_pod: BTreeMap::new(),
            used: BTreeSet::new(),
            last: FIRST_POD - 1,
        }
    }

    /// The address of the pod with this uid: what it has, what its status says, or the next that is free. `None` if
    /// all are given.
    pub fn address(&mut self, uid: &str, in_status: Option<&str>) -> Option<String> {
        if let Some(number) = self.by_pod.get(uid) {
            return Some(self.written(*number));
        }
        let stated = in_status
            .and_then(|text| text.parse::<std::net::Ipv4Addr>().ok())
            .and_then(|address| address.to_bits().checked_sub(self.slot.base()))
            .filter(|number| (FIRST_POD..=LAST_POD).contains(number))
            .filter(|number| !self.used.contains(number));
        let number = stated.or_else(|| self.next_free())?;
        self.used.insert(number);
        self.by_pod.insert(uid.to_owned(), number);
        Some(self.written(number))
    }

    /// Takes back the address of a pod that is no more.
    pub fn release(&mut self, uid: &str) {
        if let Some(number) = self.by_pod.remove(uid) {
            self.used.remove(&number);
        }
    }

    /// The next free address after the one given last: an address that was taken back rests as long as possible.
    fn next_free(&mut self) -> Option<u32> {
        let after_last = self.last.saturating_add(1)..=LAST_POD;
        let number = after_last
            .chain(FIRST_POD..=self.last)
            .find(|number| !self.used.contains(number))?;
        self.last = number;
        Some(number)
    }

    fn written(&self, number: u32) -> String {
        written(self.slot.base().saturating_add(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_read_from_the_range_that_it_wrote() {
        for slot in [0, 1, 4_999, SLOTS - 1] {
            let slot = Slot(slot);
            assert_eq!(Slot::of_pod_cidr(&slot.pod_cidr()), Some(slot));
        }
        assert_eq!(Slot(0).pod_cidr(), "10.128.0.0/22");
        assert_eq!(Slot(1).pod_cidr(), "10.128.4.0/22");
        assert_eq!(Slot(1).node_ip(), "172.16.0.3");
        for text in [
            "",
            "10.128.1.0/22",
            "10.128.0.0/24",
            "11.0.0.0/22",
            "10.0.0.0/22",
        ] {
            assert_eq!(Slot::of_pod_cidr(text), None, "{text}");
        }
    }

    #[test]
    fn nodes_keep_their_slots_and_new_ones_take_what_is_free() {
        let taken = BTreeMap::from([
            ("node-0".to_owned(), Slot(1).pod_cidr()),
            ("gone".to_owned(), Slot(0).pod_cidr()),
            ("other".to_owned(), "192.168.0.0/24".to_owned()),
        ]);
        let slots = assign_slots(["node-0", "node-1", "node-2"].into_iter(), &taken);
        let slots: Vec<_> = slots.into_values().collect();
        assert_eq!(slots, [Slot(1), Slot(2), Slot(3)]);
    }

    #[test]
    fn no_two_pods_have_the_same_address() {
        let mut addresses = PodAddresses::new(Slot(0));
        assert_eq!(addresses.address("a", None).unwrap(), "10.128.0.2");
        assert_eq!(
            addresses.address("b", Some("10.128.0.2")).unwrap(),
            "10.128.0.3"
        );
        assert_eq!(
            addresses.address("c", Some("10.128.3.7")).unwrap(),
            "10.128.3.7"
        );
        addresses.release("a");
        assert_eq!(addresses.address("d", None).unwrap(), "10.128.0.4");
        assert_eq!(addresses.address("b", None).unwrap(), "10.128.0.3");
        let more = (0..2_000)
            .map_while(|pod| addresses.address(&pod.to_string(), None))
            .count();
        assert_eq!(more, 1_021 - 3);
    }
}
