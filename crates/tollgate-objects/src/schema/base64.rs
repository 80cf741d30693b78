//! Standard base64, only to tell whether it can be decoded.

/// The offset at which Go's decoder gives up, if it does. Line breaks are skipped.
pub(super) fn illegal_at(text: &str) -> Option<usize> {
    let mut quantum = 0_usize;
    let mut characters = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    while let Some((at, byte)) = characters.next() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => quantum = (quantum + 1) % 4,
            b'=' if quantum >= 2 => {
                if quantum == 2 {
                    match characters.next() {
                        Some((_, b'=')) => {}
                        Some((at, _)) => return Some(at),
                        None => return Some(text.len()),
                    }
                }
                return characters.next().map(|(at, _)| at);
            }
            _ => return Some(at),
        }
    }
    // An unfinished quantum is reported where it begins.
    (quantum != 0).then(|| text.len() - quantum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_cannot_be_decoded() {
        for good in ["", "YQ==", "YWI=", "YWJj", "YW\nJj", "+/+/"] {
            assert_eq!(illegal_at(good), None, "{good}");
        }
        for (bad, at) in [
            ("!", 0),
            ("YQ=", 3),
            ("YQ==x", 4),
            ("Y", 0),
            ("YWJjY", 4),
            ("=", 0),
            ("YQ=a", 3),
        ] {
            assert_eq!(illegal_at(bad), Some(at), "{bad}");
        }
    }
}
