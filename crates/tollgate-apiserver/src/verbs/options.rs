//! What a request says beside its object: typed, and checked with upstream's errors.

use super::field_selector::FieldSelector;
use super::label_selector::LabelSelector;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Status, Value};

/// The group of option kinds, as errors name it.
const GROUP: &str = "meta.k8s.io";
/// How long a field manager's name may be.
const FIELD_MANAGER_BYTES_MAX: usize = 128;

/// Options of a list, a watch or a deletion of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// What the labels must be.
    pub labels: LabelSelector,
    /// What certain fields must be.
    pub fields: FieldSelector,
    /// Whether changes are to be told, too.
    pub watch: bool,
    /// Whether a watch wants to know how far it is.
    pub allow_watch_bookmarks: bool,
    /// The state that is asked for.
    pub resource_version: String,
    /// How exactly.
    pub resource_version_match: String,
    /// For how long a watch goes on.
    pub timeout_seconds: Option<i64>,
    /// How many objects a page holds; 0 or less is no limit.
    pub limit: i64,
    /// Where the page begins.
    pub continue_token: String,
    /// Whether a watch begins with what is there.
    pub send_initial_events: Option<bool>,
}

impl ListOptions {
    /// Refuses combinations that mean nothing.
    pub fn check(&self) -> Result<(), Status> {
        let mut errors = Errors::new();
        if self.watch {
            self.check_watch(&mut errors);
        } else {
            self.check_list(&mut errors);
        }
        refuse("ListOptions", &errors)
    }

    fn check_watch(&self, errors: &mut Errors) {
        let path = Path::root("resourceVersionMatch");
        let matched = self.resource_version_match.as_str();
        let fits = matched == "NotOlderThan";
        if self.send_initial_events.is_some() {
            if !fits {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                errors.push(Error::forbidden(&path, why));
            }
        } else if !matched.is_empty() {
            let why =
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            errors.push(Error::forbidden(&path, why));
        }
        if !self.continue_token.is_empty() {
            let why = "continue is forbidden for watch";
            errors.push(Error::forbidden(&Path::root("continue"), why));
        }
        if !matched.is_empty() && !fits {
            errors.push(Error::not_supported(&path, matched, &["NotOlderThan"]));
        }
    }

    fn check_list(&self, errors: &mut Errors) {
        self.check_match(errors);
        if self.send_initial_events.is_some() {
            let why = "sendInitialEvents is forbidden for list";
            errors.push(Error::forbidden(&Path::root("sendInitialEvents"), why));
        }
    }

    fn check_match(&self, errors: &mut Errors) {
        let path = Path::root("resourceVersionMatch");
        let matched = self.resource_version_match.as_str();
        if matched.is_empty() {
            return;
        }
        if self.resource_version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(Error::forbidden(&path, why));
        }
        if !self.continue_token.is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            errors.push(Error::forbidden(&path, why));
        }
        if !matches!(matched, "Exact" | "NotOlderThan") {
            errors.push(Error::not_supported(
                &path,
                matched,
                &["Exact", "NotOlderThan", ""],
            ));
        }
        if matched == "Exact" && self.resource_version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            errors.push(Error::forbidden(&path, why));
        }
    }
}

/// What happens to unknown and duplicate fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Nobody is told.
    Ignore,
    /// The client is warned.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

/// Options of a create, an update or a patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether nothing is to be written.
    pub dry_run: Vec<String>,
    /// Who is to own the fields; may be empty.
    pub field_manager: String,
    /// `Ignore`, `Warn`, `Strict` or empty.
    pub field_validation: String,
    /// Whether an apply takes fields from others.
    pub force: Option<bool>,
}

/// The sorts of writes, which have different option kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// `CreateOptions`
    Create,
    /// `UpdateOptions`
    Update,
    /// `PatchOptions` of an apply.
    Apply,
    /// `PatchOptions` of any other patch.
    Patch,
}

