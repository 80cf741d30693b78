//! The one list of all controllers.

use crate::controller::Controller;
use crate::root_ca::RootCa;
use crate::service_account::ServiceAccounts;
use std::sync::Arc;

/// What controllers have to be told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The certificate of the authority that signed the server's (PEM), for `kube-root-ca.crt`.
    pub root_ca: String,
}

/// Every controller, by name.
pub fn controllers(settings: &Settings) -> Vec<Arc<dyn Controller>> {
    vec![
        Arc::new(RootCa::new(settings.root_ca.clone())),
        Arc::new(ServiceAccounts),
    ]
}
