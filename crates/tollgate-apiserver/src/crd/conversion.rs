//! Conversion of custom objects by a webhook (`spec.conversion.strategy: Webhook`).

use crate::outside::{self, Target};
use crate::storage::Snapshot;
use tollgate_api::go_format::quote;
use tollgate_api::{Status, Value, json};

/// How long a webhook may take for a conversion.
const TIMEOUT_SECONDS: u64 = 30;

/// The webhook that converts the objects of a definition.
#[derive(Debug)]
pub struct ConversionHook {
    target: Target,
    /// Whether it speaks `v1`, or `v1beta1` alone.
    speaks_v1: bool,
}

impl ConversionHook {
    /// The webhook of a definition's spec; none if objects are only relabelled.
    pub(super) fn read(spec: &Value) -> Option<Self> {
        let conversion = spec.get("conversion")?;
        if conversion.str("strategy") != Some("Webhook") {
            return None;
        }
        let webhook = conversion.get("webhook")?;
        let client = webhook.get("clientConfig").unwrap_or(&Value::Null);
        let versions = webhook.items("conversionReviewVersions").iter();
        // The first that both know is spoken.
        let first = versions
            .filter_map(Value::as_str)
            .find(|version| matches!(*version, "v1" | "v1beta1"));
        Some(Self {
            target: Target::read(client, TIMEOUT_SECONDS),
            speaks_v1: first != Some("v1beta1"),
        })
    }

    fn api_version(&self) -> &'static str {
        if self.speaks_v1 {
            "apiextensions.k8s.io/v1"
        } else {
            "apiextensions.k8s.io/v1beta1"
        }
    }

    /// The objects in the version `wanted`, in their order; those that are in it already are not sent.
    pub async fn convert(
        &self,
        snapshot: &Snapshot,
        uid: &str,
        objects: Vec<Value>,
        wanted: &str,
    ) -> Result<Vec<Value>, Status> {
        let is_there = |object: &Value| object.str("apiVersion") == Some(wanted);
        let sent: Vec<Value> = objects
            .iter()
            .filter(|object| !is_there(object))
            .cloned()
            .collect();
        let Some(first) = sent.first() else {
            return Ok(objects);
        };
        let kind = format!(
            "{}, Kind={}",
            first.str_or_empty("apiVersion"),
            first.str_or_empty("kind")
        );
        let fail = |why: String| Status::plain(format!("conversion webhook for {kind} {why}"));
        let count = sent.len();
        let question = self.question(uid, sent, wanted);
        let answer = outside::ask(&self.target, snapshot, json::to_string(&question))
            .await
            .map_err(|why| fail(format!("failed: {why}")))?;
        let converted = self
            .answer(&answer, uid)
            .map_err(|why| fail(format!("failed: {why}")))?;
        if converted.len() != count {
            let found = converted.len();
            return Err(fail(format!("returned {found} objects, expected {count}")));
        }
        let mut converted = converted.into_iter().enumerate();
        let mut done = Vec::with_capacity(objects.len());
        for object in objects {
            if is_there(&object) {
                done.push(object);
                continue;
            }
            let Some((place, new)) = converted.next() else {
                continue;
            };
            let checked = checked(&object, new, wanted).map_err(|why| {
                fail(format!(
                    "returned invalid converted object at index {place}: {why}"
                ))
            });
            done.push(checked?);
        }
        Ok(done)
    }

    fn question(&self, uid: &str, objects: Vec<Value>, wanted: &str) -> Value {
        let mut question = Value::object();
        question.set("kind", "ConversionReview");
        question.set("apiVersion", self.api_version());
        let request = question.child_mut("request");
        request.set("uid", uid);
        request.set("desiredAPIVersion", wanted);
        request.set("objects", objects);
        question
    }

    fn answer(&self, text: &[u8], uid: &str) -> Result<Vec<Value>, String> {
        let review = json::from_slice(text).map_err(|error| error.to_string())?;
        let (version, kind) = (
            review.str_or_empty("apiVersion"),
            review.str_or_empty("kind"),
        );
        if version != self.api_version() || kind != "ConversionReview" {
            let wanted = self.api_version();
            return Err(format!(
                "expected webhook response of {wanted}, Kind=ConversionReview, got {version}, Kind={kind}"
            ));
        }
        let response = review.get("response").ok_or("no response provided")?;
        let found = response.str_or_empty("uid");
        if found != uid && (self.speaks_v1 || !found.is_empty()) {
            return Err(format!(
                "expected response.uid={}, got {}",
                quote(uid),
                quote(found)
            ));
        }
        let result = response.get("result").unwrap_or(&Value::Null);
        let status = result.str_or_empty("status");
        if status != "Success" {
            return Err(match result.str_or_empty("message") {
                "" => format!("response.result.status was '{status}', not 'Success'"),
                message => message.to_owned(),
            });
        }
        Ok(response.items("convertedObjects").to_vec())
    }
}

