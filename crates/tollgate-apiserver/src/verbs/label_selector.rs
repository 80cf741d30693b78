//! Label selectors as text, as list requests carry them: `app=web,tier in (a, b),!old`.

use std::collections::BTreeSet;
use tollgate_api::field::{Error, Path};
use tollgate_api::names;

/// What the labels of an object must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    DoesNotExist,
    GreaterThan(i64),
    LessThan(i64),
}

impl LabelSelector {
    /// Reads a selector; the error is in upstream's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            tokens: tokens(text),
            next: 0,
        };
        let requirements = parser.requirements()?;
        Ok(Self { requirements })
    }

    /// The selector of an object's field: `matchLabels` and `matchExpressions`.
    pub fn from_value(selector: &tollgate_api::Value) -> Self {
        let labels = selector
            .str_entries("matchLabels")
            .map(|(key, value)| Requirement {
                key: key.to_owned(),
                test: Test::In(BTreeSet::from([value.to_owned()])),
            });
        let expressions = selector.items("matchExpressions").iter().map(|expression| {
            let values = expression.items("values").iter();
            let values = values
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect();
            Requirement {
                key: expression.str_or_empty("key").to_owned(),
                test: match expression.str_or_empty("operator") {
                    "In" => Test::In(values),
                    "NotIn" => Test::NotIn(values),
                    "Exists" => Test::Exists,
                    _ => Test::DoesNotExist,
                },
            }
        });
        Self {
            requirements: labels.chain(expressions).collect(),
        }
    }

    /// Whether every object matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether labels match; `label` looks one up.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = label(&requirement.key);
            match &requirement.test {
                Test::In(values) => value.is_some_and(|value| values.contains(value)),
                Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Test::Exists => value.is_some(),
                Test::DoesNotExist => value.is_none(),
                Test::GreaterThan(bound) => number(value).is_some_and(|value| value > *bound),
                Test::LessThan(bound) => number(value).is_some_and(|value| value < *bound),
            }
        })
    }
}

fn number(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Identifier(String),
    /// `in` and `notin`: operators in one place, values in another.
    Word(String),
    Symbol(&'static str),
    Wrong(String),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Identifier(text) | Self::Word(text) | Self::Wrong(text) => text,
            Self::Symbol(text) => text,
        }
    }
}

const SYMBOLS: [&str; 9] = [")", ",", "!", "==", "=", ">", "<", "!=", "("];
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

fn is_special(byte: u8) -> bool {
    b"=!(),><".contains(&byte)
}

fn is_space(byte: u8) -> bool {
    b" \t\r\n".contains(&byte)
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.bytes().next() else {
            return tokens;
        };
        let end = if is_special(first) {
            symbol_length(rest)
        } else {
            let end = rest
                .bytes()
                .position(|byte| is_special(byte) || is_space(byte));
            end.unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after;
        tokens.push(match SYMBOLS.into_iter().find(|symbol| *symbol == token) {
            Some(symbol) => Token::Symbol(symbol),
            None if is_special(first) => {
                Token::Wrong(format!("error expected: keyword found '{token}'"))
            }
            None if matches!(token, "in" | "notin") => Token::Word(token.to_owned()),
            None => Token::Identifier(token.to_owned()),
        });
    }
}

