//! How much a rule may cost at most: how often its loops run if every list is as long as a request can hold.
//!
//! A lower bound of upstream's estimate: what is refused here is refused there.

use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// What fits into a request.
const REQUEST_BYTES_MAX: f64 = 3_145_728.0;
/// What all rules of a schema may cost, and by how much a rule must exceed that to be refused.
const COST_MAX: f64 = 100_000_000.0 * 100.0;

const HELP: &str = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

/// How many members a list or a map may have.
pub(super) fn size(schema: &Value) -> f64 {
    let (limit, member, extra) = match schema.str_or_empty("type") {
        "array" => ("maxItems", schema.get("items"), 1.0),
        "object" => ("maxProperties", schema.get("additionalProperties"), 6.0),
        _ => return 1.0,
    };
    match (schema.get(limit), member) {
        (Some(Value::Number(limit)), _) => limit.as_f64(),
        (_, Some(member)) => (REQUEST_BYTES_MAX - 2.0) / (least_bytes(member) + extra),
        _ => 1.0,
    }
}

/// How short a value can be written.
fn least_bytes(schema: &Value) -> f64 {
    match schema.str_or_empty("type") {
        "boolean" => 4.0,
        "integer" | "number" => 1.0,
        "object" => {
            let required = schema.items("required").iter().filter_map(Value::as_str);
            let properties = schema.get("properties");
            let required = required.filter_map(|name| {
                let property = properties?.get(name)?;
                // Its name in quotes, a colon, and what comes before the next.
                let name = u32::try_from(name.len()).unwrap_or(u32::MAX);
                Some(f64::from(name) + 4.0 + least_bytes(property))
            });
            2.0 + required.sum::<f64>()
        }
        _ => 2.0,
    }
}

/// Rules that cost far too much.
pub(super) fn refuse(costs: &[(String, f64)], path: &Path<'_>, errors: &mut Errors) {
    let dear = costs.iter().filter(|(_, cost)| *cost > COST_MAX);
    let mut is_any = false;
    for (rule, _) in dear {
        is_any = true;
        let rule = Path::root(rule);
        let why = format!("estimated rule cost exceeds budget by factor of more than 100x {HELP}");
        errors.push(Error::forbidden(&rule, why));
        let why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        errors.push(Error::forbidden(&rule, why));
    }
    if is_any {
        let why = format!(
            "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x {HELP}"
        );
        errors.push(Error::forbidden(path, why));
    }
}
