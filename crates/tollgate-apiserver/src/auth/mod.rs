//! Who asks, and whether they may.
//!
//! [`Authenticator`] turns credentials into a [`tollgate_api::UserInfo`], [`impersonate`] into another one, and
//! [`Authorizer`] says what that user may do. Everything here is a value or a function: the server brings headers,
//! certificates, the time and the store, and carries the answers.

pub mod authenticate;
pub mod authority;
pub mod authorize;
mod der;
pub mod impersonate;
pub mod node;
pub mod rbac;
pub mod reviews;
pub mod token;

pub use authenticate::{Authenticator, Credentials};
pub use authorize::{Authorizer, Mode};

#[cfg(test)]
mod tests;
