//! The values that an expression sees.

use super::library;
use super::meter::{CONDITIONS_COST_MAX, COST_MAX};
use crate::auth::Authorizer;
use ::cel::objects::{Key, Map};
use ::cel::{Context, Env, Value as CelValue};
use std::cell::Cell;
use std::sync::Arc;
use tollgate_api::{Number, UserInfo, Value};
use tollgate_policy::rbac::ResourceAccess;

/// The variables of evaluations, and what these may still cost.
pub struct Bindings {
    pub(super) context: Context<'static, 'static>,
    left: Cell<u64>,
    variables: Vec<(String, CelValue)>,
    failed: Vec<(String, String)>,
}

impl std::fmt::Debug for Bindings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bindings")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Default for Bindings {
    fn default() -> Self {
        Self {
            context: library::context(),
            left: Cell::new(COST_MAX),
            variables: Vec::new(),
            failed: Vec::new(),
        }
    }
}

impl Bindings {
    /// Takes what an evaluation cost from what is left, if there is enough.
    pub(super) fn pays(&self, cost: u64) -> bool {
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Evaluates conditions, which have a budget of their own.
    pub fn for_conditions<T>(&self, evaluate: impl FnOnce() -> T) -> T {
        let left = self.left.replace(CONDITIONS_COST_MAX);
        let result = evaluate();
        self.left.set(left);
        result
    }

    /// Binds a name to a value; what is absent is null.
    pub fn bind(&mut self, name: &str, value: Option<&Value>) {
        let value = match value {
            Some(value) => converted(value),
            None => CelValue::Null,
        };
        self.context.add_variable_from_value(name, value);
    }

    /// Lets expressions ask what a user may do, with what is requested, and with anything else.
    pub fn bind_authorizer(
        &mut self,
        authorizer: &Authorizer,
        user: &UserInfo,
        requested: &ResourceAccess<'_>,
    ) {
        library::bind_authorizer(&mut self.context, authorizer, user, requested);
    }

    /// Lets expressions be evaluated in an environment of their own, which has all that the shared one has.
    pub(super) fn enter(&mut self, environment: &Arc<Env>) {
        if let Context::Root { env, .. } = &mut self.context {
            *env = Arc::clone(environment);
        }
    }

    /// Adds `variables.<name>`, or notes why there is none.
    pub fn add_variable(&mut self, name: &str, value: Result<CelValue, String>) {
        match value {
            Ok(value) => self.variables.push((name.to_owned(), value)),
            Err(why) => self.failed.push((name.to_owned(), why)),
        }
        self.show_variables();
    }

    /// Binds `variables` to those that were added.
    pub fn show_variables(&mut self) {
        let entries = self.variables.iter();
        let map = entries
            .map(|(name, value)| (Key::from(name.clone()), value.clone()))
            .collect();
        let map = CelValue::Map(Map { map: Arc::new(map) });
        self.context.add_variable_from_value("variables", map);
    }

    /// Why the variable of that name has no value.
    pub(super) fn failure_of(&self, name: &str) -> Option<&str> {
        let mut failed = self.failed.iter();
        failed
            .find(|(failed, _)| failed == name)
            .map(|(_, why)| why.as_str())
    }
}

fn converted(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(Number::Int(number)) => CelValue::Int(*number),
        Value::Number(Number::Float(number)) => CelValue::Float(*number),
        Value::String(text) => CelValue::from(text.as_str()),
        Value::Array(items) => {
            let items: Vec<CelValue> = items.iter().map(converted).collect();
            CelValue::List(Arc::new(items))
        }
        Value::Object(object) => {
            let map = object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (Key::from(key.to_owned()), converted(value)))
                .collect();
            CelValue::Map(Map { map: Arc::new(map) })
        }
    }
}
