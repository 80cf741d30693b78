//! Requests as a client sends them: decoded, admitted, stored, and answered in the version that was asked for.

use tollgate_api::{Status, UserInfo, Value};
use tollgate_apiserver::audit::NO_TRAIL;
use tollgate_apiserver::verbs::options::{FieldValidation, WriteOptions};
use tollgate_apiserver::verbs::{
    Answer, Api, BodyFormat, Call, Warnings, convert, create, decode, replace,
};

/// Creates an object, or replaces the one of that name, and gives what is answered.
pub(crate) async fn send(
    api: &Api,
    (group, version, plural): (&str, &str, &str),
    name: &str,
    body: &str,
) -> Result<Value, Status> {
    let catalog = api.catalog.load();
    let resource = catalog.resource(group, version, plural).unwrap();
    let (user, warnings) = (UserInfo::default(), Warnings::default());
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: if resource.namespaced { "a" } else { "" },
        name,
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let (kind, strict) = (&resource.kind, FieldValidation::Strict);
    let object = decode(&call, kind, body.as_bytes(), BodyFormat::Json, strict)?;
    let options = WriteOptions::default();
    let answer = if name.is_empty() {
        create(&call, object, &options).await?
    } else {
        replace(&call, object, &options).await?
    };
    match convert::answer(api, answer).await? {
        Answer::Object { object, .. } => object.parse(),
        other => Err(Status::internal(format!("{other:?}"))),
    }
}
