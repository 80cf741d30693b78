//! Writes that change nothing but the timestamps of managed fields.

use super::entries::list_of;
use tollgate_api::{Object, Value};

/// Whether the two differ in nothing but times of managed fields, and resource version: the write can be left out.
///
/// Objects without managed fields are not compared.
pub fn same_but_for_times(old: &Value, new: &Value) -> bool {
    let (Some(olds), Some(news)) = (list_of(old), list_of(new)) else {
        return false;
    };
    if olds.is_empty() || olds.len() != news.len() {
        return false;
    }
    let entries_agree = olds
        .iter()
        .zip(news)
        .all(|(old, new)| agree(old, new, "time", &|_, _| true));
    entries_agree
        && agree(old, new, "metadata", &|old, new| {
            agree(old, new, "managedFields", &|_, _| true)
        })
}

/// Whether two objects have the same under every key but `excepted`, and `also` holds there. Null is absent.
fn agree(old: &Value, new: &Value, excepted: &str, also: &dyn Fn(&Value, &Value) -> bool) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return old == new;
    };
    let covered = |one: &Object, other: &Object| {
        one.iter().all(|(key, value)| {
            key == excepted || value.is_null() || other.get(key).is_some_and(|other| other == value)
        })
    };
    covered(old, new)
        && covered(new, old)
        && match (old.get(excepted), new.get(excepted)) {
            (Some(old), Some(new)) => also(old, new),
            (None, None) => true,
            _ => excepted == "time",
        }
}
