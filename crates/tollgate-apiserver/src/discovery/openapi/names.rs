//! What schemas are called: upstream's Go packages, backwards.

/// An amount.
pub(super) const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
/// A number or text.
pub(super) const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
/// Any object.
pub(super) const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";
/// A time.
pub(super) const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
/// A time with microseconds.
pub(super) const MICRO_TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";
/// Which fields somebody manages.
pub(super) const FIELDS_V1: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1";
/// The body of a patch.
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
/// What `/version` answers.
pub(super) const INFO: &str = "io.k8s.apimachinery.pkg.version.Info";
/// Any JSON.
pub(super) const JSON: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON";
/// A JSON schema or a boolean.
pub(super) const SCHEMA_OR_BOOL: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool";
/// A JSON schema or a list of them.
pub(super) const SCHEMA_OR_ARRAY: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray";
/// A JSON schema or a list of texts.
pub(super) const SCHEMA_OR_STRINGS: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray";

/// The name of a type that the table calls `core/v1.Container`: `io.k8s.api.core.v1.Container`.
pub(super) fn of_type(name: &str) -> String {
    let (package, kind) = name.rsplit_once('.').unwrap_or(("", name));
    let root = match package.split('/').next() {
        Some("meta") => "io.k8s.apimachinery.pkg.apis",
        Some("apiextensions") => "io.k8s.apiextensions-apiserver.pkg.apis",
        Some("apiregistration") => "io.k8s.kube-aggregator.pkg.apis",
        Some("metrics") => "io.k8s.metrics.pkg.apis",
        _ => "io.k8s.api",
    };
    format!("{root}.{}.{kind}", package.replace('/', "."))
}

/// The name of a custom kind: `com.example.stable.v1.CronTab`.
pub(super) fn of_custom(group: &str, version: &str, kind: &str) -> String {
    let backwards: Vec<&str> = group.rsplit('.').collect();
    format!("{}.{version}.{kind}", backwards.join("."))
}

/// How operations and tags name a group: `RbacAuthorization`; `Core` has no name.
pub(super) fn of_group(group: &str) -> String {
    let short = group.strip_suffix(".k8s.io").unwrap_or(group);
    if short.is_empty() {
        return "Core".to_owned();
    }
    short.split(['.', '-']).map(capitalized).collect()
}

/// With a capital: `V1`, `Status`.
pub(super) fn capitalized(word: &str) -> String {
    changed_first(word, |first| first.to_ascii_uppercase())
}

/// With a small first letter: `rbacAuthorization`.
pub(super) fn uncapitalized(word: &str) -> String {
    changed_first(word, |first| first.to_ascii_lowercase())
}

fn changed_first(word: &str, change: impl Fn(char) -> char) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(change);
    first.into_iter().chain(letters).collect()
}
