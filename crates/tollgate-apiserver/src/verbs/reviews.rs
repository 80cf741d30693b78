//! Reviews: questions that are asked by creating an object, answered in its status and never stored.

use super::answer::Answer;
use super::call::Call;
use super::metadata;
use crate::auth::token::LegacyUse;
use crate::auth::{Authenticator, reviews};
use tollgate_api::{Status, Value};

/// Answers a review; none if the resource is none of them. With it comes that a token was used that a secret keeps.
pub fn review(
    call: &Call<'_>,
    authenticator: &Authenticator,
    object: &Value,
) -> Option<Result<(Answer, Option<LegacyUse>), Status>> {
    let authorizer = &call.api.authorizer;
    let mut used = None;
    let resource = call.group_resource();
    let answered = match (resource.group.as_str(), resource.resource.as_str()) {
        ("authentication.k8s.io", "selfsubjectreviews") => {
            Ok(reviews::self_subject(call.user, call.now))
        }
        ("authentication.k8s.io", "tokenreviews") => {
            let snapshot = call.api.store.snapshot();
            let reviewed = reviews::token(authenticator, object, call.now, &snapshot);
            reviewed.map(|(review, noted)| {
                used = noted;
                review
            })
        }
        ("authorization.k8s.io", "selfsubjectaccessreviews") => {
            reviews::self_subject_access(authorizer, call.user, object)
        }
        ("authorization.k8s.io", "subjectaccessreviews") => {
            reviews::subject_access(authorizer, object)
        }
        ("authorization.k8s.io", "localsubjectaccessreviews") => {
            let mut object = object.clone();
            if let Err(status) = metadata::settle_namespace(call, &mut object) {
                return Some(Err(status));
            }
            reviews::local_subject_access(authorizer, call.namespace, &object)
        }
        ("authorization.k8s.io", "selfsubjectrulesreviews") => {
            reviews::self_subject_rules(authorizer, call.user, object)
        }
        _ => return None,
    };
    Some(answered.map(|object| (created(call, object), used)))
}

/// Answers a SubjectAccessReview, for those who do not come over a connection.
pub fn review_access(call: &Call<'_>, object: &Value) -> Result<Answer, Status> {
    let answered = reviews::subject_access(&call.api.authorizer, object)?;
    Ok(created(call, answered))
}

fn created(call: &Call<'_>, object: Value) -> Answer {
    Answer::Other {
        code: 201,
        kind: call.resource.kind.clone(),
        object,
    }
}
