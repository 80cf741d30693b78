//! What decoding a pod notices: one bit for each thing that some check objects to.

use std::ops::{BitOr, BitOrAssign};

/// A set of things seen in a pod or in a container.
///
/// Invariant: a check refuses a pod only if it shows one of the signals that the check looks for. The converse need
/// not hold: signals leave out the policy's version, exemptions and the release; the check itself decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals(u32);

/// Gives each name its own bit, in order.
macro_rules! signals {
    (@from $bit:expr;) => {};
    (@from $bit:expr; $(#[$doc:meta])* $name:ident, $($rest:tt)*) => {
        $(#[$doc])*
        pub const $name: Self = Self(1 << $bit);
        signals!(@from $bit + 1; $($rest)*);
    };
    ($($all:tt)*) => { signals!(@from 0; $($all)*); };
}

impl Signals {
    /// Nothing.
    pub const NONE: Self = Self(0);

    signals! {
        /// `privileged` is true.
        PRIVILEGED,
        /// `allowPrivilegeEscalation` is not false.
        PRIVILEGE_ESCALATION,
        /// A capability outside of the runtimes' default set is added.
        CAPABILITY_NOT_DEFAULT,
        /// A capability other than `NET_BIND_SERVICE` is added.
        CAPABILITY_ADDED,
        /// Not all capabilities are dropped.
        CAPABILITIES_KEPT,
        /// A port is opened on the node.
        HOST_PORT,
        /// A probe or a lifecycle handler names a host.
        HANDLER_HOST,
        /// `procMount` is not `Default`.
        PROC_MOUNT,
        /// `runAsNonRoot` is false.
        ROOT_ALLOWED,
        /// `runAsNonRoot` is not set.
        NON_ROOT_UNSET,
        /// `runAsUser` is 0.
        ROOT_USER,
        /// `seLinuxOptions` that versions before 1.31 forbid.
        SE_LINUX_V1_0,
        /// `seLinuxOptions` that version 1.31 and later forbid.
        SE_LINUX_V1_31,
        /// A seccomp profile that is neither the runtime's nor local.
        SECCOMP_FORBIDDEN,
        /// No seccomp profile.
        SECCOMP_UNSET,
        /// An AppArmor profile that is neither the runtime's nor local, in a field.
        APP_ARMOR,
        /// The same, in an annotation.
        APP_ARMOR_ANNOTATION,
        /// A forbidden seccomp profile in an annotation.
        SECCOMP_ANNOTATION,
        /// A Windows container is a process of its host.
        HOST_PROCESS,
        /// A namespace of the node is shared.
        HOST_NAMESPACE,
        /// A directory of the node is mounted.
        HOST_PATH,
        /// A volume that is none of those every restricted pod may have.
        RESTRICTED_VOLUME,
        /// A sysctl that the first version does not list as safe.
        SYSCTL,
    }

    /// Whether one of `others` is among these.
    pub const fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// These without `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// These and `others`.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These if `condition` holds, else nothing.
    #[must_use]
    pub const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }
}

impl BitOr for Signals {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl BitOrAssign for Signals {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.and(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_own_bit() {
        assert!(!Signals::PRIVILEGED.intersects(Signals::PRIVILEGE_ESCALATION));
        assert_eq!(Signals::SYSCTL.0, 1 << 22);
        let both = Signals::PRIVILEGED | Signals::SYSCTL;
        assert!(both.intersects(Signals::SYSCTL));
        assert_eq!(both.without(Signals::SYSCTL), Signals::PRIVILEGED);
        assert_eq!(Signals::SYSCTL.when(false), Signals::NONE);
    }
}