/// How long the longest symbol at the start is.
fn symbol_length(text: &str) -> usize {
    SYMBOLS
        .into_iter()
        .filter(|symbol| text.starts_with(symbol))
        .map(str::len)
        .max()
        .unwrap_or(1)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn look(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next = self.next.saturating_add(1);
        token
    }

    /// The text of the next token; empty at the end.
    fn text(token: Option<&Token>) -> &str {
        token.map_or("", Token::text)
    }

    fn is_value(token: Option<&Token>) -> bool {
        matches!(token, Some(Token::Identifier(_) | Token::Word(_)))
    }

    fn is_symbol(token: Option<&Token>, symbol: &str) -> bool {
        matches!(token, Some(Token::Symbol(found)) if *found == symbol)
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            let token = self.look();
            if token.is_none() {
                return Ok(requirements);
            }
            if !Self::is_value(token) && !Self::is_symbol(token, "!") {
                return Err(format!(
                    "found '{}', expected: !, identifier, or 'end of string'",
                    Self::text(token)
                ));
            }
            let requirement = self.requirement();
            requirements
                .push(requirement.map_err(|why| format!("unable to parse requirement: {why}"))?);
            let token = self.take();
            if token.is_none() {
                return Ok(requirements);
            }
            if !Self::is_symbol(token.as_ref(), ",") {
                return Err(format!(
                    "found '{}', expected: ',' or 'end of string'",
                    Self::text(token.as_ref())
                ));
            }
            let token = self.look();
            if !Self::is_value(token) && !Self::is_symbol(token, "!") {
                return Err(format!(
                    "found '{}', expected: identifier after ','",
                    Self::text(token)
                ));
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.take();
        let absent = Self::is_symbol(token.as_ref(), "!");
        if absent {
            token = self.take();
        }
        if !Self::is_value(token.as_ref()) {
            let text = Self::text(token.as_ref());
            return Err(format!("found '{text}', expected: identifier"));
        }
        let key = Self::text(token.as_ref()).to_owned();
        check_key(&key)?;
        let next = self.look();
        let ends = next.is_none() || Self::is_symbol(next, ",");
        let test = if absent {
            Test::DoesNotExist
        } else if ends {
            Test::Exists
        } else {
            self.test(&key)?
        };
        Ok(Requirement { key, test })
    }

    fn test(&mut self, key: &str) -> Result<Test, String> {
        let operator = self.take();
        let operator = match operator {
            Some(Token::Word(word)) => word,
            Some(Token::Symbol(symbol @ ("=" | "==" | "!=" | ">" | "<"))) => symbol.to_owned(),
            other => {
                let text = Self::text(other.as_ref());
                return Err(format!("found '{text}', expected: {OPERATORS}"));
            }
        };
        let values = match operator.as_str() {
            "in" | "notin" => self.values()?,
            _ => BTreeSet::from([self.exact_value()?]),
        };
        check_values(key, &operator, &values)?;
        let bound = || values.first().and_then(|value| value.parse().ok());
        Ok(match operator.as_str() {
            "in" | "=" | "==" => Test::In(values),
            ">" => Test::GreaterThan(bound().unwrap_or_default()),
            "<" => Test::LessThan(bound().unwrap_or_default()),
            _ => Test::NotIn(values),
        })
    }

    fn exact_value(&mut self) -> Result<String, String> {
        let token = self.look();
        if token.is_none() || Self::is_symbol(token, ",") {
            return Ok(String::new());
        }
        let token = self.take();
        let text = Self::text(token.as_ref());
        if Self::is_value(token.as_ref()) {
            return Ok(text.to_owned());
        }
        Err(format!("found '{text}', expected: identifier"))
    }

    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let token = self.take();
        if !Self::is_symbol(token.as_ref(), "(") {
            let text = Self::text(token.as_ref());
            return Err(format!("found '{text}' expected: '('"));
        }
        let mut values = BTreeSet::new();
        let token = self.look();
        if Self::is_symbol(token, ")") {
            // Nothing between the parentheses is the empty text.
            self.take();
            values.insert(String::new());
            return Ok(values);
        }
        if !Self::is_value(token) && !Self::is_symbol(token, ",") {
            let text = Self::text(token);
            return Err(format!("found '{text}', expected: ',', ')' or identifier"));
        }
        loop {
            let token = self.take();
            let text = Self::text(token.as_ref()).to_owned();
            if Self::is_value(token.as_ref()) {
                values.insert(text);
                let next = self.look();
                if Self::is_symbol(next, ")") {
                    self.take();
                    return Ok(values);
                }
                if !Self::is_symbol(next, ",") {
                    let text = Self::text(next);
                    return Err(format!("found '{text}', expected: ',' or ')'"));
                }
            } else if Self::is_symbol(token.as_ref(), ",") {
                if values.is_empty() {
                    values.insert(String::new());
                }
                if Self::is_symbol(self.look(), ")") {
                    self.take();
                    values.insert(String::new());
                    return Ok(values);
                }
                if Self::is_symbol(self.look(), ",") {
                    self.take();
                    values.insert(String::new());
                }
            } else {
                return Err(format!("found '{text}', expected: ',', or identifier"));
            }
        }
    }
}

