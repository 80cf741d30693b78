//! A list that needs no allocation while it is short.

/// A list of copies whose first `N` members live in the list itself.
#[derive(Debug, Clone)]
pub(super) struct Few<T, const N: usize> {
    inline: [T; N],
    len: usize,
    // Invariant: empty, or all members.
    spilled: Vec<T>,
}

impl<T: Copy, const N: usize> Few<T, N> {
    /// A list without members; `filler` stands in the places that are not used.
    pub(super) fn new(filler: T) -> Self {
        Self {
            inline: [filler; N],
            len: 0,
            spilled: Vec::new(),
        }
    }

    /// Appends a member.
    pub(super) fn push(&mut self, member: T) {
        if let Some(place) = self.inline.get_mut(self.len) {
            *place = member;
        } else {
            if self.spilled.is_empty() {
                self.spilled.extend_from_slice(&self.inline);
            }
            self.spilled.push(member);
        }
        self.len += 1;
    }

    /// The members in order.
    pub(super) fn as_slice(&self) -> &[T] {
        if self.spilled.is_empty() {
            self.inline.get(..self.len).unwrap_or_default()
        } else {
            &self.spilled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_when_it_spills() {
        for count in 0..7_usize {
            let mut few: Few<usize, 3> = Few::new(99);
            (0..count).for_each(|member| few.push(member));
            assert_eq!(few.as_slice(), (0..count).collect::<Vec<_>>());
        }
    }
}
