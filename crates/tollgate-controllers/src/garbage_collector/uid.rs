//! Unique ids in little room: the graph names every object of the cluster by its own and once more by that of its owner.

use tollgate_api::value::CompactString;

/// A unique id. A UUID takes sixteen bytes instead of a text on the heap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Uid {
    /// As the server makes them: `0a1b2c3d-…` in small letters.
    Uuid([u8; 16]),
    /// Anything else: owners are named by whatever somebody has written.
    Other(CompactString),
}

/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl Uid {
    /// The id that is written so.
    pub(super) fn of(text: &str) -> Self {
        parse(text).map_or_else(|| Self::Other(text.into()), Self::Uuid)
    }
}

fn parse(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut digits = Vec::new();
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'-' if HYPHENS.contains(&place) => {}
            _ if HYPHENS.contains(&place) => return None,
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'a'..=b'f' => digits.push(byte - b'a' + 10),
            _ => return None,
        }
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_as_the_server_writes_it_is_taken_for_a_uuid() {
        let id = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8ff";
        let bytes = [
            0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71, 0x82, 0x93, 0xa4, 0xb5, 0xc6, 0xd7,
            0xe8, 0xff,
        ];
        assert_eq!(Uid::of(id), Uid::Uuid(bytes));
        for other in [
            "",
            "u",
            "0A1b2c3d-4e5f-6071-8293-a4b5c6d7e8ff",
            "0a1b2c3d04e5f-6071-8293-a4b5c6d7e8ff",
            "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f",
            "0a1b2c3-d4e5f-6071-8293-a4b5c6d7e8ff",
        ] {
            assert_eq!(Uid::of(other), Uid::Other(other.into()));
        }
    }
}
