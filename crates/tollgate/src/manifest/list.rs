//! Taking lists apart.

use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Segment};

/// Lists inside one another that are taken apart; kubectl knows no bound, but nobody writes more than two.
const NESTING_MAX: usize = 8;

/// An object out of a list, or the object itself if it was none.
#[derive(Debug, Clone, PartialEq)]
pub struct ListItem {
    /// The object.
    pub value: Value,
    /// Where in the document it stood: `items[3]`; nothing if it is the document itself.
    pub prefix: FieldPath,
}

/// The objects of a `List` (or any kind with `items`), in order; of anything else, the thing itself.
///
/// As in kubectl: lists inside lists are taken apart too, and items without a kind take theirs from the list's:
/// the items of a `PodList` are pods.
pub fn expand_list(value: Value) -> Vec<ListItem> {
    let mut items = Vec::new();
    expand(value, FieldPath::default(), 0, &mut items);
    items
}

fn expand(mut value: Value, prefix: FieldPath, depth: usize, out: &mut Vec<ListItem>) {
    if depth >= NESTING_MAX || value.get("items").and_then(Value::as_array).is_none() {
        out.push(ListItem { value, prefix });
        return;
    }
    let item_kind = value
        .str_or_empty("kind")
        .trim_end_matches("List")
        .to_owned();
    let api_version = value.str_or_empty("apiVersion").to_owned();
    let Some(Value::Array(members)) = value.remove("items") else {
        return;
    };
    for (index, mut member) in members.into_iter().enumerate() {
        let anonymous = member.as_object().is_some()
            && member.str_or_empty("kind").is_empty()
            && member.str_or_empty("apiVersion").is_empty();
        if anonymous && !item_kind.is_empty() {
            member.set("kind", item_kind.as_str());
            member.set("apiVersion", api_version.as_str());
        }
        let mut place = prefix.clone();
        place.0.push(Segment::Field("items".into()));
        place.0.push(Segment::Index(index));
        expand(member, place, depth + 1, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(list: &str, expected: &[(&str, &str)]) {
        let items: Vec<_> = expand_list(json::from_str(list).unwrap())
            .into_iter()
            .map(|item| (item.prefix.to_string(), item.value.to_string()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(prefix, value)| ((*prefix).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(items, expected);
    }

    #[test]
    fn an_object_is_its_own_only_item() {
        check(r#"{"kind":"Pod"}"#, &[("", r#"{"kind":"Pod"}"#)]);
        check(r#"{"items":{}}"#, &[("", r#"{"items":{}}"#)]);
    }

    #[test]
    fn lists_inside_lists_are_flattened() {
        check(
            r#"{"kind":"List","items":[{"kind":"A"},{"kind":"List","items":[{"kind":"B"}]},null]}"#,
            &[
                ("items[0]", r#"{"kind":"A"}"#),
                ("items[1].items[0]", r#"{"kind":"B"}"#),
                ("items[2]", "null"),
            ],
        );
        check(r#"{"kind":"List","items":[]}"#, &[]);
    }

    #[test]
    fn items_without_a_kind_take_it_from_the_list() {
        check(
            r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{}},{"kind":"X"}]}"#,
            &[
                (
                    "items[0]",
                    r#"{"metadata":{},"kind":"Pod","apiVersion":"v1"}"#,
                ),
                ("items[1]", r#"{"kind":"X"}"#),
            ],
        );
    }
}
