//! LimitRange: known types and resources, and amounts that do not contradict each other.

use super::object_meta::{self, invalid_each};
use super::pod::resources::{any_resource_name, container_resource_name};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names, resource_list, resource_name};

/// The largest whole amount that is compared in thousandths.
const MILLI_VALUE_MAX: i64 = i64::MAX / 1000;

/// Validates a LimitRange after defaulting (`ValidateLimitRange`), on create and on update alike.
///
/// Where upstream walks a Go map it reports in random order; here resources are sorted.
pub fn validate(range: &Value) -> Errors {
    let mut errors = Errors::new();
    let metadata = range.get("metadata").unwrap_or(&Value::Null);
    object_meta::validate(
        metadata,
        true,
        names::dns1123_subdomain,
        &Path::root("metadata"),
        &mut errors,
    );
    let items = range
        .get("spec")
        .map_or(&[][..], |spec| spec.items("limits"));
    let path = Path::root("spec.limits");
    let mut types = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        let item_type = item.str_or_empty("type");
        validate_type(item_type, &path.child("type"), &mut errors);
        if !types.insert(item_type) {
            errors.push(Error::duplicate(&path.child("type"), item_type));
        }
        validate_item(item, item_type, &path, &mut errors);
    }
    errors
}

fn validate_type(item_type: &str, path: &Path<'_>, errors: &mut Errors) {
    let messages = names::qualified_name(item_type);
    if !messages.is_empty() {
        invalid_each(messages, item_type, path, errors);
    } else if !item_type.contains('/')
        && !matches!(item_type, "Pod" | "Container" | "PersistentVolumeClaim")
    {
        errors.push(Error::invalid(
            path,
            item_type,
            "must be a standard limit type or fully qualified",
        ));
    }
}

/// The amounts of one list, sorted by resource.
type Amounts<'v> = Vec<(&'v str, Quantity)>;

fn amounts<'v>(item: &'v Value, list: &str) -> Amounts<'v> {
    let mut amounts: Amounts<'v> = resource_list::amounts(item.get(list)).collect();
    amounts.sort_by_key(|(resource, _)| *resource);
    amounts
}

fn amount<'a>(amounts: &'a Amounts<'_>, resource: &str) -> Option<&'a Quantity> {
    let place = amounts.binary_search_by_key(&resource, |(name, _)| *name);
    amounts.get(place.ok()?).map(|(_, amount)| amount)
}

fn validate_item(item: &Value, item_type: &str, path: &Path<'_>, errors: &mut Errors) {
    let mut lists = Lists {
        min: amounts(item, "min"),
        max: amounts(item, "max"),
        default: amounts(item, "default"),
        default_request: amounts(item, "defaultRequest"),
        ratio: amounts(item, "maxLimitRequestRatio"),
    };
    let check_names = |list: &str, amounts: &Amounts<'_>, errors: &mut Errors| {
        let path = path.child(list);
        for (resource, _) in amounts {
            validate_resource(item_type, resource, &path.key(resource), errors);
        }
    };
    check_names("max", &lists.max, errors);
    check_names("min", &lists.min, errors);
    if item_type == "Pod" {
        for (list, amounts) in [
            ("default", &mut lists.default),
            ("defaultRequest", &mut lists.default_request),
        ] {
            if !amounts.is_empty() {
                let why = "may not be specified when `type` is 'Pod'";
                errors.push(Error::forbidden(&path.child(list), why));
            }
            // Nothing more is said about them.
            amounts.clear();
        }
    } else {
        check_names("default", &lists.default, errors);
        check_names("defaultRequest", &lists.default_request, errors);
    }
    if item_type == "PersistentVolumeClaim"
        && amount(&lists.min, "storage").is_none()
        && amount(&lists.max, "storage").is_none()
    {
        errors.push(Error::required(
            &path.child("limits"),
            "either minimum or maximum storage value is required, but neither was provided",
        ));
    }
    check_names("maxLimitRequestRatio", &lists.ratio, errors);
    for resource in lists.resources() {
        lists.validate_amounts(resource, path, errors);
    }
}

/// The lists of one item.
struct Lists<'v> {
    min: Amounts<'v>,
    max: Amounts<'v>,
    default: Amounts<'v>,
    default_request: Amounts<'v>,
    ratio: Amounts<'v>,
}