impl WriteOptions {
    /// Whether nothing is to be written.
    pub fn is_dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    /// What happens to unknown and duplicate fields.
    pub fn validation(&self) -> FieldValidation {
        match self.field_validation.as_str() {
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            _ => FieldValidation::Warn,
        }
    }

    /// Refuses what means nothing.
    pub fn check(&self, kind: WriteKind) -> Result<(), Status> {
        let mut errors = Errors::new();
        match kind {
            WriteKind::Apply if self.field_manager.is_empty() => {
                let path = Path::root("fieldManager");
                errors.push(Error::required(&path, "is required for apply patch"));
            }
            WriteKind::Patch if self.force.is_some() => {
                let why = "may not be specified for non-apply patch";
                errors.push(Error::forbidden(&Path::root("force"), why));
            }
            _ => {}
        }
        check_field_manager(&self.field_manager, &mut errors);
        check_dry_run(&self.dry_run, &mut errors);
        let validation = self.field_validation.as_str();
        let known = ["", "Ignore", "Strict", "Warn"];
        if !known.contains(&validation) {
            let path = Path::root("fieldValidation");
            errors.push(Error::not_supported(&path, validation, &known));
        }
        let name = match kind {
            WriteKind::Create => "CreateOptions",
            WriteKind::Update => "UpdateOptions",
            WriteKind::Apply | WriteKind::Patch => "PatchOptions",
        };
        refuse(name, &errors)
    }
}

fn check_field_manager(manager: &str, errors: &mut Errors) {
    let path = Path::root("fieldManager");
    if manager.len() > FIELD_MANAGER_BYTES_MAX {
        errors.push(Error::too_long(&path, FIELD_MANAGER_BYTES_MAX));
    }
    for (place, c) in manager.char_indices() {
        if c.is_control() {
            let why = format!(
                "invalid character U+{:04X} (at position {place})",
                u32::from(c)
            );
            errors.push(Error::invalid(&path, manager, why));
        }
    }
}

fn check_dry_run(dry_run: &[String], errors: &mut Errors) {
    if dry_run.iter().any(|value| value != "All") {
        let given: Vec<Value> = dry_run
            .iter()
            .map(|value| Value::from(value.as_str()))
            .collect();
        let path = Path::root("dryRun");
        errors.push(Error::not_supported(&path, Value::Array(given), &["All"]));
    }
}

/// What becomes of an object's dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They lose their owner.
    Orphan,
    /// They go later.
    Background,
    /// They go first.
    Foreground,
}

/// Options of a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// How long a pod has to end.
    pub grace_period_seconds: Option<i64>,
    /// The unique id that the object must have.
    pub uid: Option<String>,
    /// The resourceVersion that the object must have.
    pub resource_version: Option<String>,
    /// The old form of a propagation policy.
    pub orphan_dependents: Option<bool>,
    /// `Orphan`, `Background` or `Foreground`.
    pub propagation_policy: Option<String>,
    /// Whether nothing is to be written.
    pub dry_run: Vec<String>,
}

