//! What a webhook answers.

use super::hook::Hook;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::go_format::quote;
use tollgate_api::status::Details;
use tollgate_api::{Reason, Status, Value, json};

/// An answer that was understood.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    /// Why the request is refused.
    pub(super) refusal: Option<Status>,
    /// The JSON patch.
    pub(super) patch: Option<Value>,
    pub(super) warnings: Vec<String>,
    /// Keys and texts for the audit log.
    pub(super) audit_annotations: Vec<(String, String)>,
}

/// Reads an `AdmissionReview`; the error is upstream's.
pub(super) fn read(text: &[u8], uid: &str, hook: &Hook) -> Result<Answer, String> {
    let review = json::from_slice(text).map_err(|error| error.to_string())?;
    let response = review
        .get("response")
        .ok_or("webhook response was absent")?;
    if hook.speaks_v1 {
        let version = review.str_or_empty("apiVersion");
        let kind = review.str_or_empty("kind");
        if version != hook.api_version() || kind != "AdmissionReview" {
            return Err(format!(
                "expected webhook response of {}, Kind=AdmissionReview, got {version}, Kind={kind}",
                hook.api_version()
            ));
        }
        let found = response.str_or_empty("uid");
        if found != uid {
            return Err(format!(
                "expected response.uid={}, got {}",
                quote(uid),
                quote(found)
            ));
        }
    }
    let patch = match response.str_or_empty("patch") {
        "" => None,
        text => Some(read_patch(response, text, hook)?),
    };
    let warnings = response.items("warnings").iter();
    let annotations = response.str_entries("auditAnnotations");
    let allowed = response.bool("allowed") == Some(true);
    Ok(Answer {
        refusal: (!allowed).then(|| refusal(hook, response.get("status"))),
        patch: patch.filter(|_| allowed),
        warnings: warnings
            .filter_map(|warning| warning.as_str().map(str::to_owned))
            .collect(),
        audit_annotations: annotations
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .collect(),
    })
}

fn read_patch(response: &Value, text: &str, hook: &Hook) -> Result<Value, String> {
    match response.str_or_empty("patchType") {
        "JSONPatch" => {}
        "" if !hook.speaks_v1 => {}
        "" => return Err("webhook returned response.patch but not response.patchType".to_owned()),
        other => {
            return Err(format!(
                "invalid webhook response: unsupported patchType: {other}"
            ));
        }
    }
    let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
    json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// A refusal in the words of the webhook, as far as it has any; never a success.
fn refusal(hook: &Hook, status: Option<&Value>) -> Status {
    let status = status.unwrap_or(&Value::Null);
    let denied = format!("admission webhook {} denied the request", quote(&hook.name));
    let reason = status.str_or_empty("reason");
    let message = match (status.str_or_empty("message"), reason) {
        ("", "") => format!("{denied} without explanation"),
        ("", reason) => format!("{denied}: {reason}"),
        (message, _) => format!("{denied}: {message}"),
    };
    let code = status.int("code").unwrap_or_default();
    Status {
        code: u16::try_from(code).unwrap_or_default().clamp(400, 599),
        reason: REASONS
            .into_iter()
            .find(|known| known.as_str() == reason)
            .unwrap_or(Reason::Unknown),
        message,
        details: status.get("details").map(|details| {
            let text = |key: &str| details.str_or_empty(key).to_owned();
            Box::new(Details {
                name: text("name"),
                group: text("group"),
                kind: text("kind"),
                uid: text("uid"),
                ..Details::default()
            })
        }),
    }
}

/// The reasons that a webhook may give.
const REASONS: [Reason; 14] = [
    Reason::BadRequest,
    Reason::Unauthorized,
    Reason::Forbidden,
    Reason::NotFound,
    Reason::AlreadyExists,
    Reason::Conflict,
    Reason::Expired,
    Reason::Invalid,
    Reason::InternalError,
    Reason::ServerTimeout,
    Reason::MethodNotAllowed,
    Reason::RequestEntityTooLarge,
    Reason::TooManyRequests,
    Reason::ServiceUnavailable,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hook() -> Hook {
        let configuration = json::from_str(
            r#"{"metadata":{"name":"c"},"webhooks":[{"name":"w.example","admissionReviewVersions":["v1"]}]}"#,
        )
        .unwrap();
        Hook::of(&configuration).remove(0)
    }

    fn read_response(response: &str) -> Result<Answer, String> {
        let text = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{response}}}"#
        );
        read(text.as_bytes(), "u", &hook())
    }

    #[test]
    fn a_refusal_is_in_the_words_of_the_webhook() {
        let refused = |response: &str| read_response(response).unwrap().refusal.unwrap();
        let bare = refused(r#"{"uid":"u","allowed":false}"#);
        assert_eq!(
            (bare.code, bare.message.as_str()),
            (
                400,
                "admission webhook \"w.example\" denied the request without explanation"
            )
        );
        let said = refused(
            r#"{"uid":"u","allowed":false,"status":{"code":403,"reason":"Forbidden","message":"no"}}"#,
        );
        assert_eq!(
            (said.code, said.reason, said.message.as_str()),
            (
                403,
                Reason::Forbidden,
                "admission webhook \"w.example\" denied the request: no"
            )
        );
    }

    #[test]
    fn an_answer_to_another_question_is_none() {
        assert_eq!(
            read_response(r#"{"uid":"x","allowed":true}"#).unwrap_err(),
            "expected response.uid=\"u\", got \"x\""
        );
        assert_eq!(
            read_response("null").unwrap_err(),
            "webhook response was absent"
        );
        assert_eq!(
            read_response(r#"{"uid":"u","allowed":true,"patch":"W10="}"#).unwrap_err(),
            "webhook returned response.patch but not response.patchType"
        );
    }
}
