//! One operation of a JSON patch.

use super::path::{Path, index_of, number};
use super::{PatchError, not_decodable};
use tollgate_api::go_format::json_kind;
use tollgate_api::json::DEPTH_MAX;
use tollgate_api::{Number, Value};

/// The most bytes that the `copy` operations of a patch may add: a few of them could otherwise double a document until
/// memory ends.
const COPIED_MAX: usize = 3 << 20;

/// One operation, read.
pub(super) struct Operation<'o> {
    kind: &'o str,
    path: Option<&'o str>,
    from: Option<&'o str>,
    value: Option<&'o Value>,
}

impl<'o> Operation<'o> {
    /// Whether nothing is changed before it is sure that the operation succeeds.
    pub(super) fn is_atomic(&self) -> bool {
        self.kind != "move"
    }

    pub(super) fn read(step: &'o Value) -> Result<Self, PatchError> {
        let object = match step {
            Value::Object(object) => object,
            Value::Null => {
                return Ok(Self {
                    kind: "unknown",
                    path: None,
                    from: None,
                    value: None,
                });
            }
            other => {
                return Err(PatchError::Malformed(not_decodable(
                    other,
                    "handlers.jsonPatchOp",
                )));
            }
        };
        let text = |key: &str| match object.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(PatchError::Malformed(format!(
                "error decoding patch: json: cannot unmarshal {} into Go struct field jsonPatchOp.{key} of type string",
                json_kind(other)
            ))),
        };
        Ok(Self {
            kind: text("op")?.unwrap_or("unknown"),
            path: text("path")?,
            from: text("from")?,
            value: object.get_or_null("value"),
        })
    }

    /// Sorts the keys of the objects that the operation went through.
    pub(super) fn sort_on_the_way(&self, document: &mut Value) {
        for path in [self.from, self.path].into_iter().flatten() {
            if let Some(path) = Path::parse(path) {
                path.sort_on_the_way(document);
            }
        }
    }

    fn path(&self) -> Result<&'o str, PatchError> {
        self.path.ok_or_else(|| {
            let kind = self.kind;
            inapplicable(format!(
                "{kind} operation failed to decode path: missing value"
            ))
        })
    }

    fn from(&self) -> Result<&'o str, PatchError> {
        self.from.ok_or_else(|| {
            let kind = self.kind;
            inapplicable(format!(
                "{kind} operation failed to decode from: operation, missing from field: missing value"
            ))
        })
    }
}

fn inapplicable(text: impl Into<String>) -> PatchError {
    PatchError::Inapplicable(text.into())
}

/// Carries out one operation; on error the document is as before, but for a `move`, which may have taken its value away.
pub(super) fn perform(
    document: &mut Value,
    operation: &Operation<'_>,
    copied: &mut usize,
) -> Result<(), PatchError> {
    match operation.kind {
        "add" => {
            let path = operation.path()?;
            let value = operation.value.cloned().unwrap_or_default();
            add(
                document,
                path,
                value,
                "add operation does not apply: doc is missing path",
            )
        }
        "remove" => remove(document, operation.path()?).map(drop),
        "replace" => replace(document, operation.path()?, operation.value),
        "move" => move_value(document, operation),
        "copy" => copy(document, operation, copied),
        "test" => test(document, operation.path()?, operation.value),
        other => Err(inapplicable(format!("Unexpected kind: {other}"))),
    }
}

/// The container that `path` leads to and the key in it.
fn find<'d, 'p>(
    document: &'d mut Value,
    path: &'p str,
    missing: &str,
) -> Result<(&'d mut Value, Path<'p>), PatchError> {
    let found = Path::parse(path).and_then(|parsed| Some((parsed.container(document)?, parsed)));
    found.ok_or_else(|| inapplicable(format!("{missing}: {path}: missing value")))
}

fn bad_index(index: &str) -> PatchError {
    inapplicable(format!(
        "Unable to access invalid index: {index}: invalid index referenced"
    ))
}

