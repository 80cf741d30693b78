//! What is kept with every served version of a custom resource.

use super::conversion::ConversionHook;
use super::rules::Rules;
use super::scale::ScalePaths;
use crate::patch::managed_fields::Versions;
use crate::patch::{CustomSchema, Schema};
use crate::resources::{CustomOrigin, Origin, Resource};
use crate::table::CustomColumns;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tollgate_api::value::CompactString;
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::structural;

/// The schemas of one version, served or not.
#[derive(Debug)]
pub(super) struct Schemas {
    /// As the definition writes it.
    pub(super) written: Option<Value>,
    /// For pruning, defaulting and validation.
    pub(super) structural: structural::Schema,
    /// The rules in it.
    pub(super) rules: Option<Rules>,
    /// For server-side apply.
    pub(super) apply: CustomSchema,
}

/// A number that was not given before.
pub(super) fn next_mark() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A served version of a custom resource.
#[derive(Debug)]
pub struct CustomVersion {
    /// Group, version and kind.
    pub(super) kind: GroupVersionKind,
    /// Tells it from every other version, and from itself before its definition changed.
    pub(super) mark: u64,
    /// The schemas of this version.
    pub(super) schemas: Arc<Schemas>,
    /// The schemas of all versions.
    pub(super) versions: Arc<BTreeMap<CompactString, Arc<Schemas>>>,
    /// The name of the version in which objects are stored.
    pub(super) storage: CompactString,
    /// The columns of Tables.
    pub columns: CustomColumns,
    /// Paths of the fields by which objects are selected, without the first dot.
    pub selectable: Vec<CompactString>,
    /// Where the subresource `scale` finds its numbers.
    pub scale: Option<ScalePaths>,
    /// Who converts objects between versions; nobody, if only their label differs.
    pub(crate) conversion: Option<Arc<ConversionHook>>,
    /// What clients of the version are warned of.
    pub warning: Option<String>,
}

/// What is kept with a custom resource; none if the resource is built in.
pub fn custom_of(resource: &Resource) -> Option<&CustomVersion> {
    match &resource.origin {
        Origin::Custom(origin) => {
            let origin: &dyn Any = &**origin;
            origin.downcast_ref()
        }
        Origin::BuiltIn | Origin::Measured(_) => None,
    }
}

impl CustomVersion {
    /// How objects merge in server-side apply.
    pub fn apply_schema(&self) -> Schema<'_> {
        Schema::Custom(&self.schemas.apply)
    }

    /// Gives an object the defaults of a version, and takes from it what that does not know.
    fn settle(&self, object: &mut Value, version: &str) {
        if let Some(schemas) = self.versions.get(version) {
            structural::set_defaults(object, &schemas.structural);
            structural::prune(object, Some(&schemas.structural));
        }
    }

    /// The same with the version in which the object is, whose name is returned. What is of no version that is known
    /// counts as of the one in which objects are stored.
    pub(crate) fn settle_stored(&self, object: &mut Value) -> CompactString {
        let own = GroupVersionKind::of(object).version;
        let own = if self.versions.contains_key(&own) {
            own
        } else {
            self.storage.clone()
        };
        self.settle(object, &own);
        own
    }

    /// The structural schema.
    pub fn schema(&self) -> &structural::Schema {
        &self.schemas.structural
    }
}

impl CustomOrigin for CustomVersion {
    fn openapi_schema(&self) -> Option<Value> {
        self.schemas.written.clone()
    }

    fn mark(&self) -> u64 {
        self.mark
    }

    fn read(&self, object: &mut Value) {
        // Defaults that came later, and fields that went: first as it is stored, then as it is served.
        let stored = self.settle_stored(object);
        if stored != self.kind.version {
            self.settle(object, &self.kind.version);
            object.set("apiVersion", self.kind.api_version());
        }
    }
}

impl Versions for CustomVersion {
    fn convert(&self, object: &Value, api_version: &str) -> Option<(Value, Schema<'_>)> {
        let (group, version) = api_version.split_once('/')?;
        let schemas = self.versions.get(version)?;
        if group != self.kind.group {
            return None;
        }
        let mut object = object.clone();
        object.set("apiVersion", api_version);
        Some((object, Schema::Custom(&schemas.apply)))
    }
}
