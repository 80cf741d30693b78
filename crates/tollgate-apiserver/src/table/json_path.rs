//! JSONPath as columns of custom resources use it: fields, indices, slices, wildcards, filters, descent.
//!
//! A field that is missing is no error: nothing is found. A path that asks of a value what it cannot have finds nothing
//! either, because a cell is empty in both cases.

use tollgate_api::Value;

/// A path may have this many steps; filters within filters count together.
const STEPS_MAX: usize = 200;

/// A path that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `.name` or `['name', 'other']`.
    Fields(Vec<String>),
    /// `.*` or `[*]`.
    All,
    /// `..`, everything below and the value itself.
    Descend,
    /// `[from:to:by]`.
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        by: i64,
    },
    /// `[n]`.
    Index(i64),
    /// `[?(left op right)]` or `[?(left)]`.
    Filter(Operand, Option<(Operator, Operand)>),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// From the member in hand.
    Path(JsonPath),
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
}

impl JsonPath {
    /// Reads a path such as `.status.conditions[?(@.type=="Ready")].status`; none if it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: text,
            steps: 0,
        };
        let path = reader.path()?;
        reader.rest.is_empty().then_some(path)
    }

    /// The first value that the path finds.
    pub(super) fn first<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.all(root).first().copied()
    }

    fn all<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.0 {
            let mut next = Vec::new();
            for value in found {
                step.apply(value, &mut next);
            }
            found = next;
        }
        found
    }
}

impl Step {
    fn apply<'v>(&self, value: &'v Value, found: &mut Vec<&'v Value>) {
        match (self, value) {
            (Self::Fields(names), Value::Object(object)) => {
                found.extend(names.iter().filter_map(|name| object.get(name)));
            }
            (Self::All, Value::Object(object)) => {
                let mut entries: Vec<_> = object.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                found.extend(entries.into_iter().map(|(_, value)| value));
            }
            (Self::All, Value::Array(items)) => found.extend(items),
            (Self::Descend, value) => descend(value, found),
            (Self::Index(index), Value::Array(items)) => {
                let place = from_end(*index, items.len());
                found.extend(place.and_then(|place| items.get(place)));
            }
            (Self::Slice { from, to, by }, Value::Array(items)) => {
                let from = from_end(from.unwrap_or(0), items.len());
                let to = to.map_or(Some(items.len()), |to| from_end(to, items.len()));
                let by = usize::try_from(*by).ok().filter(|by| *by > 0);
                if let (Some(from), Some(to), Some(by)) = (from, to, by) {
                    let slice = items.get(from..to).unwrap_or_default();
                    found.extend(slice.iter().step_by(by));
                }
            }
            (Self::Filter(left, test), Value::Array(items)) => {
                found.extend(items.iter().filter(|item| holds(item, left, test.as_ref())));
            }
            _ => {}
        }
    }
}

fn descend<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    found.push(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| descend(item, found)),
        Value::Object(object) => object.iter().for_each(|(_, item)| descend(item, found)),
        _ => {}
    }
}

/// A negative place counts from the end.
fn from_end(place: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let place = if place < 0 {
        place.checked_add(length)?
    } else {
        place
    };
    usize::try_from(place).ok()
}

fn holds(item: &Value, left: &Operand, test: Option<&(Operator, Operand)>) -> bool {
    let found = left.value(item);
    let Some((operator, right)) = test else {
        return found.is_some();
    };
    let (Some(left), Some(right)) = (found, right.value(item)) else {
        return false;
    };
    let ordering = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    };
    ordering.is_some_and(|ordering| match operator {
        Operator::Equal => ordering.is_eq(),
        Operator::NotEqual => ordering.is_ne(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::Less => ordering.is_lt(),
        Operator::Greater => ordering.is_gt(),
    })
}

impl Operand {
    fn value<'v>(&'v self, item: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Path(path) => path.first(item),
            Self::Literal(value) => Some(value),
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    steps: usize,
}

