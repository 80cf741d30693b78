//! The priority classes that every cluster has, and the highest priority a user can define.

/// The name prefix of classes that only the system defines.
pub const SYSTEM_PREFIX: &str = "system-";

/// The highest value of a class without that prefix.
pub const USER_VALUE_MAX: i64 = 1_000_000_000;

/// A class that a cluster creates for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemClass {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: i64,
}

/// The classes that a cluster creates for itself; both preempt, none is the default.
pub const SYSTEM_CLASSES: [SystemClass; 2] = [
    SystemClass {
        name: "system-node-critical",
        value: 2_000_001_000,
    },
    SystemClass {
        name: "system-cluster-critical",
        value: 2_000_000_000,
    },
];
