//! Semantic versions: `semver('1.2.3').isLessThan(semver('1.3.0'))`.

use super::adapt::{argument, failed, function, member, opaque, order, own, text, wrap, yes};
use ::cel::common::types::{BOOL_TYPE, STRING_TYPE, Type};
use ::cel::objects::Opaque;
use ::cel::{Env, ExecutionError, Value};
use std::cmp::Ordering;
use tollgate_api::go_format::quote;

const NAME: &str = "kubernetes.Semver";

/// A version; what it was built from does not matter.
#[derive(Debug, Clone)]
struct Version {
    numbers: [u64; 3],
    before: Vec<Part>,
}

/// A part of what stands behind the dash. Numbers come before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

impl Version {
    fn compare(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (self.before.is_empty(), other.before.is_empty()) {
            (true, true) => Ordering::Equal,
            // What comes before a version comes before it.
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.before.cmp(&other.before),
        })
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
}

impl Eq for Version {}

impl Opaque for Version {
    fn runtime_type_name(&self) -> &'static str {
        NAME
    }
}

fn version() -> Type {
    opaque(NAME)
}

pub(super) fn add(environment: &mut Env) {
    function!(environment, "semver", [STRING_TYPE], |given| {
        Ok(wrap(read(text(given, 0)?).map_err(failed)?))
    });
    function!(environment, "semver", [STRING_TYPE, BOOL_TYPE], |given| {
        Ok(wrap(read_given(given)?.map_err(failed)?))
    });
    function!(environment, "isSemver", [STRING_TYPE], |given| {
        yes(read(text(given, 0)?).is_ok())
    });
    function!(environment, "isSemver", [STRING_TYPE, BOOL_TYPE], |given| {
        yes(read_given(given)?.is_ok())
    });
    member!(environment, "major", version(), [], |given| number(
        given, 0
    ));
    member!(environment, "minor", version(), [], |given| number(
        given, 1
    ));
    member!(environment, "patch", version(), [], |given| number(
        given, 2
    ));
    member!(environment, "compareTo", version(), [version()], |given| {
        order(compare(given)?)
    });
    member!(environment, "isLessThan", version(), [version()], |given| {
        yes(compare(given)?.is_lt())
    });
    member!(
        environment,
        "isGreaterThan",
        version(),
        [version()],
        |given| { yes(compare(given)?.is_gt()) }
    );
}

fn compare(given: &[Value]) -> Result<Ordering, ExecutionError> {
    Ok(own::<Version>(given, 0)?.compare(own::<Version>(given, 1)?))
}

fn number(given: &[Value], place: usize) -> Result<Value, ExecutionError> {
    let version = own::<Version>(given, 0)?;
    let number = version.numbers.get(place).copied().unwrap_or_default();
    Ok(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn read_given(given: &[Value]) -> Result<Result<Version, String>, ExecutionError> {
    let text = text(given, 0)?;
    Ok(match argument(given, 1)? {
        Value::Bool(true) => read(&normal(text)),
        _ => read(text),
    })
}

/// A version as people write it: with a `v` before it, with zeros before its numbers, or with fewer than three numbers.
fn normal(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let numbers = numbers
        .split('.')
        .map(|number| match number.trim_start_matches('0') {
            "" if !number.is_empty() => "0",
            number => number,
        });
    let mut numbers: Vec<&str> = numbers.collect();
    while numbers.len() < 3 {
        numbers.push("0");
    }
    format!("{}{rest}", numbers.join("."))
}

/// Reads a version; the error is upstream's.
fn read(text: &str) -> Result<Version, String> {
    if text.is_empty() {
        return Err("Version string empty".to_owned());
    }
    let (numbers, behind) = match text.find(['-', '+']) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    let [_, _, _] = parts.as_slice() else {
        return Err("No Major.Minor.Patch elements found".to_owned());
    };
    let mut found = [0; 3];
    let mut given = numbers.splitn(3, '.');
    for (place, name) in found.iter_mut().zip(["Major", "Minor", "Patch"]) {
        *place = read_number(given.next().unwrap_or_default(), name)?;
    }
    let (before, build) = match behind.split_once('+') {
        Some((before, build)) => (before, Some(build)),
        None => (behind, None),
    };
    let mut version = Version {
        numbers: found,
        before: Vec::new(),
    };
    if let Some(before) = before.strip_prefix('-') {
        for part in before.split('.') {
            version.before.push(read_part(part)?);
        }
    }
    for part in build.into_iter().flat_map(|build| build.split('.')) {
        if part.is_empty() {
            return Err("Build meta data is empty".to_owned());
        }
        if !is_plain(part) {
            return Err(format!(
                "Invalid character(s) found in build meta data {}",
                quote(part)
            ));
        }
    }
    Ok(version)
}

fn is_plain(part: &str) -> bool {
    let mut letters = part.bytes();
    letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
}

fn read_number(text: &str, name: &str) -> Result<u64, String> {
    let shown = quote(text);
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        let name = name.to_ascii_lowercase();
        return Err(format!(
            "Invalid character(s) found in {name} number {shown}"
        ));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!(
            "{name} number must not contain leading zeroes {shown}"
        ));
    }
    text.parse()
        .map_err(|_| format!("strconv.ParseUint: parsing {shown}: value out of range"))
}

fn read_part(part: &str) -> Result<Part, String> {
    if part.is_empty() {
        return Err("Prerelease is empty".to_owned());
    }
    let shown = quote(part);
    if !is_plain(part) {
        return Err(format!("Invalid character(s) found in prerelease {shown}"));
    }
    if !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(Part::Text(part.to_owned()));
    }
    if part.len() > 1 && part.starts_with('0') {
        return Err(format!(
            "Numeric PreRelease version must not contain leading zeroes {shown}"
        ));
    }
    let number = part.parse();
    number
        .map(Part::Number)
        .map_err(|_| format!("strconv.ParseUint: parsing {shown}: value out of range"))
}
