//! Selecting by the name of a class: `Exists`, `DoesNotExist`, `In`, `NotIn`.

use tollgate_api::field::{Error, Path};
use tollgate_api::status::aggregate;
use tollgate_api::value::CompactString;
use tollgate_api::{Value, go_format, names};

/// What is asked of the name of an object's class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClassSelector {
    Exists,
    DoesNotExist,
    In(Vec<CompactString>),
    NotIn(Vec<CompactString>),
    /// Cannot be used, and why.
    Broken(String),
}

impl ClassSelector {
    /// Reads a requirement on the scope `key`. Values that are absent and an empty list of values print differently.
    pub(super) fn parse(key: &str, operator: &str, values: Option<&[CompactString]>) -> Self {
        let given = values.unwrap_or_default();
        let path = Path::root("values");
        let mut errors = Vec::new();
        match operator {
            // Upstream looks no further where a class must merely exist.
            "Exists" => return Self::Exists,
            "DoesNotExist" if !given.is_empty() => errors.push(Error::invalid(
                &path,
                given.to_vec(),
                "values set must be empty for exists and does not exist",
            )),
            "In" | "NotIn" if given.is_empty() => errors.push(Error::invalid(
                &path,
                Value::from(values.map(<[CompactString]>::to_vec)),
                "for 'in', 'notin' operators, values set can't be empty",
            )),
            "DoesNotExist" | "In" | "NotIn" => {}
            _ => {
                let operator = go_format::quote(operator);
                return Self::Broken(format!("{operator} is not a valid scope selector operator"));
            }
        }
        for (index, value) in given.iter().enumerate() {
            let why = names::label_value(value);
            if !why.is_empty() {
                let place = path.index(index);
                errors.push(Error::invalid(
                    &place.key(key),
                    value.clone(),
                    why.join("; "),
                ));
            }
        }
        match operator {
            _ if !errors.is_empty() => Self::Broken(aggregate(&errors)),
            "DoesNotExist" => Self::DoesNotExist,
            "In" => Self::In(given.to_vec()),
            _ => Self::NotIn(given.to_vec()),
        }
    }

    /// Whether an object of class `class` is meant; `None` is an object without a class.
    pub(super) fn holds(&self, class: Option<&str>) -> Result<bool, &str> {
        let is_among = |values: &[CompactString]| {
            class.is_some_and(|class| values.iter().any(|value| value == class))
        };
        match self {
            Self::Exists => Ok(class.is_some()),
            Self::DoesNotExist => Ok(class.is_none()),
            Self::In(values) => Ok(is_among(values)),
            Self::NotIn(values) => Ok(!is_among(values)),
            Self::Broken(why) => Err(why),
        }
    }
}
