//! From text to a program, if the text is neither too long nor too deep: parser, checker and interpreter go down into an
//! expression step by step, and the stack has an end.

use super::library;
use super::place::{self, Problem};
use ::cel::Program;

/// How long an expression may be.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// How many steps lead down into an expression at most. The parser allows 96 brackets within each other; this bounds what
/// needs none, such as a sum or a chain of calls.
const DEPTH_MAX: usize = 1000;

/// Reads an expression; what is wrong with it is told as cel-go tells it.
pub(crate) fn parse(text: &str) -> Result<Program, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("expression is longer than {TEXT_BYTES_MAX} bytes"));
    }
    if depth(text) > DEPTH_MAX {
        return Err(format!(
            "ERROR: <input>:-1:0: expression recursion limit exceeded: {DEPTH_MAX}"
        ));
    }
    library::environment().compile(text).map_err(|errors| {
        let problems = errors.errors.iter().map(Problem::of_syntax);
        place::told(text, problems.collect())
    })
}

/// How deep an expression is at most: each operator makes what stands before it one deeper, until something begins anew.
fn depth(text: &str) -> usize {
    // How many operators there were since the last beginning, for each bracket that is open.
    let mut levels: Vec<usize> = vec![0];
    let (mut now, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        rest = match letter {
            '\'' | '"' => behind_text(rest, letter, false),
            'r' | 'R' if after.starts_with(['\'', '"']) => {
                let quote = after.chars().next().unwrap_or(letter);
                behind_text(after, quote, true)
            }
            '/' if after.starts_with('/') => {
                let (_, next) = after.split_once('\n').unwrap_or_default();
                next
            }
            _ if letter == '_' || letter.is_alphanumeric() => {
                let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric());
                let (word, next) = rest.split_at(end.unwrap_or(rest.len()));
                deepen(&mut levels, &mut now, usize::from(word == "in"));
                // The letter before a text that is no word.
                let is_raw = word.len() == 2 && word.contains(['r', 'R']);
                match next.chars().next().filter(|_| is_raw) {
                    Some(quote @ ('\'' | '"')) => behind_text(next, quote, true),
                    _ => next,
                }
            }
            '(' | '[' | '{' => {
                deepen(&mut levels, &mut now, 1);
                levels.push(0);
                after
            }
            ')' | ']' | '}' => {
                if levels.len() > 1 {
                    now = now.saturating_sub(levels.pop().unwrap_or_default());
                }
                after
            }
            ',' | '&' | '|' => {
                // The parser makes balanced trees of what is joined by `&&` and `||`.
                if let Some(level) = levels.last_mut() {
                    now = now.saturating_sub(std::mem::take(level));
                }
                after
            }
            '.' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '?' => {
                deepen(&mut levels, &mut now, 1);
                after
            }
            _ => after,
        };
        deepest = deepest.max(now);
    }
    deepest
}

fn deepen(levels: &mut [usize], now: &mut usize, by: usize) {
    if let Some(level) = levels.last_mut() {
        *level = level.saturating_add(by);
        *now = now.saturating_add(by);
    }
}

/// What follows a text that begins with a quote.
fn behind_text(text: &str, quote: char, is_raw: bool) -> &str {
    let triple: String = [quote; 3].iter().collect();
    let (inner, end) = match text.strip_prefix(&triple) {
        Some(inner) => (inner, triple.as_str()),
        None => (
            text.strip_prefix(quote).unwrap_or(text),
            triple.get(..1).unwrap_or_default(),
        ),
    };
    let mut rest = inner;
    loop {
        if let Some(after) = rest.strip_prefix(end) {
            return after;
        }
        let mut letters = rest.chars();
        match letters.next() {
            None => return "",
            // No letter that is escaped ends a text.
            Some('\\') if !is_raw => {
                letters.next();
            }
            Some(_) => {}
        }
        rest = letters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chains_are_refused_and_long_lists_are_not() {
        let sum = vec!["1"; 10_000].join(" + ");
        let refused = parse(&sum).unwrap_err();
        assert_eq!(
            refused,
            "ERROR: <input>:-1:0: expression recursion limit exceeded: 1000"
        );
        let links = [
            ("object", ".a"),
            ("object", "[0]"),
            ("object", ".size()"),
            ("1", " in object"),
            ("1", " - 1"),
            ("1", " == 1"),
            ("1", " ? 1 : 1"),
        ];
        for (start, link) in links {
            let text = format!("{start}{}", link.repeat(1_001));
            assert!(parse(&text).is_err(), "{link}");
            let text = format!("{start}{}", link.repeat(10));
            assert!(depth(&text) >= 10, "{link}");
        }
        let list = format!("[{}].size() == 1", vec!["1 + 1"; 5_000].join(", "));
        assert!(parse(&list).is_ok());
        let either = vec!["object.a == 1"; 2_000].join(" || ");
        assert!(parse(&either).is_ok());
    }

    #[test]
    fn what_stands_in_texts_and_comments_makes_nothing_deep() {
        let noise = ".+-([{".repeat(2_000);
        for text in [
            format!("'{noise}' == ''"),
            format!("r'{noise}\\' == ''"),
            format!("'''{noise}'a'\n''' == ''"),
            format!("\"\\\"{noise}\" == ''"),
            format!("br\"{noise}\" == b''"),
            format!("true // {noise}\n == true"),
        ] {
            assert!(depth(&text) < 10, "{}", depth(&text));
        }
        assert_eq!(depth("''"), 0);
        assert_eq!(depth("'"), 0);
        assert_eq!(depth(")))"), 0);
        assert_eq!(depth("é.ü"), 1);
    }
}