impl Reader<'_> {
    fn eat(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    /// Steps up to the end or to something that is none.
    fn path(&mut self) -> Option<JsonPath> {
        if !self.eat("$") {
            self.eat("@");
        }
        let mut steps = Vec::new();
        loop {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return None;
            }
            if self.eat("..") {
                steps.push(Step::Descend);
                if !self.rest.starts_with('[') {
                    steps.push(self.name()?);
                }
            } else if self.eat("[") {
                steps.push(self.bracket()?);
            } else if self.eat(".") {
                // `.[0]` is `[0]`.
                if !self.rest.starts_with('[') && !self.rest.is_empty() {
                    steps.push(self.name()?);
                }
            } else {
                return Some(JsonPath(steps));
            }
        }
    }

    /// A field's name, in which a backslash takes the meaning from what follows.
    fn name(&mut self) -> Option<Step> {
        let mut name = String::new();
        let mut characters = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => name.push(characters.next()?.1),
                '.' | '[' | ']' | ')' | '(' | ' ' | '=' | '!' | '<' | '>' | '|' | ',' | '{'
                | '}' => {
                    end = at;
                    break;
                }
                _ => name.push(character),
            }
        }
        self.rest = self.rest.get(end..)?;
        match name.as_str() {
            "" => None,
            "*" => Some(Step::All),
            _ => Some(Step::Fields(vec![name])),
        }
    }

    /// What stands between brackets.
    fn bracket(&mut self) -> Option<Step> {
        if self.eat("?(") {
            return self.filter();
        }
        if self.rest.starts_with(['\'', '"']) {
            let mut names = Vec::new();
            loop {
                names.push(self.quoted()?);
                self.skip_spaces();
                if self.eat("]") {
                    return Some(Step::Fields(names));
                }
                if !self.eat(",") {
                    return None;
                }
                self.skip_spaces();
            }
        }
        let (inner, rest) = self.rest.split_once(']')?;
        self.rest = rest;
        if inner == "*" {
            return Some(Step::All);
        }
        let mut parts = inner.split(':').map(str::trim);
        let number = |part: Option<&str>| match part {
            None | Some("") => Some(None),
            Some(text) => text.parse().ok().map(Some),
        };
        let (from, to, by) = (parts.next(), parts.next(), parts.next());
        match (to, parts.next()) {
            (_, Some(_)) => None,
            (None, None) => number(from)?.map(Step::Index),
            (to, None) => Some(Step::Slice {
                from: number(from)?,
                to: number(to)?,
                by: number(by)?.unwrap_or(1),
            }),
        }
    }

    fn filter(&mut self) -> Option<Step> {
        self.skip_spaces();
        let left = self.operand()?;
        self.skip_spaces();
        let operators = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let operator = operators.into_iter().find(|(text, _)| self.eat(text));
        let test = match operator {
            None => None,
            Some((_, operator)) => {
                self.skip_spaces();
                Some((operator, self.operand()?))
            }
        };
        self.skip_spaces();
        self.eat(")]").then_some(Step::Filter(left, test))
    }

    fn operand(&mut self) -> Option<Operand> {
        if self.rest.starts_with(['@', '$', '.']) {
            return self.path().map(Operand::Path);
        }
        if self.rest.starts_with(['\'', '"']) {
            return self.quoted().map(|text| Operand::Literal(text.into()));
        }
        let end = self
            .rest
            .find([' ', ')', '=', '!', '<', '>'])
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let value = match word {
            "true" => true.into(),
            "false" => false.into(),
            _ => match word.parse::<i64>() {
                Ok(whole) => whole.into(),
                Err(_) => word.parse::<f64>().ok()?.into(),
            },
        };
        Some(Operand::Literal(value))
    }

    fn quoted(&mut self) -> Option<String> {
        let mut characters = self.rest.char_indices();
        let (_, quote) = characters.next()?;
        let mut text = String::new();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => text.push(characters.next()?.1),
                _ if character == quote => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(text);
                }
                _ => text.push(character),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tollgate_api::json::from_str;

    fn found(path: &str) -> Vec<String> {
        let object = from_str(
            r#"{"spec":{"a.b":1,"list":[{"n":"x","v":1},{"n":"y","v":2},{"n":"z"}],"map":{"k":"1","j":"2"}},
            "status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Other","status":"False"}]}}"#,
        )
        .unwrap();
        let path = JsonPath::parse(path).unwrap();
        path.all(&object).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_find_what_they_say() {
        for (path, expected) in [
            (".spec.list[0].n", &["\"x\""][..]),
            ("$.spec.list[-1].n", &["\"z\""]),
            (".spec.list[0:2].n", &["\"x\"", "\"y\""]),
            (".spec.list[::2].n", &["\"x\"", "\"z\""]),
            (".spec.list[*].v", &["1", "2"]),
            (".spec.list[7].n", &[]),
            (".spec.map.*", &["\"2\"", "\"1\""]),
            (".spec['map']['k', 'j']", &["\"1\"", "\"2\""]),
            (r".spec.a\.b", &["1"]),
            (".spec['a.b']", &["1"]),
            (
                r#".status.conditions[?(@.type=="Ready")].status"#,
                &["\"True\""],
            ),
            (
                ".status.conditions[?(@.type != 'Ready')].status",
                &["\"False\""],
            ),
            (".spec.list[?(@.v>=2)].n", &["\"y\""]),
            (".spec.list[?(@.v)].n", &["\"x\"", "\"y\""]),
            ("..type", &["\"Ready\"", "\"Other\""]),
            (".spec.missing.more", &[]),
            (".spec.map[0]", &[]),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in [
            "spec",
            ".spec[",
            ".spec[x]",
            ".spec[?(@.a==)]",
            ".spec['a]",
            ".a b",
            "{.a}",
        ] {
            assert_eq!(JsonPath::parse(path), None, "{path}");
        }
        assert_eq!(JsonPath::parse(&".a".repeat(100_000)), None);
        assert_eq!(JsonPath::parse(&"[?(@".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn no_path_makes_a_panic(path in "[.@$a*'\\[\\]?()=<>:0-9\\\\, -]{0,30}") {
            if let Some(path) = JsonPath::parse(&path) {
                let object = from_str(r#"{"a":[{"a":1},{"a":[2,3]}]}"#).unwrap();
                let _ = path.first(&object);
            }
        }
    }
}