fn check_key(key: &str) -> Result<(), String> {
    let mut faults = names::qualified_name(key);
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &mut faults {
        *fault = fault.replacen("a qualified name must", "a valid label key must", 1);
    }
    // Upstream's path of nothing.
    Err(Error::invalid(&Path::root("<nil>"), key, faults.join("; ")).to_string())
}

fn check_values(key: &str, operator: &str, values: &BTreeSet<String>) -> Result<(), String> {
    let path = Path::root("values");
    let mut errors = Vec::new();
    if values.is_empty() {
        let why = "for 'in', 'notin' operators, values set can't be empty";
        errors.push(format!("values: Invalid value: []: {why}"));
    }
    for (index, value) in values.iter().enumerate() {
        let path = path.index(index);
        if matches!(operator, ">" | "<") && value.parse::<i64>().is_err() {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer";
            errors.push(Error::invalid(&path, value.as_str(), why).to_string());
        }
        let faults = names::label_value(value);
        if !faults.is_empty() {
            let error = Error::invalid(&path.key(key), value.as_str(), faults.join("; "));
            errors.push(error.to_string());
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(tollgate_api::status::aggregate(&errors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn matches(selector: &str, labels: &[(&str, &str)], expected: bool) {
        let selector = LabelSelector::parse(selector).unwrap();
        let label = |key: &str| {
            labels
                .iter()
                .find(|(known, _)| *known == key)
                .map(|(_, value)| *value)
        };
        assert_eq!(selector.matches(label), expected);
    }

    #[test]
    fn matches_as_upstream_does() {
        let labels = &[("app", "web"), ("n", "5"), ("empty", "")];
        matches("", labels, true);
        matches("app=web", labels, true);
        matches("app==web,n", labels, true);
        matches("app!=web", labels, false);
        matches("none!=web", labels, true);
        matches("app in (db, web)", labels, true);
        matches("app notin (db)", labels, true);
        matches("empty in ()", labels, true);
        matches("app in ()", labels, false);
        matches("app notin ()", labels, true);
        matches("none notin (db)", labels, true);
        matches("!app", labels, false);
        matches("! none", labels, true);
        matches("n>4,n<6", labels, true);
        matches("n>5", labels, false);
        matches("empty=", labels, true);
        matches("empty in (,x)", labels, true);
        matches("in in (in)", &[("in", "in")], true);
    }

    #[test]
    fn faults_read_as_upstream_says_them() {
        let error = |text: &str| LabelSelector::parse(text).unwrap_err();
        let requirement = "unable to parse requirement:";
        assert_eq!(
            error("a b="),
            format!("{requirement} found 'b', expected: in, notin, =, ==, !=, gt, lt")
        );
        assert_eq!(
            error("a===b"),
            format!("{requirement} found '=', expected: identifier")
        );
        assert_eq!(
            error("a in b"),
            format!("{requirement} found 'b' expected: '('")
        );
        assert_eq!(error("a,"), "found '', expected: identifier after ','");
        assert!(
            error("A//b=c").starts_with(&format!(
                "{requirement} <nil>: Invalid value: \"A//b\": a valid label key must consist of"
            )),
            "{}",
            error("A//b=c")
        );
    }

    proptest! {
        #[test]
        fn no_selector_makes_a_panic(text in "\\PC*", other in "[a-c=!(),>< in]{0,20}") {
            let _ = LabelSelector::parse(&text);
            let _ = LabelSelector::parse(&other);
        }
    }
}
