//! Whether the selectors of an access review can be read. What they select is asked of no authorizer here.

use tollgate_api::{Value, names};

/// How much of a selector is ignored because it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Some of it counts.
    Partial,
    /// None of it.
    Whole,
}

impl Fault {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "partially ignored",
            Self::Whole => "ignored",
        }
    }

    /// Of so many good and bad requirements.
    const fn of(good: usize, bad: usize) -> Option<Self> {
        match (good, bad) {
            (_, 0) => None,
            (0, _) => Some(Self::Whole),
            _ => Some(Self::Partial),
        }
    }
}

/// What is wrong with the field selector of an access review, if anything.
pub(super) fn field_selector_fault(selector: &Value) -> Option<Fault> {
    fault(selector, is_field_selector, |requirement| {
        // Only what can be written as text: one value.
        matches!(requirement.str_or_empty("operator"), "In" | "NotIn")
            && requirement.items("values").len() == 1
    })
}

/// What is wrong with the label selector of an access review, if anything.
pub(super) fn label_selector_fault(selector: &Value) -> Option<Fault> {
    fault(selector, is_label_selector, |requirement| {
        matches!(
            requirement.str_or_empty("operator"),
            "In" | "NotIn" | "Exists" | "DoesNotExist"
        )
    })
}

fn fault(
    selector: &Value,
    is_readable: impl Fn(&str) -> bool,
    is_known: impl Fn(&Value) -> bool,
) -> Option<Fault> {
    let requirements = selector.items("requirements");
    if requirements.is_empty() {
        let raw = selector.str_or_empty("rawSelector");
        return Fault::of(0, usize::from(!is_readable(raw)));
    }
    let good = requirements
        .iter()
        .filter(|requirement| is_known(requirement))
        .count();
    Fault::of(good, requirements.len().saturating_sub(good))
}

/// `a=b,c!=d`, with backslashes before commas, equal signs and backslashes in values.
fn is_field_selector(text: &str) -> bool {
    let mut terms: Vec<Vec<char>> = vec![Vec::new()];
    let mut is_escaped = false;
    for letter in text.chars() {
        if letter == ',' && !is_escaped {
            terms.push(Vec::new());
        } else if let Some(term) = terms.last_mut() {
            term.push(letter);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    terms
        .iter()
        .all(|term| term.is_empty() || is_field_term(term))
}

fn is_field_term(term: &[char]) -> bool {
    let Some(place) = term.iter().position(|letter| *letter == '=') else {
        return false;
    };
    let mut rest = term.iter().skip(place.saturating_add(1)).peekable();
    let is_unequal = place > 0 && term.get(place.saturating_sub(1)) == Some(&'!');
    if !is_unequal {
        rest.next_if_eq(&&'=');
    }
    while let Some(letter) = rest.next() {
        match letter {
            '\\' if !matches!(rest.next(), Some('\\' | ',' | '=')) => return false,
            ',' | '=' => return false,
            _ => {}
        }
    }
    true
}

/// `a`, `!a`, `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a>1`, `a<1`, joined by commas.
fn is_label_selector(text: &str) -> bool {
    let tokens = label_tokens(text);
    let mut tokens = tokens.iter().map(String::as_str).peekable();
    if tokens.peek().is_none() {
        return true;
    }
    loop {
        if !is_label_requirement(&mut tokens) {
            return false;
        }
        match tokens.next() {
            None => return true,
            // A comma at the end joins nothing.
            Some(",") if tokens.peek().is_some() => {}
            Some(_) => return false,
        }
    }
}

type Tokens<'t, I> = std::iter::Peekable<I>;

fn is_label_requirement<'t, I: Iterator<Item = &'t str>>(tokens: &mut Tokens<'t, I>) -> bool {
    let is_absent = tokens.next_if_eq(&"!").is_some();
    let Some(key) = tokens.next() else {
        return false;
    };
    if !names::qualified_name(key).is_empty() {
        return false;
    }
    if is_absent || matches!(tokens.peek(), None | Some(&",")) {
        return true;
    }
    let is_value = |value: &str| names::label_value(value).is_empty();
    match tokens.next() {
        Some("=" | "==" | "!=") => match tokens.peek() {
            // No value is the empty value.
            None | Some(&",") => true,
            Some(_) => tokens.next().is_some_and(is_value),
        },
        Some(">" | "<") => tokens
            .next()
            .is_some_and(|value| value.parse::<i64>().is_ok() && is_value(value)),
        Some("in" | "notin") => is_label_list(tokens, is_value),
        _ => false,
    }
}

fn is_label_list<'t, I: Iterator<Item = &'t str>>(
    tokens: &mut Tokens<'t, I>,
    is_value: impl Fn(&str) -> bool,
) -> bool {
    if tokens.next() != Some("(") {
        return false;
    }
    let mut may_end = true;
    loop {
        match tokens.next() {
            Some(")") => return may_end,
            // Between commas stands the empty value.
            Some(",") => may_end = true,
            Some(value) if may_end && is_value(value) => may_end = true,
            _ => return false,
        }
    }
}

fn label_tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => {}
            '(' | ')' | ',' => tokens.push(letter.to_string()),
            '=' | '!' | '>' | '<' => {
                let mut token = letter.to_string();
                if matches!(letter, '=' | '!') && letters.next_if_eq(&'=').is_some() {
                    token.push('=');
                }
                tokens.push(token);
            }
            _ => {
                let mut word = letter.to_string();
                let is_word = |letter: &char| !" \t\r\n(),=!><".contains(*letter);
                while let Some(letter) = letters.next_if(is_word) {
                    word.push(letter);
                }
                tokens.push(word);
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn label_selectors_are_told_from_other_text() {
        for good in [
            "",
            "a",
            "!a",
            "a=b",
            "a == b",
            "a!=b,c",
            "x in (a, b),y notin (c)",
            "a>1",
            "a=",
            "a in ()",
        ] {
            assert!(is_label_selector(good), "{good}");
        }
        for bad in [
            "=", "a=b=c", "a b", "a in b", "a in (b", "a=b,", ",", "-a", "a>b", "a=*", "!",
        ] {
            assert!(!is_label_selector(bad), "{bad}");
        }
    }

    #[test]
    fn field_selectors_are_told_from_other_text() {
        for good in ["", "a=b", "a==b", "a!=b,c=d", "a=", "a=b\\,c", ",a=b"] {
            assert!(is_field_selector(good), "{good}");
        }
        for bad in ["a", "a=b=c", "a=\\x", "a!b", "a=b\\"] {
            assert!(!is_field_selector(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "[a-z=!<>(), \\\\]{0,24}") {
            let _ = (is_label_selector(&text), is_field_selector(&text));
        }
    }
}
