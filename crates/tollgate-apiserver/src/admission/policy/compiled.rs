//! Policies as they are stored, with their expressions compiled.

use crate::admission::expressions::scope_of_policy;
use crate::cel::{Expression, Scope, Wanted};
use tollgate_api::Value;

/// An expression, or why it is none: what was stored by another release may not be understood.
pub(super) type Compiled = Result<Expression, String>;

/// One rule of a policy.
#[derive(Debug)]
pub(super) struct Validation {
    pub(super) expression: Compiled,
    pub(super) message_expression: Option<Compiled>,
    /// What is said if it does not hold.
    pub(super) message: String,
    /// The reason of the refusal, or empty.
    pub(super) reason: String,
}

/// How a mutation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MutationSort {
    /// As a part of the object.
    ApplyConfiguration,
    /// As operations on it.
    JsonPatch,
}

/// One change that a policy makes.
#[derive(Debug)]
pub(super) struct Mutation {
    pub(super) sort: MutationSort,
    pub(super) expression: Compiled,
}

impl Mutation {
    fn new(mutation: &Value, scope: &Scope<'_>) -> Self {
        let is_patch = mutation.str("patchType") == Some("JSONPatch");
        let (key, wanted, sort) = if is_patch {
            ("jsonPatch", Wanted::Patch, MutationSort::JsonPatch)
        } else {
            let sort = MutationSort::ApplyConfiguration;
            ("applyConfiguration", Wanted::Object, sort)
        };
        let text = mutation.get(key).map(|of| of.str_or_empty("expression"));
        let expression = Expression::compile(text.unwrap_or_default(), scope, wanted);
        Self { sort, expression }
    }
}

/// A policy, validating or mutating.
#[derive(Debug)]
pub(in crate::admission) struct Policy {
    pub(super) name: String,
    pub(super) constraints: Value,
    pub(super) param_kind: Option<(String, String)>,
    /// Whether an error lets the request pass.
    pub(super) ignores_failure: bool,
    pub(super) conditions: Vec<Compiled>,
    pub(super) variables: Vec<(String, Compiled)>,
    pub(super) validations: Vec<Validation>,
    /// What the audit log is told: keys, and what makes the texts.
    pub(super) audit_annotations: Vec<(String, Compiled)>,
    pub(super) mutations: Vec<Mutation>,
    /// Whether it wants to be heard once more if another changes the object after it.
    pub(super) reinvokes: bool,
    pub(super) bindings: Vec<Binding>,
}

/// A binding of a policy.
#[derive(Debug)]
pub(in crate::admission) struct Binding {
    pub(super) name: String,
    pub(super) resources: Value,
    pub(super) param_ref: Option<Value>,
    pub(super) denies: bool,
    pub(super) warns: bool,
    pub(super) audits: bool,
    /// What is done about a refusal, as it is written.
    pub(super) actions: Vec<Value>,
}

/// All policies that are bound, in the order of their names.
#[derive(Debug, Default)]
pub(in crate::admission) struct Policies {
    pub(super) policies: Vec<Policy>,
}

impl Policies {
    /// Compiles policies, and puts bindings to them.
    pub(in crate::admission) fn new(policies: &[Value], bindings: &[Value]) -> Self {
        let mut compiled: Vec<Policy> = policies.iter().map(Policy::new).collect();
        for binding in bindings {
            let Some(spec) = binding.get("spec") else {
                continue;
            };
            let wanted = spec.str_or_empty("policyName");
            let mut policies = compiled.iter_mut();
            if let Some(policy) = policies.find(|policy| policy.name == wanted) {
                policy.bindings.push(Binding::new(binding, spec));
            }
        }
        compiled.retain(|policy| !policy.bindings.is_empty());
        Self { policies: compiled }
    }
}

fn name_of(object: &Value) -> String {
    object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty("name"))
        .to_owned()
}

impl Policy {
    fn new(policy: &Value) -> Self {
        let spec = policy.get("spec").unwrap_or(&Value::Null);
        let mut scope = scope_of_policy(spec.get("paramKind").is_some());
        let variables = spec.items("variables").iter();
        let variables = variables
            .map(|variable| {
                let name = variable.str_or_empty("name");
                let text = variable.str_or_empty("expression");
                (
                    name.to_owned(),
                    Expression::variable(name, text, &mut scope),
                )
            })
            .collect();
        let scope = &scope;
        let compile = |owner: &Value, field: &str, wanted: Wanted| {
            Expression::compile(owner.str_or_empty(field), scope, wanted)
        };
        let param_kind = spec.get("paramKind").map(|kind| {
            let text = |key: &str| kind.str_or_empty(key).to_owned();
            (text("apiVersion"), text("kind"))
        });
        Self {
            name: name_of(policy),
            constraints: spec.get("matchConstraints").cloned().unwrap_or_default(),
            param_kind,
            ignores_failure: spec.str("failurePolicy") == Some("Ignore"),
            conditions: spec
                .items("matchConditions")
                .iter()
                .map(|condition| compile(condition, "expression", Wanted::Bool))
                .collect(),
            variables,
            validations: spec
                .items("validations")
                .iter()
                .map(|validation| Validation {
                    expression: compile(validation, "expression", Wanted::Bool),
                    message_expression: (!validation.str_or_empty("messageExpression").is_empty())
                        .then(|| compile(validation, "messageExpression", Wanted::String)),
                    message: validation.str_or_empty("message").trim().to_owned(),
                    reason: validation.str_or_empty("reason").to_owned(),
                })
                .collect(),
            audit_annotations: spec
                .items("auditAnnotations")
                .iter()
                .map(|annotation| {
                    let key = annotation.str_or_empty("key").to_owned();
                    let text = compile(annotation, "valueExpression", Wanted::Anything);
                    (key, text)
                })
                .collect(),
            mutations: spec
                .items("mutations")
                .iter()
                .map(|mutation| Mutation::new(mutation, scope))
                .collect(),
            reinvokes: spec.str("reinvocationPolicy") == Some("IfNeeded"),
            bindings: Vec::new(),
        }
    }
}

impl Binding {
    fn new(binding: &Value, spec: &Value) -> Self {
        let acts = |wanted: &str| {
            let mut actions = spec.items("validationActions").iter();
            actions.any(|action| action.as_str() == Some(wanted))
        };
        Self {
            name: name_of(binding),
            resources: spec.get("matchResources").cloned().unwrap_or_default(),
            param_ref: spec.get("paramRef").cloned(),
            denies: acts("Deny"),
            warns: acts("Warn"),
            audits: acts("Audit"),
            actions: spec.items("validationActions").to_vec(),
        }
    }
}
