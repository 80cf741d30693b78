//! `CONNECT`: what admission says of it, and who may open a connection that lets them act.

use crate::error;
use crate::storage::Snapshot;
use crate::verbs::{Call, record};
use tollgate_api::{GroupResource, Operation, Release, Status, Value};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// From this release on, whoever opens a stream into a pod by GET must be allowed to do so by POST.
const FIRST_RELEASE_THAT_WANTS_CREATE: Release = Release::minor(35);

/// Lets admission judge a connection by its options, which are changed as plugins want them.
pub async fn admit(call: &Call<'_>, options: &mut Value) -> Result<(), Status> {
    let snapshot = call.api.store.snapshot();
    let review = call.review(&snapshot, Operation::Connect, call.name, None, false);
    call.api.admission.mutate(&review, options).await?;
    let judged = review.with_object(options);
    call.api.admission.validate(&judged).await
}

/// Demands the right to `create`, which a websocket, opened by GET, would go around.
pub fn demand_create(call: &Call<'_>) -> Result<(), Status> {
    if call.api.release < FIRST_RELEASE_THAT_WANTS_CREATE {
        return Ok(());
    }
    let access = Access::Resource(ResourceAccess {
        verb: "create",
        group: call.resource.group(),
        resource: call.resource.plural(),
        subresource: call.subresource,
        namespace: call.namespace,
        name: call.name,
        field_selector: "",
    });
    call.api.authorizer.check(call.user, &access)
}

/// An object of the core group.
pub(super) fn find(
    snapshot: &Snapshot,
    plural: &str,
    namespace: &str,
    name: &str,
) -> Result<Value, Status> {
    let key = crate::storage::Key::new("", plural, namespace, name);
    let found = snapshot
        .get(key.as_str())
        .ok_or_else(|| error::not_found(&GroupResource::new("", plural), name))?;
    record::parse(&found.value, found.revision)
}
