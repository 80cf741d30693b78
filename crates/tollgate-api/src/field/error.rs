//! Field errors: the reasons a 422 gives.

use super::Path;
use crate::go_format::quote;
use crate::value::Value;
use std::fmt;

/// Which sort of error; decides the wording and the `reason` of a Status cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// `FieldValueNotFound`
    NotFound,
    /// `FieldValueRequired`
    Required,
    /// `FieldValueDuplicate`
    Duplicate,
    /// `FieldValueInvalid`
    Invalid,
    /// `FieldValueNotSupported`
    NotSupported,
    /// `FieldValueForbidden`
    Forbidden,
    /// `FieldValueTooLong`
    TooLong,
    /// `FieldValueTooMany`
    TooMany,
    /// `InternalError`
    Internal,
    /// `FieldValueTypeInvalid`
    TypeInvalid,
}

impl ErrorKind {
    /// The `reason` of the cause in a Status.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// The sort of error.
    pub kind: ErrorKind,
    /// The field, as printed.
    pub field: String,
    /// The value shown, for the kinds that show one.
    pub value: Option<Value>,
    /// How the value prints if not as JSON: releases before 1.34 print composites in Go's syntax.
    pub shown: Option<String>,
    /// The detail behind the last colon; may be empty.
    pub detail: String,
}

/// All that is wrong with an object, in the order in which upstream looks.
pub type Errors = Vec<Error>;

impl Error {
    fn new(
        kind: ErrorKind,
        path: &Path<'_>,
        value: Option<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            field: path.to_string(),
            value,
            shown: None,
            detail: detail.into(),
        }
    }

    /// `Invalid value: <value>: <detail>`
    pub fn invalid(path: &Path<'_>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, path, Some(value.into()), detail)
    }

    /// `Invalid value: <shown>: <detail>`, where the value prints otherwise than as JSON.
    pub fn invalid_shown(
        path: &Path<'_>,
        value: impl Into<Value>,
        shown: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            shown: Some(shown.into()),
            ..Self::invalid(path, value, detail)
        }
    }

    /// `Invalid value: <value>: <detail>`, of a wrong type.
    pub fn type_invalid(
        path: &Path<'_>,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::TypeInvalid, path, Some(value.into()), detail)
    }

    /// `Required value[: <detail>]`
    pub fn required(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Required, path, None, detail)
    }

    /// `Forbidden: <detail>`
    pub fn forbidden(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, path, None, detail)
    }

    /// `Duplicate value: <value>`
    pub fn duplicate(path: &Path<'_>, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::Duplicate, path, Some(value.into()), "")
    }

    /// `Not found: <value>`
    pub fn not_found(path: &Path<'_>, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::NotFound, path, Some(value.into()), "")
    }

    /// `Unsupported value: <value>: supported values: "a", "b"`, in the order given.
    pub fn not_supported(path: &Path<'_>, value: impl Into<Value>, supported: &[&str]) -> Self {
        let detail = if supported.is_empty() {
            String::new()
        } else {
            let quoted: Vec<String> = supported.iter().map(|text| quote(text)).collect();
            format!("supported values: {}", quoted.join(", "))
        };
        Self::new(ErrorKind::NotSupported, path, Some(value.into()), detail)
    }

    /// `Too long: may not be more than <max> bytes`
    pub fn too_long(path: &Path<'_>, max: usize) -> Self {
        Self::new(
            ErrorKind::TooLong,
            path,
            None,
            format!("may not be more than {max} bytes"),
        )
    }

    /// `Too many: <actual>: must have at most <max> items`
    pub fn too_many(path: &Path<'_>, actual: i64, max: usize) -> Self {
        let items = if max == 1 { "item" } else { "items" };
        Self::new(
            ErrorKind::TooMany,
            path,
            Some(actual.into()),
            format!("must have at most {max} {items}"),
        )
    }

    /// `Internal error: <detail>`
    pub fn internal(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, path, None, detail)
    }

    /// The text without the field: the `message` of a Status cause.
    pub fn body(&self) -> String {
        let kind = self.kind.text();
        let mut text = match (&self.shown, &self.value) {
            (Some(shown), _) => format!("{kind}: {shown}"),
            (None, Some(Value::String(value))) => format!("{kind}: {}", quote(value)),
            (None, Some(value)) => format!("{kind}: {value}"),
            (None, None) => kind.to_owned(),
        };
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_upstream_prints() {
        let path = Path::root("spec");
        let check = |error: Error, text: &str| assert_eq!(error.to_string(), text);
        check(
            Error::invalid(&path, "x", "bad"),
            "spec: Invalid value: \"x\": bad",
        );
        check(Error::invalid(&path, 3_i64, ""), "spec: Invalid value: 3");
        check(
            Error::invalid_shown(&path, vec![3_i64], "[]int64{3}", "bad"),
            "spec: Invalid value: []int64{3}: bad",
        );
        check(Error::required(&path, ""), "spec: Required value");
        check(
            Error::required(&path, "say so"),
            "spec: Required value: say so",
        );
        check(
            Error::not_supported(&path, "x", &["a", "b"]),
            "spec: Unsupported value: \"x\": supported values: \"a\", \"b\"",
        );
        check(
            Error::too_many(&path, 3, 2),
            "spec: Too many: 3: must have at most 2 items",
        );
    }
}
