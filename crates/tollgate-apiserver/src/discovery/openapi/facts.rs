//! What the published schemas say of a type beyond its fields, and what it means in our words.

use crate::resources::{DamagedData, unpack};
use tollgate_api::Value;
use tollgate_objects::schema::{Descriptions, StructType, discovery};

/// The facts about all types; unpacked while documents are written, and not kept.
#[derive(Debug)]
pub(super) struct Facts {
    published: Value,
    pub(super) words: Descriptions,
}

impl Facts {
    pub(super) fn unpack() -> Result<Self, DamagedData> {
        Ok(Self {
            published: unpack(discovery::PACKED_OPENAPI_1_36)?,
            words: Descriptions::read(),
        })
    }

    /// What is said of a type.
    pub(super) fn of(&self, of: StructType) -> Option<&Value> {
        self.published.at(&["types", of.name()])
    }

    /// What is said of a field that `declaring` declares, alone or inlined in `outer`.
    pub(super) fn field(
        &self,
        outer: StructType,
        declaring: StructType,
        name: &str,
    ) -> Option<&Value> {
        let said = |of: StructType| self.published.at(&["types", of.name(), "fields", name]);
        said(declaring).or_else(|| said(outer))
    }
}
