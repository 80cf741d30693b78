//! The functions that Kubernetes adds to the language, library by library, and the names of all that there are.
//!
//! Which library came with which release does not matter: 1.36 lets new expressions use whatever the release before it
//! knew, and that is all of these.

mod adapt;
mod authorizer;
mod comprehensions;
mod format;
mod lists;
mod names;
mod network;
mod patches;
mod quantity;
mod regex;
mod semver;
mod sets;
mod url;

#[cfg(test)]
mod tests;

pub(super) use authorizer::bind as bind_authorizer;
pub(crate) use comprehensions::{ITEM, PAIRS, is_binding};
#[cfg(test)]
pub(super) use names::function_names;
pub(crate) use names::{NAMESPACES, is_known, is_predicate};
pub(super) use patches::add as add_patches;

use super::meter;
use ::cel::{Context, Env, extensions};
use std::sync::{Arc, LazyLock};

/// The language, with what is added to it.
pub(crate) fn fresh_environment() -> Env {
    let mut environment = Env::stdlib();
    // They are added to a fresh environment, in which nothing can be in their way.
    let _ = environment.add_extension(extensions::strings);
    let _ = environment.add_extension(extensions::lists);
    let libraries = [
        authorizer::add,
        comprehensions::add,
        format::add,
        lists::add,
        network::add,
        quantity::add,
        regex::add,
        semver::add,
        sets::add,
        url::add,
    ];
    for add in libraries {
        add(&mut environment);
    }
    meter::add(&mut environment);
    environment
}

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(fresh_environment()));

/// The environment that all expressions share which make no objects.
pub(crate) fn environment() -> Arc<Env> {
    Arc::clone(&ENVIRONMENT)
}

/// A context with every function and no variable.
pub(crate) fn context() -> Context<'static, 'static> {
    Context::with_env(environment())
}
