//! `--controllers`, in kube-controller-manager's syntax, and what runs the controllers beside the server.

use super::{controller_names as names, duration};
use crate::args::ServeArgs;
use anyhow::{Context as _, Result, bail};
use std::sync::Arc;
use tollgate_apiserver::auth::authority::Authority;
use tollgate_apiserver::auth::token::{SecretTokens, SharedKey};
use tollgate_apiserver::http::certificates::{Certificates, Identity};
use tollgate_apiserver::local::LocalCluster;
use tollgate_apiserver::verbs::Api;
use tollgate_controllers::clock::Clock;
use tollgate_controllers::driver::{self, Machine};
use tollgate_controllers::node::Kubelets;
use tollgate_controllers::registry::{self, Settings, SignerSettings};
use tollgate_controllers::scheduler::Scheduler;

/// What controllers have to be told: our own authority is who signs certificates, for clients are believed by it.
pub(super) fn settings(
    args: &ServeArgs,
    keys: &Certificates,
    tokens: &SharedKey,
) -> Result<Settings> {
    let Identity { certificate, key } = &keys.authority;
    let authority = Authority::new(certificate, key).context("cannot sign certificates")?;
    let longest = duration("cluster-signing-duration", &args.cluster_signing_duration)?;
    Ok(Settings {
        root_ca: certificate.clone(),
        signer: Some(SignerSettings {
            authority: Arc::new(authority),
            longest,
        }),
        tokens: Some(Arc::new(SecretTokens {
            key: tokens.clone(),
        })),
    })
}

/// Refuses names that no controller has.
pub(super) fn check(controllers: &[String]) -> Result<()> {
    for given in controllers {
        let name = given.strip_prefix('-').unwrap_or(given);
        if name != "*" && !names::is_known(name) {
            bail!(
                "--controllers: \"{name}\" is not in the list of known controllers: {}",
                names::KNOWN.join(", ")
            );
        }
    }
    Ok(())
}

/// Whether a controller is to run: what is said of it by name counts before what is said of all.
fn is_enabled(given: &[String], name: &str) -> bool {
    for entry in given {
        if names::full(entry) == name {
            return true;
        }
        if entry.strip_prefix('-').map(names::full) == Some(name) {
            return false;
        }
    }
    for entry in given {
        match entry.as_str() {
            "*" => return !names::is_off_by_default(name),
            "-*" => return false,
            _ => {}
        }
    }
    false
}

/// Runs the controllers that are to run, and the kubelets, until `stop` resolves.
pub(super) async fn run(
    api: &Arc<Api>,
    clock: Arc<dyn Clock>,
    given: &[String],
    settings: &Settings,
    kubelets: Option<Arc<Kubelets>>,
    stop: impl Future<Output = ()>,
) {
    let cluster = Arc::new(LocalCluster::new(Arc::clone(api)));
    let mut controllers = registry::controllers(settings);
    controllers.retain(|controller| is_enabled(given, controller.name()));
    // Without nodes there is nothing to schedule to: pods stay as they are, as beside a server alone.
    if let Some(kubelets) = kubelets {
        controllers.push(Arc::new(Scheduler::new(api.release)));
        controllers.push(kubelets);
    }
    let machine = Arc::new(Machine::new(controllers, cluster, clock));
    driver::run(machine, stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stars_and_minuses_are_understood() {
        let check =
            |list: &[&str]| check(&list.iter().map(ToString::to_string).collect::<Vec<_>>());
        check(&["*", "-job-controller"]).unwrap();
        check(&["-*"]).unwrap();
        check(&["deployment-controller"]).unwrap();
        check(&["csrsigning", "-ttl"]).unwrap();
        let error = check(&["-nothing"]).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "--controllers: \"nothing\" is not in the list of known controllers: bootstrap"
            ),
            "{error}"
        );
    }

    #[test]
    fn a_name_counts_before_a_star() {
        let enabled = |given: &str, name: &str| {
            let given: Vec<String> = given.split(',').map(str::to_owned).collect();
            is_enabled(&given, name)
        };
        assert!(enabled("*", "job-controller"));
        assert!(!enabled("*,-job-controller", "job-controller"));
        assert!(!enabled("-job-controller,*", "job-controller"));
        assert!(enabled("-*,job-controller", "job-controller"));
        assert!(!enabled("-*", "job-controller"));
        assert!(!enabled("job-controller", "cronjob-controller"));
        // Older names are the same controllers.
        assert!(!enabled("*,-nodelifecycle", "node-lifecycle-controller"));
        assert!(enabled(
            "csrcleaner",
            "certificatesigningrequest-cleaner-controller"
        ));
        // Some run only for those who ask for them.
        assert!(!enabled("*", "token-cleaner-controller"));
        assert!(enabled("*,tokencleaner", "token-cleaner-controller"));
    }
}
