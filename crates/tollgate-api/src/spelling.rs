//! Names that somebody may have meant.

/// Longer names are not compared: nobody mistypes those, and the cost grows with the square.
const NAME_BYTES_MAX: usize = 128;

/// The number of letters to insert, remove or replace to make one of the other (Levenshtein), whatever their case.
pub fn distance(a: &str, b: &str) -> usize {
    let lower =
        |text: &str| -> Vec<char> { text.chars().map(|c| c.to_ascii_lowercase()).collect() };
    let (a, b) = (lower(a), lower(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let cost = usize::from(letter != other);
            let best = (diagonal + cost).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The name that differs least from `name`, if it differs in no more than a slip of the keyboard: one letter in four,
/// but at least one.
pub fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return None;
    }
    names
        .into_iter()
        .map(|other| (distance(other, name), other))
        .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("hostPorts", "HOSTPORTS"), 0);
    }

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let names = ["labels", "annotations", "name"];
        assert_eq!(nearest("lables", names), Some("labels"));
        assert_eq!(nearest("Labels", names), Some("labels"));
        assert_eq!(nearest("replicas", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"labels".repeat(100), names), None);
    }
}
