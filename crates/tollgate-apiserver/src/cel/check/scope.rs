//! The names that an expression may use, and what they stand for.

use super::fields;
use super::types::Type;
use std::collections::BTreeMap;
use tollgate_api::Value;
use tollgate_objects::schema::StructType;

/// The names that an expression may use. `'s` is how long the schemas live that types come from.
#[derive(Debug, Clone)]
pub struct Scope<'s> {
    names: Vec<(&'static str, Type<'s>)>,
    /// The variables of a policy; without any there is no such name as `variables`.
    variables: Option<BTreeMap<String, Type<'static>>>,
}

impl<'s> Scope<'s> {
    /// These names, each of the type that it has wherever upstream knows it: that of `object` shows when an expression
    /// runs, that of `request` is the same everywhere.
    pub fn new(names: &[&'static str]) -> Self {
        let mut scope = Self {
            names: Vec::new(),
            variables: None,
        };
        for name in names {
            let of = match *name {
                "request" => fields::known("kubernetes.AdmissionRequest"),
                "namespaceObject" => fields::known("kubernetes.Namespace"),
                "authorizer" => {
                    let requested = Type::Opaque("kubernetes.authorization.ResourceCheck");
                    scope.names.push(("authorizer.requestResource", requested));
                    Some(Type::Opaque("kubernetes.authorization.Authorizer"))
                }
                _ => None,
            };
            scope.names.push((*name, of.unwrap_or(Type::Dyn)));
        }
        scope
    }

    /// Lets a name stand for an object of a built-in kind.
    pub fn set_kind(&mut self, name: &str, kind: &str, of: StructType) {
        self.set(name, fields::of_kind(kind, of));
    }

    /// Lets a name stand for an object of a kind with that schema.
    pub fn set_definition(&mut self, name: &str, kind: &str, schema: &'s Value) {
        self.set(name, fields::of_definition(kind, schema));
    }

    fn set(&mut self, name: &str, of: Type<'s>) {
        let mut names = self.names.iter_mut();
        if let Some((_, known)) = names.find(|(known, _)| *known == name) {
            *known = of;
        }
    }

    /// Adds `variables.<name>`; what is known of its value is what is known of its expression.
    pub(in crate::cel) fn add_variable(&mut self, name: &str, of: Type<'static>) {
        let variables = self.variables.get_or_insert_default();
        variables.insert(name.to_owned(), of);
    }

    /// What a name stands for.
    pub(super) fn of(&self, name: &str) -> Option<Type<'s>> {
        if name == "variables" {
            return self.variables.clone().map(fields::of_variables);
        }
        let mut names = self.names.iter();
        let (_, of) = names.find(|(known, _)| *known == name)?;
        Some(of.clone())
    }
}
