//! Validation: types, bounds, texts, fields, and schemas of schemas, in upstream's words.

use super::numbers::{bound_for, is_multiple, out_of_range, shown};
use super::schema::{Additional, Schema};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Number, Value, json};

/// What is wrong with `value`.
///
/// Parts of it that are as they were in `old` are good, as far as one can tell which part was which. `at` is the place
/// of the value, as printed; empty for a whole object.
pub fn validate(value: &Value, old: Option<&Value>, schema: &Schema, at: &str) -> Errors {
    let judge = Judge { at };
    let mut found = Found::default();
    judge.level(value, old, schema, "", &mut found);
    found.errors
}

/// What was found wrong, and how much was found good, by which the best of several schemas is chosen.
#[derive(Debug, Default)]
struct Found {
    errors: Errors,
    good: usize,
}

impl Found {
    fn merge(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.good = self.good.saturating_add(other.good);
    }

    fn count(&mut self) {
        self.good = self.good.saturating_add(1);
    }
}

pub(super) struct Judge<'a> {
    at: &'a str,
}

impl Judge<'_> {
    fn place(&self, name: &str) -> String {
        let name = name.strip_prefix('.').unwrap_or(name);
        match (self.at.is_empty(), name.is_empty()) {
            (_, true) => self.at.to_owned(),
            (true, false) => name.to_owned(),
            (false, false) => format!("{}.{name}", self.at),
        }
    }

    fn invalid(&self, name: &str, value: impl Into<Value>, why: String) -> Error {
        let place = self.place(name);
        Error::invalid(&Path::root(&place), value, why)
    }

    pub(super) fn type_invalid(&self, name: &str, found: &str, wanted: &str) -> Error {
        let place = self.place(name);
        let why = format!("{name} in body must be of type {wanted}: \"{found}\"");
        Error::type_invalid(&Path::root(&place), found, why)
    }

    /// An error that upstream's validator has no place for.
    fn plain(&self, why: String) -> Error {
        Error::invalid(&Path::root(self.at), "", why)
    }

    fn level(
        &self,
        value: &Value,
        old: Option<&Value>,
        schema: &Schema,
        name: &str,
        found: &mut Found,
    ) {
        if old == Some(value) {
            found.count();
            return;
        }
        if let Some(error) = self.check_type(value, schema, name) {
            found.errors.push(error);
        } else {
            found.count();
        }
        if value.is_null() {
            self.check_enumeration(value, schema, name, found);
            return;
        }
        self.check_schemas(value, old, schema, name, found);
        match value {
            Value::String(text) => {
                let before = found.errors.len();
                self.check_text(text, schema, name, found);
                if before == found.errors.len() {
                    found.count();
                }
                if let Some(format) = &schema.format
                    && !format.holds(text)
                {
                    let place = self.place(name);
                    let why = format!(
                        "{name} in body must be of type {}: {}",
                        format.name,
                        tollgate_api::go_format::quote(text)
                    );
                    let error = Error::type_invalid(&Path::root(&place), text.as_str(), why);
                    found.errors.push(error);
                }
            }
            Value::Number(number) => self.check_number(*number, schema, name, found),
            Value::Array(items) => self.check_list(items, old, schema, name, found),
            _ => {}
        }
        self.check_enumeration(value, schema, name, found);
        if let Value::Object(_) = value {
            self.check_object(value, old, schema, name, found);
        }
        found.count();
    }

    fn check_enumeration(&self, value: &Value, schema: &Schema, name: &str, found: &mut Found) {
        let allowed = &schema.checks.enumeration;
        if allowed.is_empty() {
            return;
        }
        if allowed.contains(value) {
            found.count();
            return;
        }
        let texts: Vec<String> = allowed
            .iter()
            .map(|value| match value {
                Value::String(text) => text.to_string(),
                other => json::to_string(other),
            })
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let place = self.place(name);
        found.errors.push(Error::not_supported(
            &Path::root(&place),
            value.clone(),
            &texts,
        ));
    }

    fn check_text(&self, text: &str, schema: &Schema, name: &str, found: &mut Found) {
        let checks = &schema.checks;
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(most) = checks.max_length.filter(|most| length > *most) {
            let place = self.place(name);
            let most = usize::try_from(most).unwrap_or_default();
            found
                .errors
                .push(Error::too_long(&Path::root(&place), most));
        } else if let Some(least) = checks.min_length.filter(|least| length < *least) {
            let why = format!("{name} in body should be at least {least} chars long");
            found.errors.push(self.invalid(name, text, why));
        } else if let Some(pattern) = &checks.pattern
            && !pattern.matches(text)
        {
            let why = format!("{name} in body should match '{}'", pattern.as_str());
            found.errors.push(self.invalid(name, text, why));
        }
    }

    fn check_number(&self, number: Number, schema: &Schema, name: &str, found: &mut Found) {
        let checks = &schema.checks;
        if let Some(why) = out_of_range(number, schema) {
            let why = format!("Checked value must be of type {why} in {name}");
            found.errors.push(self.plain(why));
        }
        let is_whole = matches!(number, Number::Int(_));
        if is_whole && checks.multiple_of.is_some_and(|of| of.trunc() == 0.0) {
            // Held against whole numbers, the factor is a whole number, too.
            let why = format!("factor MultipleOf declared for {name} must be positive: 0");
            found.errors.push(self.invalid(name, 0_i64, why));
        }
        let value = number.as_f64();
        let mut refuse = |why: String| {
            let error = self.invalid(name, Value::Number(number), format!("{name} in body {why}"));
            found.errors.push(error);
        };
        if let Some(of) = checks.multiple_of.filter(|of| !is_multiple(number, *of)) {
            refuse(format!("should be a multiple of {}", shown(of)));
        }
        if let Some(most) = checks.maximum.map(|most| bound_for(number, most)) {
            if checks.exclusive_maximum && value >= most {
                refuse(format!("should be less than {}", shown(most)));
            } else if value > most {
                refuse(format!("should be less than or equal to {}", shown(most)));
            }
        }
        if let Some(least) = checks.minimum.map(|least| bound_for(number, least)) {
            if checks.exclusive_minimum && value <= least {
                refuse(format!("should be greater than {}", shown(least)));
            } else if value < least {
                refuse(format!(
                    "should be greater than or equal to {}",
                    shown(least)
                ));
            }
        }
        found.count();
    }

    fn check_list(
        &self,
        items: &[Value],
        old: Option<&Value>,
        schema: &Schema,
        name: &str,
        found: &mut Found,
    ) {
        let checks = &schema.checks;
        if let Some(of) = &schema.items {
            for (place, item) in items.iter().enumerate() {
                let old = old.and_then(|old| same_member(item, old, schema));
                self.level(item, old, of, &format!("{name}[{place}]"), found);
            }
        }
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        if let Some(most) = checks.max_items.filter(|most| length > *most) {
            found.errors.push(self.too_many(name, length, most));
        }
        if let Some(least) = checks.min_items.filter(|least| length < *least) {
            let why = format!("{name} in body should have at least {least} items");
            found.errors.push(self.invalid(name, length, why));
        }
        let repeats = |(place, item): (usize, &Value)| {
            items
                .get(..place)
                .is_some_and(|before| before.contains(item))
        };
        if checks.unique_items && items.iter().enumerate().any(repeats) {
            let why = format!("{name} in body shouldn't contain duplicates");
            found.errors.push(self.invalid(name, "", why));
        }
        found.count();
    }

    fn too_many(&self, name: &str, length: i64, most: i64) -> Error {
        let place = self.place(name);
        let most = usize::try_from(most).unwrap_or_default();
        Error::too_many(&Path::root(&place), length, most)
    }

    fn check_object(
        &self,
        object: &Value,
        old: Option<&Value>,
        schema: &Schema,
        name: &str,
        found: &mut Found,
    ) {
        let checks = &schema.checks;
        let Some(entries) = object.as_object() else {
            return;
        };
        let length = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        if let Some(least) = checks.min_properties.filter(|least| length < *least) {
            let why = format!("{name} in body should have at least {least} properties");
            found.errors.push(self.invalid(name, length, why));
            return;
        }
        if let Some(most) = checks.max_properties.filter(|most| length > *most) {
            found.errors.push(self.too_many(name, length, most));
            return;
        }
        let mut keys: Vec<&str> = entries.keys().collect();
        // Upstream leaves the order to a Go map.
        keys.sort_unstable();
        for key in keys {
            let below = if name.is_empty() && schema.properties.contains_key(key) {
                key.to_owned()
            } else {
                format!("{name}.{key}")
            };
            let child = entries.get_or_null(key).unwrap_or(&Value::Null);
            let old = old.and_then(|old| old.as_object()?.get_or_null(key));
            match (schema.properties.get(key), &schema.additional) {
                (Some(property), _) => self.level(child, old, property, &below, found),
                (None, Additional::Schema(of)) => self.level(child, old, of, &below, found),
                (None, Additional::Allowed(false)) if !matches!(key, "$schema" | "id") => {
                    let why = format!("{name}.{key} in body is a forbidden property");
                    found.errors.push(self.invalid(&below, "", why));
                }
                _ => {}
            }
        }
        for key in &checks.required {
            let has_default = schema
                .properties
                .get(key)
                .is_some_and(|property| property.default.is_some());
            if entries.get_or_null(key).is_none() && !has_default {
                let place = self.place(&format!("{name}.{key}"));
                found.errors.push(Error::required(&Path::root(&place), ""));
            }
        }
        found.count();
    }

    fn check_schemas(
        &self,
        value: &Value,
        old: Option<&Value>,
        schema: &Schema,
        name: &str,
        found: &mut Found,
    ) {
        let checks = &schema.checks;
        let judged = |schema: &Schema| {
            let mut found = Found::default();
            self.level(value, old, schema, name, &mut found);
            found
        };
        if !checks.any_of.is_empty() {
            let all: Vec<Found> = checks.any_of.iter().map(judged).collect();
            if !all.iter().any(|one| one.errors.is_empty()) {
                let why = format!("\"{name}\" must validate at least one schema (anyOf)");
                found.errors.push(self.plain(why));
                found.merge(best(all));
            }
        }
        if !checks.one_of.is_empty() {
            let all: Vec<Found> = checks.one_of.iter().map(judged).collect();
            let good = all.iter().filter(|one| one.errors.is_empty()).count();
            if good != 1 {
                let what = match good {
                    0 => "Found none valid".to_owned(),
                    good => format!("Found {good} valid alternatives"),
                };
                let why =
                    format!("\"{name}\" must validate one and only one schema (oneOf). {what}");
                found.errors.push(self.plain(why));
                if good == 0 {
                    found.merge(best(all));
                }
            }
        }
        if !checks.all_of.is_empty() {
            let all: Vec<Found> = checks.all_of.iter().map(judged).collect();
            let good = all.iter().filter(|one| one.errors.is_empty()).count();
            let complete = good == all.len();
            for one in all {
                found.merge(one);
            }
            if !complete {
                let what = if good == 0 { ". None validated" } else { "" };
                let why = format!("\"{name}\" must validate all the schemas (allOf){what}");
                found.errors.push(self.plain(why));
            }
        }
        if let Some(not) = &checks.not
            && judged(not).errors.is_empty()
        {
            let why = format!("\"{name}\" must not validate the schema (not)");
            found.errors.push(self.plain(why));
        }
        found.count();
    }
}

/// The failure of which most was good; the first of several.
fn best(all: Vec<Found>) -> Found {
    let mut best: Option<Found> = None;
    for one in all {
        if best.as_ref().is_none_or(|best| one.good > best.good) {
            best = Some(one);
        }
    }
    best.unwrap_or_default()
}

/// The member of an old list that a member of a new one comes from: only keys can tell.
fn same_member<'v>(item: &Value, old: &'v Value, schema: &Schema) -> Option<&'v Value> {
    if schema.list_keys.is_empty() {
        return None;
    }
    let same = |other: &&Value| {
        let mut keys = schema.list_keys.iter();
        keys.all(|key| item.get(key) == other.get(key))
    };
    old.as_array()?.iter().find(same)
}
