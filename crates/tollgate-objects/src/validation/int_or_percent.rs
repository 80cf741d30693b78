//! Numbers or percentages, as rolling updates and disruption budgets have them.

use super::numbers::NEGATIVE;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/// The number before the percent sign of text that is a percentage.
fn percentage(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('%')?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number that no integer holds is certainly more than 100.
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// `ValidatePositiveIntOrPercent`: a percentage, or a number that is not negative.
pub(super) fn positive(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    match value {
        Value::String(text) if percentage(text).is_none() => {
            errors.push(Error::invalid(path, text.clone(), PERCENT));
        }
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => {
            errors.push(Error::invalid(path, value.clone(), NEGATIVE));
        }
        _ => {}
    }
}

/// `IsNotMoreThan100Percent`
pub(super) fn at_most_all(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(text) = value.as_str()
        && percentage(text).is_some_and(|percent| percent > 100)
    {
        errors.push(Error::invalid(path, text, "must not be greater than 100%"));
    }
}

/// Whether the number, or the number of percent, is 0; an absent one is.
pub(super) fn is_zero(value: Option<&Value>) -> bool {
    match value {
        None => true,
        Some(Value::String(text)) => percentage(text).unwrap_or_default() == 0,
        Some(value) => value.as_i64().unwrap_or_default() == 0,
    }
}
