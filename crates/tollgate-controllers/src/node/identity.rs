//! Identifiers that look like those of a runtime and follow from names alone: the same container has the same id.

/// `digits` lower case hexadecimal digits that follow from `parts`.
pub(crate) fn hex(parts: &[&str], digits: usize) -> String {
    let mut text = String::with_capacity(digits.saturating_add(16));
    let mut round = 0;
    while text.len() < digits {
        text.push_str(&format!("{:016x}", hash(parts, round)));
        round += 1;
    }
    text.truncate(digits);
    text
}

/// A UUID that follows from `parts`.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let digits = hex(parts, 32);
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// 64 bits that follow from `parts`: FNV-1a, then mixed, because short inputs leave its high bits alike.
pub(crate) fn hash(parts: &[&str], round: u64) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_ids_of_the_right_form() {
        assert_eq!(hex(&["a"], 64).len(), 64);
        assert_ne!(hex(&["a", "b"], 64), hex(&["ab"], 64));
        assert_eq!(uuid(&["a"]), uuid(&["a"]));
        let parts: Vec<_> = uuid(&["a"]).split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }
}