impl DeleteOptions {
    /// Whether nothing is to be written.
    pub fn is_dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    /// What becomes of dependents, as far as the client says.
    pub fn propagation(&self) -> Option<Propagation> {
        match (self.propagation_policy.as_deref(), self.orphan_dependents) {
            (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
            (Some("Foreground"), _) => Some(Propagation::Foreground),
            (Some(_), _) | (None, Some(false)) => Some(Propagation::Background),
            (None, None) => None,
        }
    }

    /// Takes the options of a body.
    pub fn from_value(value: &Value) -> Self {
        let text = |value: &Value, key: &str| value.str(key).map(str::to_owned);
        let preconditions = value.get("preconditions").unwrap_or(&Value::Null);
        let dry_run = value.items("dryRun").iter().filter_map(Value::as_str);
        Self {
            grace_period_seconds: value.int("gracePeriodSeconds"),
            uid: text(preconditions, "uid"),
            resource_version: text(preconditions, "resourceVersion"),
            orphan_dependents: value.bool("orphanDependents"),
            propagation_policy: text(value, "propagationPolicy"),
            dry_run: dry_run.map(str::to_owned).collect(),
        }
    }

    /// Refuses what means nothing.
    pub fn check(&self) -> Result<(), Status> {
        let mut errors = Errors::new();
        let path = Path::root("propagationPolicy");
        if let Some(policy) = self.propagation_policy.as_deref() {
            let known = ["Foreground", "Background", "Orphan", "nil"];
            if self.orphan_dependents.is_some() {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                errors.push(Error::invalid(&path, policy, why));
            } else if !matches!(policy, "Foreground" | "Background" | "Orphan") {
                errors.push(Error::not_supported(&path, policy, &known));
            }
        }
        check_dry_run(&self.dry_run, &mut errors);
        refuse("DeleteOptions", &errors)
    }
}

fn refuse(kind: &str, errors: &Errors) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(GROUP, kind, "", errors))
}

/// A resourceVersion as a number; 0 for none.
pub fn parse_resource_version(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let why = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        match text.parse() {
            Ok(number) => return Ok(number),
            Err(_) => "value out of range",
        }
    } else {
        "invalid syntax"
    };
    let quoted = tollgate_api::go_format::quote(text);
    Err(format!("strconv.ParseUint: parsing {quoted}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(watch: bool, version: &str, matched: &str, initial: Option<bool>) -> String {
        let options = ListOptions {
            watch,
            resource_version: version.to_owned(),
            resource_version_match: matched.to_owned(),
            send_initial_events: initial,
            ..ListOptions::default()
        };
        options.check().err().map_or_else(String::new, |status| {
            status
                .message
                .replacen("ListOptions.meta.k8s.io \"\" is invalid: ", "", 1)
        })
    }

    #[test]
    fn combinations_that_mean_nothing_are_refused() {
        assert_eq!(list(false, "", "", None), "");
        assert_eq!(
            list(false, "", "Exact", None),
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        );
        assert_eq!(
            list(false, "5", "Foo", None),
            "resourceVersionMatch: Unsupported value: \"Foo\": supported values: \"Exact\", \"NotOlderThan\", \"\""
        );
        assert_eq!(
            list(true, "5", "Exact", None),
            "[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]"
        );
        assert_eq!(
            list(false, "", "NotOlderThan", Some(true)),
            "[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]"
        );
        assert_eq!(
            list(false, "", "", Some(true)),
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"
        );
    }

    #[test]
    fn write_options_are_checked() {
        let check = |dry: &str, manager: &str, validation: &str, kind| {
            let options = WriteOptions {
                dry_run: if dry.is_empty() {
                    vec![]
                } else {
                    vec![dry.to_owned()]
                },
                field_manager: manager.to_owned(),
                field_validation: validation.to_owned(),
                force: None,
            };
            options
                .check(kind)
                .err()
                .map_or_else(String::new, |status| status.message)
        };
        assert_eq!(check("All", "m", "Warn", WriteKind::Create), "");
        assert_eq!(
            check("Some", "", "", WriteKind::Create),
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\""
        );
        assert_eq!(
            check("", "a\u{7}b", "", WriteKind::Create),
            "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\ab\": invalid character U+0007 (at position 1)"
        );
        assert_eq!(
            check("", "", "", WriteKind::Apply),
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
        );
        assert_eq!(
            check("", "", "Bogus", WriteKind::Update),
            "UpdateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"Bogus\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
        );
    }

    #[test]
    fn resource_versions_are_numbers() {
        assert_eq!(parse_resource_version(""), Ok(0));
        assert_eq!(parse_resource_version("12"), Ok(12));
        assert_eq!(
            parse_resource_version("abc").unwrap_err(),
            "strconv.ParseUint: parsing \"abc\": invalid syntax"
        );
    }
}
