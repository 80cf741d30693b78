//! What real servers answered to discovery, packed: the data from which the table of resources is made, and more.
//! Beside it what the published schemas say of the types.

/// Everything a 1.36 server serves: groups, versions, resources, verbs, short names, categories, subresources. JSON, gzip.
pub const PACKED_1_36: &[u8] = include_bytes!("../../data/discovery-1.36.json.gz");

/// What a 1.24 server served differently, and the versions that 1.36 no longer serves. JSON, gzip.
pub const PACKED_1_24: &[u8] = include_bytes!("../../data/discovery-1.24.json.gz");

/// What the schemas that Kubernetes publishes for 1.36 say beyond fields and types: required fields, defaults, formats,
/// list and map types, keys of lists, group, version and kind. JSON, gzip.
pub const PACKED_OPENAPI_1_36: &[u8] = include_bytes!("../../data/openapi-1.36.json.gz");
