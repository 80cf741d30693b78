//! `spec.successPolicy`: when an indexed Job has succeeded before all of its pods have.

use super::{NEEDS_INDEXES, is_indexed};
use crate::validation::go_values;
use crate::validation::numbers::nonnegative;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const RULES_MAX: usize = 20;
const INDEXES_BYTES_MAX: usize = 64 * 1024;

pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(policy) = spec.get("successPolicy") else {
        return;
    };
    let path = path.child("successPolicy");
    if !is_indexed(spec) {
        errors.push(Error::invalid(&path, shown(policy), NEEDS_INDEXES));
        return;
    }
    let rules = policy.items("rules");
    let path = path.child("rules");
    if rules.is_empty() {
        errors.push(Error::required(
            &path,
            "at least one rules must be specified when the successPolicy is specified",
        ));
    }
    if rules.len() > RULES_MAX {
        let count = i64::try_from(rules.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(&path, count, RULES_MAX));
    }
    for (place, rule) in rules.iter().enumerate() {
        validate_rule(spec, rule, &path.index(place), errors);
    }
}

fn validate_rule(spec: &Value, rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let indexes = rule.str("succeededIndexes");
    let count = rule.int("succeededCount");
    if indexes.is_none() && count.is_none() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(Error::required(path, why));
    }
    let completions = spec.int("completions").unwrap_or_default();
    let mut total = None;
    if let Some(indexes) = indexes {
        let path = path.child("succeededIndexes");
        if indexes.len() > INDEXES_BYTES_MAX {
            errors.push(Error::too_long(&path, INDEXES_BYTES_MAX));
        }
        match parse(indexes, completions) {
            Ok(found) => total = Some(found),
            Err(why) => {
                let why = format!("error parsing succeededIndexes: {why}");
                errors.push(Error::invalid(&path, indexes, why));
            }
        }
    }
    if let Some(count) = count {
        nonnegative(rule, "succeededCount", path, errors);
        let path = path.child("succeededCount");
        if count > completions {
            let why = format!(
                "must be less than or equal to {completions} (the number of specified completions)"
            );
            errors.push(Error::invalid(&path, count, why));
        }
        if let Some(total) = total.filter(|total| count > *total) {
            let why = format!(
                "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
            );
            errors.push(Error::invalid(&path, count, why));
        }
    }
}

/// How many indexes a text such as `0,2-4` names.
fn parse(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| format!("cannot convert string to integer for index: {text:?}"))
    };
    let mut total = 0_i64;
    let mut last = None;
    for interval in text.split(',') {
        let (first, end) = match interval.split_once('-') {
            None => {
                let only = number(interval)?;
                (only, only)
            }
            Some((first, end)) if !end.contains('-') => (number(first)?, number(end)?),
            Some(_) => {
                return Err(format!(
                    "the fragment {interval:?} violates the requirement that an index interval can have at most two parts separated by '-'"
                ));
            }
        };
        if interval.contains('-') && first >= end {
            return Err(format!(
                "non-increasing order, previous: {first}, current: {end}"
            ));
        }
        if let Some(last) = last.filter(|last| first <= *last) {
            return Err(format!(
                "non-increasing order, previous: {last}, current: {first}"
            ));
        }
        if let Some(beyond) = [first, end].into_iter().find(|index| *index >= completions) {
            return Err(format!("too large index: {:?}", beyond.to_string()));
        }
        total = total.saturating_add(end.saturating_sub(first).saturating_add(1));
        last = Some(end);
    }
    Ok(total)
}

/// A policy as upstream's internal type prints.
pub(super) fn shown(policy: &Value) -> Value {
    let rules = go_values::structs(policy, "rules", |rule| {
        go_values::object([
            (
                "SucceededIndexes",
                go_values::nullable(rule, "succeededIndexes"),
            ),
            (
                "SucceededCount",
                go_values::nullable(rule, "succeededCount"),
            ),
        ])
    });
    go_values::object([("Rules", rules)])
}
