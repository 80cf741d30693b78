//! Manifests: text of files to trees, and back to the places in the text.

mod yaml;

/// For the oracle.
pub fn read_yaml(text: &str) -> Result<tollgate_api::Value, (usize, String)> {
    yaml::read(text).map_err(|fault| (fault.offset, fault.message.into_owned()))
}

/// For the oracle.
pub fn read_yaml_fast(text: &str) -> Option<tollgate_api::Value> {
    yaml::read_fast(text)
}
/// For the oracle.
pub fn read_yaml_fully(text: &str) -> Result<tollgate_api::Value, (usize, String)> {
    yaml::read_fully(text).map_err(|fault| (fault.offset, fault.message.into_owned()))
}
