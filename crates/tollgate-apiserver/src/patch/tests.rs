//! Patches against upstream's answers: `data/patches.jsonl.gz`.
//!
//! The first line holds documents, each further line a patch of one of them: `out` is what upstream made of it; or
//! `code` and `err` say why it refused, and `restore` why the outcome is no object of its type.

use super::upstream::lines;
use super::{PatchError, json, merge, strategic};
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::{StructType, decode, restore_problem, type_of};

struct Case {
    document: Value,
    patch: Value,
    answer: Value,
}

fn cases(sort: &str) -> Vec<Case> {
    let mut lines = lines(include_bytes!("../../data/patches.jsonl.gz")).into_iter();
    let documents = lines.next().unwrap();
    let documents = documents.items("documents");
    lines
        .filter(|line| line.str("t") == Some(sort))
        .map(|answer| Case {
            document: match answer.int("doc") {
                Some(number) => documents[usize::try_from(number).unwrap()].clone(),
                None => answer.get("doc").unwrap().clone(),
            },
            patch: answer.get("patch").cloned().unwrap_or_default(),
            answer,
        })
        .collect()
}

fn type_of_object(object: &Value) -> StructType {
    let version = object.str_or_empty("apiVersion");
    type_of(&GroupVersionKind::new(version, object.str_or_empty("kind"))).unwrap()
}

/// How `outcome` differs from upstream's answer.
fn difference(outcome: &Result<Value, PatchError>, answer: &Value, texts: bool) -> Option<String> {
    let wanted = answer.get("out");
    match (outcome, wanted) {
        (Ok(found), Some(wanted)) if found == wanted => None,
        (Err(error), None)
            if Some(i64::from(error.status().code)) == answer.int("code")
                && (!texts || error.to_string() == answer.str_or_empty("err")) =>
        {
            None
        }
        (Ok(found), _) => Some(tollgate_api::json::to_string(found)),
        (Err(error), _) => Some(error.to_string()),
    }
}

