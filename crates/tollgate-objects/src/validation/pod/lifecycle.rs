//! Lifecycle hooks and stop signals: `validateLifecycle`.

use super::Scope;
use super::probes::{OF_HOOKS, handler};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Validates `lifecycle` of a container, if it is set.
pub(super) fn validate(container: &Value, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let Some(lifecycle) = container.get("lifecycle") else {
        return;
    };
    for hook in ["postStart", "preStop"] {
        if let Some(holder) = lifecycle.get(hook) {
            handler(holder, OF_HOOKS, scope, &path.child(hook), errors);
        }
    }
    if let Some(signal) = lifecycle.str("stopSignal") {
        stop_signal(signal, scope, &path.child("stopSignal"), errors);
    }
}

fn stop_signal(signal: &str, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let supported = match scope.operating_system() {
        None => {
            errors.push(Error::forbidden(
                path,
                "may not be set for containers with empty `spec.os.name`",
            ));
            return;
        }
        Some("windows") => WINDOWS,
        Some("linux") => LINUX,
        Some(_) => return,
    };
    if !supported.contains(&signal) {
        errors.push(Error::not_supported(path, signal, supported));
    }
}

const WINDOWS: &[&str] = &["SIGKILL", "SIGTERM"];

/// Signals of Linux, sorted.
#[rustfmt::skip]
const LINUX: &[&str] = &[
    "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL",
    "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT",
    "SIGRTMAX", "SIGRTMAX-1", "SIGRTMAX-10", "SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13",
    "SIGRTMAX-14", "SIGRTMAX-2", "SIGRTMAX-3", "SIGRTMAX-4", "SIGRTMAX-5", "SIGRTMAX-6",
    "SIGRTMAX-7", "SIGRTMAX-8", "SIGRTMAX-9", "SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+10",
    "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMIN+2",
    "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5", "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8",
    "SIGRTMIN+9", "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP",
    "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU",
    "SIGXFSZ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_sorted_as_messages_list_them() {
        assert!(LINUX.is_sorted());
    }
}
