//! Who somebody is: oneself (`kubectl auth whoami`), or the owner of a token.

use super::{answered, read_texts, texts, user_info};
use crate::auth::authenticate::{Authenticator, Token};
use crate::auth::token::{LegacyUse, Objects};
use tollgate_api::{Object, Status, Timestamp, UserInfo, Value};

const API_VERSION: &str = "authentication.k8s.io/v1";

/// SelfSubjectReview: the asking user, after impersonation.
pub fn self_subject(user: &UserInfo, now: Timestamp) -> Value {
    let mut review = Value::object();
    let metadata = review.child_mut("metadata");
    metadata.set("creationTimestamp", now.to_string());
    let mut status = Object::new();
    status.insert("userInfo", user_info(user));
    answered(&review, API_VERSION, "SelfSubjectReview", status)
}

/// TokenReview: whose token it is, and for which of the wanted audiences it counts. The answer repeats the token: not
/// for logs. With it comes that a token was used that a secret keeps, which is to be written down.
pub fn token(
    authenticator: &Authenticator,
    review: &Value,
    now: Timestamp,
    objects: &dyn Objects,
) -> Result<(Value, Option<LegacyUse>), Status> {
    let spec = review.get("spec").unwrap_or(&Value::Null);
    let token = spec.str_or_empty("token");
    if token.is_empty() {
        let why = "token is required for TokenReview in authentication";
        return Err(Status::bad_request(why));
    }
    let audiences = read_texts(spec, "audiences");
    let mut status = Object::new();
    let used = match authenticator.review(&Token::new(token), &audiences, now, objects) {
        Ok(identity) => {
            status.insert("authenticated", true);
            status.insert("user", user_info(&identity.user));
            if !identity.audiences.is_empty() {
                status.insert("audiences", texts(&identity.audiences));
            }
            identity.used
        }
        Err(refusal) => {
            status.insert("user", Value::object());
            status.insert("error", refusal.why);
            refusal.used.map(|used| *used)
        }
    };
    Ok((answered(review, API_VERSION, "TokenReview", status), used))
}
