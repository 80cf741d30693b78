//! What the published schemas say of a type beyond its fields.

use crate::resources::{DamagedData, unpack};
use tollgate_api::Value;
use tollgate_objects::schema::{StructType, discovery};

/// The facts about all types; unpacked while documents are written, and not kept.
#[derive(Debug)]
pub(super) struct Facts(Value);

impl Facts {
    pub(super) fn unpack() -> Result<Self, DamagedData> {
        unpack(discovery::PACKED_OPENAPI_1_36).map(Self)
    }

    /// What is said of a type.
    pub(super) fn of(&self, of: StructType) -> Option<&Value> {
        self.0.at(&["types", of.name()])
    }

    /// What is said of a field that `declaring` declares, alone or inlined in `outer`.
    pub(super) fn field(
        &self,
        outer: StructType,
        declaring: StructType,
        name: &str,
    ) -> Option<&Value> {
        let said = |of: StructType| self.0.at(&["types", of.name(), "fields", name]);
        said(declaring).or_else(|| said(outer))
    }
}
