//! Impersonation: a request made by one user in the name of another.
//!
//! 1.36 knows five ways to be allowed to. Four are narrow: a right to do this very thing in somebody's name, and a right to
//! that name. The fifth, older than the others, is a right to the name for everything.

mod mode;
mod wanted;

pub use wanted::Wanted;

use super::authorize::{Authorizer, forbidden};
use compact_str::CompactString;
use mode::Mode;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tollgate_api::{Status, UserInfo};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// How many users are remembered with the way that last worked for them.
const REMEMBERED_MAX: usize = 10_000;

/// Decides on impersonation.
///
/// Of several refusals the first is told. The way that last worked for a user is tried first, so its words are told to
/// those who have used it before.
#[derive(Debug)]
pub struct Impersonator {
    authorizer: Authorizer,
    last: Mutex<BTreeMap<CompactString, Mode>>,
}

/// A request's user after impersonation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impersonated {
    /// In whose name the request is made.
    pub user: UserInfo,
    /// The verb of the narrow right that allowed it, for the audit log; none for the old one.
    pub constraint: Option<&'static str>,
}

impl Impersonator {
    /// One that asks `authorizer`.
    pub fn new(authorizer: Authorizer) -> Self {
        Self {
            authorizer,
            last: Mutex::default(),
        }
    }

    /// Whether `requestor` may do `access` in the name of `wanted`, and who that is exactly.
    pub fn impersonate(
        &self,
        requestor: &UserInfo,
        wanted: &Wanted,
        access: &Access<'_>,
    ) -> Result<Impersonated, Status> {
        let last = self.lock().get(&requestor.name).copied();
        let others = Mode::ALL.into_iter().filter(|mode| Some(*mode) != last);
        let mut first_error = None;
        for mode in last.into_iter().chain(others) {
            if !mode.applies(requestor, wanted) {
                continue;
            }
            match self.try_mode(mode, requestor, wanted, access) {
                Ok(user) => {
                    self.remember(requestor, mode);
                    let constraint = mode.identity_verb();
                    return Ok(Impersonated { user, constraint });
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        // The old way applies to everybody, so there is an error.
        Err(first_error.unwrap_or_else(|| Status::internal("all impersonation modes failed")))
    }

    fn try_mode(
        &self,
        mode: Mode,
        requestor: &UserInfo,
        wanted: &Wanted,
        access: &Access<'_>,
    ) -> Result<UserInfo, Status> {
        let requestor = mode.requestor(requestor);
        if let Some(prefix) = mode.action_prefix() {
            let verb = match access {
                Access::Resource(access) => access.verb,
                Access::NonResource { verb, .. } => verb,
            };
            let verb = format!("{prefix}{verb}");
            let access = match *access {
                Access::Resource(access) => Access::Resource(ResourceAccess {
                    verb: &verb,
                    ..access
                }),
                Access::NonResource { path, .. } => Access::NonResource { verb: &verb, path },
            };
            self.authorizer.check(&requestor, &access)?;
        }
        mode::Check {
            authorizer: &self.authorizer,
            mode,
            requestor: &requestor,
        }
        .user(wanted)
    }

    fn remember(&self, requestor: &UserInfo, mode: Mode) {
        let mut last = self.lock();
        if last.len() >= REMEMBERED_MAX && !last.contains_key(&requestor.name) {
            // It only changes which refusal is told.
            last.clear();
        }
        last.insert(requestor.name.clone(), mode);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<CompactString, Mode>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