fn add(document: &mut Value, path: &str, value: Value, missing: &str) -> Result<(), PatchError> {
    let (container, key) = find(document, path, missing)?;
    if key.depth().saturating_add(depth(&value)) > DEPTH_MAX {
        return Err(inapplicable(format!(
            "{path}: deeper than {DEPTH_MAX} levels"
        )));
    }
    match container {
        Value::Object(object) => object.insert(key.last.as_ref(), value),
        Value::Array(items) if key.last == "-" => items.push(value),
        Value::Array(items) => {
            // One place more than there are members; -1 is behind the last.
            let place = index_of(&key.last, items.len().saturating_add(1));
            items.insert(place.ok_or_else(|| bad_index(&key.last))?, value);
        }
        _ => return Err(inapplicable(format!("{missing}: {path}: missing value"))),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, PatchError> {
    let (container, key) = find(
        document,
        path,
        "remove operation does not apply: doc is missing path",
    )?;
    match container {
        Value::Object(object) => object
            .get_or_null(&key.last)
            .is_some()
            .then(|| object.remove(&key.last).unwrap_or_default())
            .ok_or_else(|| {
                let key = &key.last;
                inapplicable(format!(
                    "Unable to remove nonexistent key: {key}: missing value"
                ))
            }),
        Value::Array(items) => match index_of(&key.last, items.len()) {
            Some(index) => Ok(items.remove(index)),
            None => Err(bad_index(&key.last)),
        },
        _ => Err(bad_index(&key.last)),
    }
}

fn replace(document: &mut Value, path: &str, value: Option<&Value>) -> Result<(), PatchError> {
    let value = value.cloned().unwrap_or_default();
    if path.is_empty() {
        if !matches!(value, Value::Object(_) | Value::Array(_)) {
            return Err(inapplicable(
                "replace operation value must be object or array",
            ));
        }
        *document = value;
        return Ok(());
    }
    let (container, key) = find(
        document,
        path,
        "replace operation does not apply: doc is missing path",
    )?;
    match container {
        Value::Object(object) => object.insert(key.last.as_ref(), value),
        Value::Array(items) => {
            let place = index_of(&key.last, items.len()).and_then(|index| items.get_mut(index));
            let missing = "replace operation does not apply: doc is missing key";
            *place.ok_or_else(|| inapplicable(format!("{missing}: {path}: missing value")))? =
                value;
        }
        _ => return Err(bad_index(&key.last)),
    }
    Ok(())
}

fn move_value(document: &mut Value, operation: &Operation<'_>) -> Result<(), PatchError> {
    let from = operation.from()?;
    let (container, key) = find(
        document,
        from,
        "move operation does not apply: doc is missing from path",
    )?;
    let value = match container {
        Value::Object(object) if object.get_or_null(&key.last).is_some() => {
            object.remove(&key.last).unwrap_or_default()
        }
        Value::Array(items) if index_of(&key.last, items.len()).is_some() => {
            items.remove(index_of(&key.last, items.len()).unwrap_or_default())
        }
        _ => {
            let key = &key.last;
            return Err(inapplicable(format!(
                "error in move for path: '{key}': missing value"
            )));
        }
    };
    let missing = "move operation does not apply: doc is missing destination path";
    add(document, operation.path()?, value, missing)
}

fn copy(
    document: &mut Value,
    operation: &Operation<'_>,
    copied: &mut usize,
) -> Result<(), PatchError> {
    let from = operation.from()?;
    let value = get(
        document,
        from,
        "copy operation does not apply: doc is missing from path",
    )?
    .cloned()
    .unwrap_or_default();
    *copied = copied.saturating_add(tollgate_api::json::to_string(&value).len());
    if *copied > COPIED_MAX {
        return Err(inapplicable(format!(
            "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPIED_MAX}"
        )));
    }
    let missing = "copy operation does not apply: doc is missing destination path";
    add(document, operation.path()?, value, missing)
}

/// What stands at `path`: none for a key that an object does not have, an error for an index that a list does not.
fn get<'d>(
    document: &'d mut Value,
    path: &str,
    missing: &str,
) -> Result<Option<&'d Value>, PatchError> {
    let (container, key) = find(document, path, missing)?;
    match container {
        Value::Object(object) => Ok(object.get_or_null(&key.last)),
        Value::Array(items) => match index_of(&key.last, items.len()) {
            Some(index) => Ok(items.get(index)),
            None if number(&key.last).is_some() => Err(bad_index(&key.last)),
            None => Err(inapplicable(format!(
                "strconv.Atoi: parsing {}: invalid syntax",
                tollgate_api::go_format::quote(&key.last)
            ))),
        },
        _ => Err(bad_index(&key.last)),
    }
}

fn test(document: &mut Value, path: &str, value: Option<&Value>) -> Result<(), PatchError> {
    let found = if path.is_empty() {
        Some(&*document)
    } else {
        get(
            document,
            path,
            "test operation does not apply: is missing path",
        )?
    };
    let holds = match (
        found.filter(|found| !found.is_null()),
        value.filter(|value| !value.is_null()),
    ) {
        (None, None) => true,
        (Some(found), Some(value)) => same(found, value),
        _ => false,
    };
    if holds {
        return Ok(());
    }
    Err(inapplicable(format!(
        "testing value {path} failed: test failed"
    )))
}

/// Equality of texts, so that `1` is not `1.0`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(Number::Int(a)), Value::Number(Number::Int(b))) => a == b,
        (Value::Number(Number::Float(a)), Value::Number(Number::Float(b))) => {
            a.to_bits() == b.to_bits()
        }
        (Value::Number(_), Value::Number(_)) => false,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get_or_null(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// How many containers stand in each other.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0).saturating_add(1),
        Value::Object(object) => {
            let deepest = object.iter().map(|(_, value)| depth(value)).max();
            deepest.unwrap_or(0).saturating_add(1)
        }
        _ => 0,
    }
}
