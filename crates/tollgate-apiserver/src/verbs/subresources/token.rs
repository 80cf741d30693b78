//! `serviceaccounts/token`: a token for an account.

use crate::auth::token::request::Request;
use crate::verbs::{Answer, Call};
use ring::rand::SystemRandom;
use tollgate_api::{GroupVersionKind, Status, Value};

/// Answers a TokenRequest.
pub fn token(call: &Call<'_>, kind: &GroupVersionKind, object: &Value) -> Result<Answer, Status> {
    let api = call.api;
    let snapshot = api.store.snapshot();
    let issued = api.issuer.answer(&Request {
        namespace: call.namespace,
        name: call.name,
        object,
        now: call.now,
        uid: &api.environment.uid(),
        token_id: &api.environment.uid(),
        objects: &snapshot,
        random: &SystemRandom::new(),
    })?;
    for warning in issued.warnings {
        call.warnings.add(warning);
    }
    Ok(Answer::Other {
        code: 201,
        kind: kind.clone(),
        object: issued.object,
    })
}