impl<'v> Lists<'v> {
    /// The resources that any list names, sorted.
    fn resources(&self) -> Vec<&'v str> {
        let lists = [
            &self.min,
            &self.max,
            &self.default,
            &self.default_request,
            &self.ratio,
        ];
        let all = lists.into_iter().flatten();
        let mut resources: Vec<&str> = all.map(|(resource, _)| *resource).collect();
        resources.sort_unstable();
        resources.dedup();
        resources
    }

    /// Compares the amounts of one resource with each other. The values shown beside the messages are upstream's,
    /// which are not always those of the field.
    fn validate_amounts(&self, resource: &str, path: &Path<'_>, errors: &mut Errors) {
        let min = amount(&self.min, resource);
        let max = amount(&self.max, resource);
        let default = amount(&self.default, resource);
        let default_request = amount(&self.default_request, resource);
        let ratio = amount(&self.ratio, resource);
        let mut invalid = |list: &str, shown: &Quantity, why: String| {
            let path = path.child(list);
            errors.push(Error::invalid(&path.key(resource), shown.to_string(), why));
        };
        if let Some((min, max)) = exceeding(min, max) {
            let why = format!("min value {min} is greater than max value {max}");
            invalid("min", min, why);
        }
        if let Some((min, request)) = exceeding(min, default_request) {
            let why = format!("min value {min} is greater than default request value {request}");
            invalid("defaultRequest", request, why);
        }
        if let Some((request, max)) = exceeding(default_request, max) {
            let why = format!("default request value {request} is greater than max value {max}");
            invalid("defaultRequest", request, why);
        }
        if let Some((request, limit)) = exceeding(default_request, default) {
            let why = format!(
                "default request value {request} is greater than default limit value {limit}"
            );
            invalid("defaultRequest", request, why);
        }
        if let Some((min, limit)) = exceeding(min, default) {
            let why = format!("min value {min} is greater than default value {limit}");
            invalid("default", min, why);
        }
        if let Some((limit, max)) = exceeding(default, max) {
            let why = format!("default value {limit} is greater than max value {max}");
            invalid("default", max, why);
        }
        if let Some(ratio) = ratio {
            if ratio.compare(&Quantity::from_int(1)) == Ordering::Less {
                let why = format!("ratio {ratio} is less than 1");
                invalid("maxLimitRequestRatio", ratio, why);
            }
            if let (Some(min), Some(max)) = (min, max)
                && let Some(highest) = exceeded_ratio(ratio, min, max)
            {
                let why = format!("ratio {ratio} is greater than max/min = {highest}");
                invalid("maxLimitRequestRatio", ratio, why);
            }
        }
        if let (Some(limit), Some(request)) = (default, default_request)
            && !resource_name::is_overcommit_allowed(resource)
            && limit.compare(request) != Ordering::Equal
        {
            let why = format!(
                "default value {limit} must equal to defaultRequest value {request} in {resource}"
            );
            invalid("defaultRequest", request, why);
        }
    }
}

/// Both amounts, if the first exceeds the second.
fn exceeding<'q>(
    low: Option<&'q Quantity>,
    high: Option<&'q Quantity>,
) -> Option<(&'q Quantity, &'q Quantity)> {
    let (low, high) = (low?, high?);
    (low.compare(high) == Ordering::Greater).then_some((low, high))
}

/// The highest ratio that `min` and `max` leave room for, printed, if `ratio` exceeds it.
fn exceeded_ratio(ratio: &Quantity, min: &Quantity, max: &Quantity) -> Option<String> {
    let fits = [ratio, min, max]
        .iter()
        .all(|amount| amount.value() < MILLI_VALUE_MAX);
    #[expect(
        clippy::cast_precision_loss,
        reason = "the comparison is upstream's, rounding included"
    )]
    let (ratio, min, max) = if fits {
        (
            ratio.milli_value() as f64 / 1000.0,
            min.milli_value() as f64,
            max.milli_value() as f64,
        )
    } else {
        (ratio.value() as f64, min.value() as f64, max.value() as f64)
    };
    let highest = max / min;
    (ratio > highest).then(|| {
        if highest.is_finite() {
            format!("{highest:.6}")
        } else {
            // A negative maximum over 0; no ratio exceeds positive infinity.
            "-Inf".to_owned()
        }
    })
}

/// Containers can ask for some resources only; other types can name any.
fn validate_resource(item_type: &str, resource: &str, path: &Path<'_>, errors: &mut Errors) {
    if matches!(item_type, "Pod" | "Container") {
        container_resource_name(resource, path, errors);
    } else {
        any_resource_name(resource, path, errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(limits: &str, expected: &[&str]) {
        let text = format!(
            r#"{{"metadata":{{"name":"a","namespace":"b"}},"spec":{{"limits":[{limits}]}}}}"#
        );
        let errors = validate(&from_str(&text).unwrap());
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn shows_the_maximum_beside_a_default_that_is_too_high() {
        check(
            r#"{"type":"Container","max":{"cpu":"100m"},"default":{"cpu":"300m"}}"#,
            &[
                r#"spec.limits[0].default[cpu]: Invalid value: "100m": default value 300m is greater than max value 100m"#,
            ],
        );
    }

    #[test]
    fn sorts_resources_where_upstream_is_random() {
        check(
            r#"{"type":"Pod","min":{"memory":"2","cpu":"2"},"max":{"memory":"1","cpu":"1"}}"#,
            &[
                r#"spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1"#,
                r#"spec.limits[0].min[memory]: Invalid value: "2": min value 2 is greater than max value 1"#,
            ],
        );
    }

    #[test]
    fn no_ratio_exceeds_a_division_by_zero() {
        let item = |max| {
            format!(
                r#"{{"type":"Pod","min":{{"cpu":"0"}},"max":{{"cpu":"{max}"}},"maxLimitRequestRatio":{{"cpu":"9"}}}}"#
            )
        };
        check(&item("1"), &[]);
        check(&item("0"), &[]);
        check(
            &item("-1"),
            &[
                r#"spec.limits[0].min[cpu]: Invalid value: "0": min value 0 is greater than max value -1"#,
                r#"spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "9": ratio 9 is greater than max/min = -Inf"#,
            ],
        );
    }

    #[test]
    fn survives_wrong_types() {
        assert!(!validate(&Value::Null).is_empty());
        check(r#"{"type":"Pod","max":7,"min":{"cpu":[]}}"#, &[]);
    }
}
