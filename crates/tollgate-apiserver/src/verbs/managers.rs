//! Who manages which fields, kept up to date with every write.

use super::call::Call;
use super::options::WriteOptions;
use crate::crd;
use crate::patch::Schema;
use crate::patch::managed_fields::{self, NoOtherVersions, Request, Resets, Versions, manager_of};
use tollgate_api::{GroupVersionKind, Status, Value};
use tollgate_objects::schema::type_of;
use tollgate_objects::strategy;

/// Calls `write` with what managed fields must know of the request.
fn with_request<T>(
    call: &Call<'_>,
    options: &WriteOptions,
    write: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let resource = call.resource;
    let manager = manager(call, options);
    let has_status = resource.subresource("status").is_some();
    let custom = crd::custom_of(resource);
    let schema = match custom {
        Some(custom) => custom.apply_schema(),
        None => type_of(&resource.kind).map_or(Schema::Deduced, Schema::BuiltIn),
    };
    let resets = if resource.is_custom() {
        Resets::of_custom(call.subresource, has_status)
    } else {
        Resets::of(&resource.kind, call.subresource, has_status)
    };
    write(&Request {
        kind: &resource.kind,
        schema,
        manager: &manager,
        subresource: call.subresource,
        resets,
        now: call.now,
        versions: custom.map_or(&NoOtherVersions, |custom| custom as &dyn Versions),
    })
}

fn manager(call: &Call<'_>, options: &WriteOptions) -> String {
    if options.field_manager.is_empty() {
        manager_of(call.user_agent)
    } else {
        options.field_manager.clone()
    }
}

/// Carries out a server-side apply on the scale of an object, of the kind `kind`.
pub(super) fn apply_scale(
    call: &Call<'_>,
    options: &WriteOptions,
    kind: &GroupVersionKind,
    live: &Value,
    applied: &Value,
) -> Result<Value, Status> {
    let request = Request {
        kind,
        schema: type_of(kind).map_or(Schema::Deduced, Schema::BuiltIn),
        manager: &manager(call, options),
        subresource: "scale",
        resets: Resets::Nothing,
        now: call.now,
        versions: &NoOtherVersions,
    };
    let force = options.force == Some(true);
    let outcome = managed_fields::apply(Some(live), applied, force, &request);
    outcome.map_err(|error| error.status())
}

/// Brings the managed fields of `new` up to date; `live` is the object before the request.
pub(super) fn track(
    call: &Call<'_>,
    options: &WriteOptions,
    live: Option<&Value>,
    new: &mut Value,
) {
    strategy::show_former_fields(&call.resource.kind, new);
    with_request(call, options, |request| {
        managed_fields::updated(live, new, request);
    });
}

/// Carries out a server-side apply.
pub(super) fn apply(
    call: &Call<'_>,
    options: &WriteOptions,
    live: Option<&Value>,
    applied: &Value,
) -> Result<Value, Status> {
    let force = options.force == Some(true);
    let outcome = with_request(call, options, |request| {
        managed_fields::apply(live, applied, force, request)
    });
    outcome.map_err(|error| error.status())
}