fn check(
    sort: &str,
    texts: bool,
    apply: impl Fn(&mut Value, &Value) -> Result<(), PatchError>,
) -> usize {
    let cases = cases(sort);
    let mut wrong = Vec::new();
    for case in &cases {
        let mut document = case.document.clone();
        let outcome = apply(&mut document, &case.patch).map(|()| document);
        if let Some(found) = difference(&outcome, &case.answer, texts) {
            wrong.push(format!(
                "{}\nfound {found}",
                tollgate_api::json::to_string(&case.answer)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
    cases.len()
}

#[test]
fn json_patches_do_what_upstream_does() {
    assert!(check("json", false, json::apply) > 900);
}

#[test]
fn merge_patches_do_what_upstream_does() {
    assert!(check("merge", false, merge::apply) > 200);
}

#[test]
fn strategic_merge_patches_do_what_upstream_does() {
    let apply = |document: &mut Value, patch: &Value| {
        let of = type_of_object(document);
        strategic::apply(document, patch, of)
    };
    assert!(check("strategic", true, apply) > 600);
}

#[test]
fn what_cannot_be_an_object_of_its_type_is_said_in_upstreams_words() {
    let mut said = 0;
    for case in cases("strategic") {
        let Some(outcome) = case.answer.get("out") else {
            continue;
        };
        let problem = restore_problem(type_of_object(&case.document), outcome);
        assert_eq!(
            problem.as_deref(),
            case.answer.str("restore"),
            "{:?}",
            case.patch
        );
        if problem.is_some() {
            assert_eq!(
                strategic::printed(&case.patch),
                case.answer.str_or_empty("printed")
            );
            said += 1;
        }
    }
    assert!(said > 40);
}

mod properties {
    use super::super::arbitrary::value as any_value;
    use super::*;
    use proptest::prelude::*;
    use tollgate_api::json::from_str;

    fn pod() -> StructType {
        type_of(&GroupVersionKind::new("v1", "Pod")).unwrap()
    }

    fn any_operations() -> impl Strategy<Value = Value> {
        let path = proptest::sample::select(vec![
            "",
            "/",
            "/spec",
            "/spec/0",
            "/metadata/labels",
            "/name/-",
            "/a/b/c",
            "/containers/-1",
            "spec",
            "/~1~0",
        ]);
        let op = proptest::sample::select(vec![
            "add", "remove", "replace", "move", "copy", "test", "twist",
        ]);
        let step = (op, path.clone(), path, any_value()).prop_map(|(op, path, from, value)| {
            let entries = [
                ("op", op.into()),
                ("path", path.into()),
                ("from", from.into()),
                ("value", value),
            ];
            entries.into_iter().collect::<Value>()
        });
        prop::collection::vec(step, 0..4).prop_map(Value::Array)
    }

    fn without_directives(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.retain(|key, _| !key.starts_with('$'));
                object
                    .iter_mut()
                    .for_each(|(_, child)| without_directives(child));
            }
            Value::Array(items) => items.iter_mut().for_each(without_directives),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn a_json_patch_that_fails_changes_nothing(document in any_value(), patch in any_operations()) {
            let mut after = document.clone();
            if json::apply(&mut after, &patch).is_err() {
                prop_assert_eq!(after, document);
            }
        }

        #[test]
        fn an_empty_strategic_patch_is_the_identity(document in any_value()) {
            prop_assume!(document.as_object().is_some());
            let mut after = document.clone();
            strategic::apply(&mut after, &Value::object(), pod()).unwrap();
            prop_assert_eq!(after, document);
        }

        #[test]
        fn a_strategic_patch_leaves_an_object(document in any_value(), patch in any_value()) {
            let mut after = document;
            let outcome = strategic::apply(&mut after, &patch, pod());
            prop_assert!(outcome.is_err() || patch.is_null() || after.as_object().is_some());
        }
    }

    #[test]
    fn a_strategic_patch_without_directives_applied_twice_is_applied_once() {
        let mut applied = 0;
        for mut case in cases("strategic") {
            without_directives(&mut case.patch);
            let of = type_of_object(&case.document);
            let mut once = case.document;
            let is_sound = strategic::apply(&mut once, &case.patch, of).is_ok()
                && restore_problem(of, &once).is_none();
            if is_sound {
                // Between the two, a server decodes the outcome, and nulls go.
                let version = once.str_or_empty("apiVersion");
                let kind = GroupVersionKind::new(version, once.str_or_empty("kind"));
                decode(&kind, &mut once);
                let mut twice = once.clone();
                // Members without their key are taken with a new list, and missed when the list is there.
                if strategic::apply(&mut twice, &case.patch, of).is_err() {
                    continue;
                }
                decode(&kind, &mut twice);
                assert_eq!(twice, once, "{:?}", case.patch);
                applied += 1;
            }
        }
        assert!(applied > 300, "{applied}");
    }

    #[test]
    fn a_patch_of_too_many_operations_is_too_large() {
        let step = from_str(r#"{"op":"test","path":"/a"}"#).unwrap();
        let patch = Value::Array(vec![step; json::OPERATIONS_MAX + 1]);
        let status = json::apply(&mut Value::object(), &patch)
            .unwrap_err()
            .status();
        assert_eq!(
            (status.code, status.reason.as_str()),
            (413, "RequestEntityTooLarge")
        );
        assert_eq!(
            status.message,
            "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
        );
    }

    #[test]
    fn copies_cannot_double_a_document_for_ever() {
        let mut document = from_str(r#"{"a":{}}"#).unwrap();
        let add = from_str(r#"{"op":"copy","from":"","path":"/a/x"}"#).unwrap();
        assert!(json::apply(&mut document, &Value::Array(vec![add])).is_err());
        let steps: Vec<Value> = (0..40)
            .map(|step| {
                from_str(&format!(
                    r#"{{"op":"copy","from":"/a","path":"/a/x{step}"}}"#
                ))
                .unwrap()
            })
            .collect();
        let error = json::apply(&mut document, &Value::Array(steps)).unwrap_err();
        assert!(
            error.to_string().starts_with("Unable to complete the copy"),
            "{error}"
        );
        let deeper = "/x".repeat(tollgate_api::json::DEPTH_MAX);
        let mut deep = Value::object();
        for _ in 1..tollgate_api::json::DEPTH_MAX {
            deep = [("x", deep)].into_iter().collect();
        }
        let add = [
            ("op", "add".into()),
            ("path", deeper.into()),
            ("value", Value::object()),
        ];
        let add: Value = add.into_iter().collect();
        assert!(json::apply(&mut deep, &Value::Array(vec![add])).is_err());
    }

    #[test]
    fn a_refusal_of_a_json_patch_does_not_say_why() {
        let patch = from_str(r#"[{"op":"remove","path":"/none"}]"#).unwrap();
        let status = json::apply(&mut Value::object(), &patch)
            .unwrap_err()
            .status();
        assert_eq!(
            status.message,
            "the server rejected our request due to an error in our request"
        );
        assert_eq!(
            (status.code, status.reason),
            (422, tollgate_api::Reason::Invalid)
        );
        assert_eq!(status.details, Some(Box::default()));
    }

    #[test]
    fn what_is_no_operation_is_malformed_in_upstreams_words() {
        let refused = |patch: &str| {
            let error = json::apply(&mut Value::object(), &from_str(patch).unwrap()).unwrap_err();
            (error.status().code, error.to_string())
        };
        let decoding = "error decoding patch: json: cannot unmarshal";
        assert_eq!(
            refused("{}"),
            (
                400,
                format!("{decoding} object into Go value of type []handlers.jsonPatchOp")
            )
        );
        assert_eq!(
            refused("[1]"),
            (
                400,
                format!("{decoding} number into Go value of type handlers.jsonPatchOp")
            )
        );
        assert_eq!(
            refused(r#"[{"op":1}]"#),
            (
                400,
                format!("{decoding} number into Go struct field jsonPatchOp.op of type string")
            )
        );
        let strange = from_str(r#"[{"op":"test","path":"/a","extra":1}]"#).unwrap();
        assert_eq!(
            json::unknown_fields(&strange),
            [r#"json patch unknown field "[0].extra""#]
        );
    }
}