/// What a webhook may change: everything but who the object is. Of its metadata labels and annotations count, the rest
/// is put back.
fn checked(before: &Value, mut after: Value, wanted: &str) -> Result<Value, String> {
    let (kind, new_kind) = (before.str_or_empty("kind"), after.str_or_empty("kind"));
    if kind != new_kind {
        return Err(format!(
            "invalid kind (expected {kind}, received {new_kind})"
        ));
    }
    let version = after.str_or_empty("apiVersion");
    if version != wanted {
        return Err(format!(
            "invalid groupVersion (expected {wanted}, received {version})"
        ));
    }
    let none = Value::Null;
    let (old, new) = (
        before.get("metadata").unwrap_or(&none),
        after.get("metadata").unwrap_or(&none),
    );
    for key in ["name", "namespace", "uid"] {
        let (was, is) = (old.str_or_empty(key), new.str_or_empty(key));
        if was != is {
            let key = if key == "uid" { "UID" } else { key };
            return Err(format!(
                "must have the same {key}: {} != {}",
                quote(is),
                quote(was)
            ));
        }
    }
    let mut metadata = old.clone();
    for key in ["labels", "annotations"] {
        match new.get(key) {
            Some(value) => metadata.set(key, value.clone()),
            None => {
                metadata.remove(key);
            }
        }
    }
    after.set("metadata", metadata);
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    fn hook() -> ConversionHook {
        let spec = from_str(
            r#"{"conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v2","v1"],"clientConfig":{"url":"https://x/"}}}}"#,
        )
        .unwrap();
        ConversionHook::read(&spec).unwrap()
    }

    #[test]
    fn an_answer_must_be_one_to_the_question() {
        let hook = hook();
        let answer = |response: &str| {
            let text = format!(
                r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","response":{response}}}"#
            );
            hook.answer(text.as_bytes(), "u")
        };
        assert_eq!(
            answer(r#"{"uid":"v"}"#).unwrap_err(),
            "expected response.uid=\"u\", got \"v\""
        );
        assert_eq!(
            answer(r#"{"uid":"u","result":{"status":"Failed","message":"no"}}"#).unwrap_err(),
            "no"
        );
        assert_eq!(
            answer(r#"{"uid":"u","result":{}}"#).unwrap_err(),
            "response.result.status was '', not 'Success'"
        );
        let good = r#"{"uid":"u","result":{"status":"Success"},"convertedObjects":[{}]}"#;
        assert_eq!(answer(good).unwrap().len(), 1);
    }

    #[test]
    fn a_webhook_changes_nothing_of_who_an_object_is() {
        let before = from_str(
            r#"{"apiVersion":"x.y/v1","kind":"A","metadata":{"name":"a","uid":"u","labels":{"l":"1"},"generation":3}}"#,
        )
        .unwrap();
        let after = |metadata: &str| {
            let text =
                format!(r#"{{"apiVersion":"x.y/v2","kind":"A","metadata":{metadata},"s":1}}"#);
            checked(&before, from_str(&text).unwrap(), "x.y/v2")
        };
        let done =
            after(r#"{"name":"a","uid":"u","annotations":{"n":"1"},"generation":9}"#).unwrap();
        assert_eq!(
            done.get("metadata").unwrap(),
            &from_str(r#"{"name":"a","uid":"u","generation":3,"annotations":{"n":"1"}}"#).unwrap()
        );
        assert_eq!(
            after(r#"{"name":"b","uid":"u"}"#).unwrap_err(),
            "must have the same name: \"b\" != \"a\""
        );
    }
}
