//! What the status of a ValidatingAdmissionPolicy says of its expressions: whether they go with the kinds it is about.
//!
//! Upstream: `apiserver/pkg/admission/plugin/policy/validating/typechecking.go`. As there, the expressions of
//! `validations` and their messages are looked at, with the variables they use; rules with `*` name no kind.

use crate::admission::expressions::scope_of_policy;
use crate::cel::{Expression, Scope};
use crate::resources::{Catalog, Origin, Resource};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::client::ExpressionWarning;
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::type_of;

/// How many kinds the expressions of a policy are held against.
const KINDS_MAX: usize = 10;

/// What is wrong with the expressions of a policy, given what is served.
pub fn type_check(policy: &Value, catalog: &Catalog) -> Vec<ExpressionWarning> {
    let Some(spec) = policy.get("spec") else {
        return Vec::new();
    };
    let kinds: Vec<Typed> = matched(spec, catalog)
        .into_values()
        .filter_map(Typed::of)
        .collect();
    let params = spec.get("paramKind").and_then(|kind| {
        let text = |key| kind.str_or_empty(key);
        let kind = GroupVersionKind::new(text("apiVersion"), text("kind"));
        let resource = catalog.resource_of(&kind.group, &kind.version, &kind.kind)?;
        Typed::of(resource)
    });
    let scopes: Vec<(String, Scope<'_>)> = kinds
        .iter()
        .map(|kind| (kind.to_string(), scope(spec, kind, params.as_ref())))
        .collect();
    let mut warnings = Vec::new();
    for (place, validation) in spec.items("validations").iter().enumerate() {
        for field in ["expression", "messageExpression"] {
            let text = validation.str_or_empty(field);
            let warning = warning(text, &scopes);
            if !warning.is_empty() {
                let field_ref = format!("spec.validations[{place}].{field}");
                warnings.push(ExpressionWarning { field_ref, warning });
            }
        }
    }
    warnings
}

/// What is wrong with an expression where it meets each of the kinds; nothing if it is empty.
fn warning(text: &str, scopes: &[(String, Scope<'_>)]) -> String {
    if text.is_empty() {
        return String::new();
    }
    let warnings: Vec<String> = scopes
        .iter()
        .filter_map(|(kind, scope)| {
            let why = Expression::issues(text, scope)?;
            Some(format!("{kind}: {why}\n"))
        })
        .collect();
    warnings.join("\n")
}

/// A kind whose fields are known.
struct Typed<'c> {
    resource: &'c Arc<Resource>,
    /// The schema of a custom kind.
    schema: Value,
}

impl<'c> Typed<'c> {
    fn of(resource: &'c Arc<Resource>) -> Option<Self> {
        let schema = match &resource.origin {
            Origin::BuiltIn => Value::Null,
            Origin::Custom(origin) => origin.openapi_schema()?,
            Origin::Measured(_) => return None,
        };
        Some(Self { resource, schema })
    }

    fn declare<'s>(&'s self, name: &str, type_name: &str, scope: &mut Scope<'s>) {
        if self.resource.is_custom() {
            scope.set_definition(name, type_name, &self.schema);
        } else if let Some(of) = type_of(&self.resource.kind) {
            scope.set_kind(name, type_name, of);
        }
    }
}

/// As Go prints a kind: `apps/v1, Kind=Deployment`.
impl std::fmt::Display for Typed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let GroupVersionKind {
            group,
            version,
            kind,
        } = &self.resource.kind;
        write!(f, "{group}/{version}, Kind={kind}")
    }
}

/// What the expressions of a policy may use while it looks at objects of a kind.
fn scope<'s>(spec: &Value, kind: &'s Typed<'_>, params: Option<&'s Typed<'_>>) -> Scope<'s> {
    let mut scope = scope_of_policy(params.is_some());
    let name = kind.resource.kind.kind.as_str();
    for object in ["object", "oldObject"] {
        kind.declare(object, name, &mut scope);
    }
    if let Some(params) = params {
        let name = format!("{}.params", params.resource.kind.kind);
        params.declare("params", &name, &mut scope);
    }
    for variable in spec.items("variables") {
        let text = |key| variable.str_or_empty(key);
        // What is wrong with a variable is not told; who uses it sees `dyn`.
        let _ = Expression::variable(text("name"), text("expression"), &mut scope);
    }
    scope
}

/// The kinds that a policy names, by group, version and kind.
fn matched<'c>(
    spec: &Value,
    catalog: &'c Catalog,
) -> BTreeMap<(&'c str, &'c str, &'c str), &'c Arc<Resource>> {
    let mut found = BTreeMap::new();
    let rules = spec.at(&["matchConstraints", "resourceRules"]);
    for rule in rules.and_then(Value::as_array).into_iter().flatten() {
        let groups = names(rule, "apiGroups");
        let versions = names(rule, "apiVersions");
        // Upstream gives up on a rule with all groups or versions, and leaves out all resources.
        if [&groups, &versions]
            .iter()
            .any(|names| names.iter().any(|name| name.contains('*')))
        {
            continue;
        }
        let resources = names(rule, "resources");
        let resources = resources.iter().filter(|name| !name.contains(['*', '/']));
        let resources: Vec<&&str> = resources.collect();
        let mut count = 0_usize;
        for group in &groups {
            for version in &versions {
                for resource in &resources {
                    let Some(resource) = catalog.resource(group, version, resource) else {
                        continue;
                    };
                    let kind = &resource.kind;
                    let name = (
                        kind.group.as_str(),
                        kind.version.as_str(),
                        kind.kind.as_str(),
                    );
                    found.insert(name, resource);
                    count = count.saturating_add(1);
                    if count == KINDS_MAX {
                        return found;
                    }
                }
            }
        }
    }
    found
}

/// A list of names, sorted.
fn names<'r>(rule: &'r Value, field: &str) -> Vec<&'r str> {
    let mut names: Vec<&str> = rule.items(field).iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names
}
