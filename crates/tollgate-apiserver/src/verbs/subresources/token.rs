//! `serviceaccounts/token`: a token for an account.

use super::admit;
use crate::auth::token::request::Request;

use crate::verbs::options::WriteOptions;
use crate::verbs::{Answer, Call};
use ring::rand::SystemRandom;
use tollgate_api::{GroupVersionKind, Status, Value};

/// Under which key the audit log is told of the token.
const CREDENTIAL_KEY: &str = "authentication.kubernetes.io/issued-credential-id";

/// Answers a TokenRequest.
pub async fn token(
    call: &Call<'_>,
    kind: &GroupVersionKind,
    object: &Value,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let object = &admit(call, object, options.is_dry_run()).await?;
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
    call.trail
        .annotate(CREDENTIAL_KEY, || issued.credential_id.clone());
    for warning in issued.warnings {
        call.warnings.add(warning);
    }
    Ok(Answer::Other {
        code: 201,
        kind: kind.clone(),
        object: issued.object,
    })
}
