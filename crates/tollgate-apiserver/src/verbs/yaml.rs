//! YAML bodies. The reader is given to the server: it is that of `tollgate check`, which reads as kubectl does.

use tollgate_api::Value;

/// What a YAML text says.
#[derive(Debug, Clone, PartialEq)]
pub struct Yaml {
    /// The tree of the first document; keys that stand twice are in it twice.
    pub tree: Value,
    /// Keys that stand in one map twice, each with its line: `line 6: key "a" already set in map`.
    pub duplicates: Vec<String>,
}

/// Reads a YAML text; the error is in the words of upstream's reader: `yaml: line 1: did not find ...`.
pub type ReadYaml = fn(&[u8]) -> Result<Yaml, String>;
