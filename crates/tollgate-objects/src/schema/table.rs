//! The shapes of the generated table.

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// A number.
    Float64,
    /// Bytes, as base64 text.
    Bytes,
    /// An amount: text or a number.
    Quantity,
    /// A number or text, such as a percentage or a port's name.
    IntOrString,
    /// RFC 3339 text.
    Time,
    /// RFC 3339 text with microseconds.
    MicroTime,
    /// Anything: embedded objects, managed fields, JSON.
    Any,
    /// A JSON schema (the type of that number), or something else in its place.
    SchemaOr(u16, Alternative),
    /// A struct: the type of that number.
    Struct(u16),
    /// A list of the shape of that number.
    List(u16),
    /// A map from text to the shape of that number.
    Map(u16),
}

/// What may stand in the place of a JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// `true` or `false`.
    Bool,
    /// A list of JSON schemas.
    Schemas,
    /// A list of texts.
    Strings,
}

/// A field of a type, in the order of upstream's declaration, which is the order of its JSON.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The JSON name; empty for an inlined struct.
    pub name: &'static str,
    pub(super) shape: u16,
    flags: u16,
    /// The field's number in protobuf, 0 if it is not written there.
    pub number: u16,
    /// The protobuf tag: `bytes,1,opt,name=image`.
    pub protobuf: &'static str,
    /// `merge`, `retainKeys`, both, or empty.
    pub patch_strategy: &'static str,
    /// The key by which a strategic merge patch matches list members, or empty.
    pub patch_merge_key: &'static str,
    /// The keys by which server-side apply tells the members of a list apart; empty for other lists.
    pub list_map_keys: &'static [&'static str],
    /// JSON that stands for the field where it is a key of a list's members and left out, or empty.
    pub key_default: &'static str,
}

/// How a list merges under server-side apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListType {
    /// As a whole.
    Atomic,
    /// Value by value.
    Set,
    /// Member by member, told apart by [`Field::list_map_keys`].
    Map,
}

impl Field {
    /// Whether the Go field is a pointer: absence differs from zero.
    pub const fn is_pointer(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether an empty value is left out of JSON.
    pub const fn omits_empty(&self) -> bool {
        self.flags & 2 != 0
    }

    /// Whether a zero value is left out of JSON.
    pub const fn omits_zero(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Whether JSON says nothing of the field where nothing is set.
    pub const fn is_silent(&self) -> bool {
        self.flags & 16 != 0
    }

    /// Whether the fields of its struct stand in the outer object.
    pub const fn is_inline(&self) -> bool {
        self.flags & 8 != 0
    }

    /// How the list merges under server-side apply.
    pub const fn list_type(&self) -> ListType {
        if !self.list_map_keys.is_empty() {
            ListType::Map
        } else if self.flags & 64 != 0 {
            ListType::Set
        } else {
            ListType::Atomic
        }
    }

    /// Whether server-side apply takes the map or struct in this field as a whole, whatever its type says.
    pub const fn is_atomic(&self) -> bool {
        self.flags & 32 != 0
    }

    /// Whether protobuf has the list as a message of its own: a Go slice type with a name.
    pub const fn is_wrapped(&self) -> bool {
        self.flags & 128 != 0
    }

    /// Whether server-side apply takes the struct in this field field by field, whatever its type says.
    pub const fn is_granular(&self) -> bool {
        self.flags & 256 != 0
    }

    pub(super) const fn granular(mut self) -> Self {
        self.flags |= 256;
        self
    }

    pub(super) const fn wrapped(mut self) -> Self {
        self.flags |= 128;
        self
    }

    pub(super) const fn set(mut self) -> Self {
        self.flags |= 64;
        self
    }

    pub(super) const fn keyed(mut self, keys: &'static [&'static str]) -> Self {
        self.list_map_keys = keys;
        self
    }

    pub(super) const fn atomic(mut self) -> Self {
        self.flags |= 32;
        self
    }

    pub(super) const fn default(mut self, json: &'static str) -> Self {
        self.key_default = json;
        self
    }
}

/// A struct type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// Package and name: `core/v1.Container`.
    pub(super) name: &'static str,
    pub(super) first: u16,
    pub(super) declared: u16,
    /// Where the fields by name begin, and those in the order of JSON: inlined ones included in both.
    pub(super) lookup: u16,
    pub(super) lookups: u16,
    /// Where the fields by protobuf number begin.
    pub(super) wire: u16,
    pub(super) wires: u16,
    pub(super) is_atomic: bool,
}

impl Type {
    pub(super) const fn atomic(mut self) -> Self {
        self.is_atomic = true;
        self
    }
}

/// A resource as discovery lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty is the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The plural name in paths and quotas.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// kubectl's short names.
    pub short_names: &'static [&'static str],
    /// What can be done with it; empty for versions that no longer are served.
    pub verbs: &'static [&'static str],
}

pub(super) const fn f(
    name: &'static str,
    shape: u16,
    flags: u16,
    number: u16,
    protobuf: &'static str,
    patch_strategy: &'static str,
    patch_merge_key: &'static str,
) -> Field {
    Field {
        name,
        shape,
        flags,
        number,
        protobuf,
        patch_strategy,
        patch_merge_key,
        list_map_keys: &[],
        key_default: "",
    }
}

pub(super) const fn t(name: &'static str, places: [u16; 6]) -> Type {
    let [first, declared, lookup, lookups, wire, wires] = places;
    Type {
        name,
        first,
        declared,
        lookup,
        lookups,
        wire,
        wires,
        is_atomic: false,
    }
}

pub(super) const fn r(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    short_names: &'static [&'static str],
    verbs: &'static [&'static str],
) -> Resource {
    Resource {
        group,
        version,
        kind,
        plural,
        namespaced,
        short_names,
        verbs,
    }
}
