//! Admission plugins by kube-apiserver's names and rules of its two flags.

/// The plugins that kube-apiserver knows, old and new, sorted.
const KNOWN: &[&str] = &[
    "AlwaysAdmit",
    "AlwaysDeny",
    "AlwaysPullImages",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "ClusterTrustBundleAttest",
    "DefaultIngressClass",
    "DefaultStorageClass",
    "DefaultTolerationSeconds",
    "DenyServiceExternalIPs",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "ImagePolicyWebhook",
    "JobValidation",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "NamespaceAutoProvision",
    "NamespaceExists",
    "NamespaceLifecycle",
    "NodeDeclaredFeatureValidator",
    "NodeRestriction",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "PersistentVolumeLabel",
    "PodGroupProtection",
    "PodGroupWorkloadExists",
    "PodNodeSelector",
    "PodResizeValidator",
    "PodSecurity",
    "PodSecurityPolicy",
    "PodTolerationRestriction",
    "PodTopologyLabels",
    "Priority",
    "ResourceQuota",
    "RuntimeClass",
    "SecurityContextDeny",
    "ServiceAccount",
    "StorageObjectInUseProtection",
    "TaintNodesByCondition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
];

/// Why the flags cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginsError {
    /// A name that kube-apiserver does not know.
    #[error("{flag} plugin \"{name}\" is unknown; known are {}", KNOWN.join(", "))]
    Unknown {
        /// The flag without dashes.
        flag: &'static str,
        /// The name.
        name: String,
    },
    /// A name in both flags.
    #[error("[{name}] in enable-admission-plugins and disable-admission-plugins overlapped")]
    Overlap {
        /// The name.
        name: String,
    },
}

/// Which of the plugins that `check` runs are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one switch per plugin is what this is"
)]
pub struct Plugins {
    /// `LimitRanger`
    pub limit_ranger: bool,
    /// `ServiceAccount`
    pub service_account: bool,
    /// `PodSecurityPolicy`: none means on if the input has policies.
    pub pod_security_policy: Option<bool>,
    /// `Priority`
    pub priority: bool,
    /// `DefaultStorageClass`
    pub default_storage_class: bool,
    /// `RuntimeClass`
    pub runtime_class: bool,
    /// `PodSecurity`
    pub pod_security: bool,
    /// `ResourceQuota`
    pub resource_quota: bool,
}

impl Plugins {
    /// Follows `--enable-admission-plugins` and `--disable-admission-plugins`. `PodSecurity` stands for itself only:
    /// disabling it leaves `PodSecurityPolicy` alone.
    pub fn from_flags(enable: &[String], disable: &[String]) -> Result<Self, PluginsError> {
        for (flag, names) in [
            ("enable-admission-plugins", enable),
            ("disable-admission-plugins", disable),
        ] {
            if let Some(name) = names.iter().find(|name| !KNOWN.contains(&name.as_str())) {
                return Err(PluginsError::Unknown {
                    flag,
                    name: name.clone(),
                });
            }
        }
        if let Some(name) = enable.iter().find(|name| disable.contains(name)) {
            return Err(PluginsError::Overlap { name: name.clone() });
        }
        let named = |names: &[String], name: &str| names.iter().any(|other| other == name);
        let on = |name: &str| !named(disable, name);
        Ok(Self {
            limit_ranger: on("LimitRanger"),
            service_account: on("ServiceAccount"),
            pod_security_policy: if named(enable, "PodSecurityPolicy") {
                Some(true)
            } else {
                named(disable, "PodSecurityPolicy").then_some(false)
            },
            priority: on("Priority"),
            default_storage_class: on("DefaultStorageClass"),
            runtime_class: on("RuntimeClass"),
            pod_security: on("PodSecurity"),
            resource_quota: on("ResourceQuota"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(enable: &[&str], disable: &[&str]) -> Result<Plugins, String> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        Plugins::from_flags(&owned(enable), &owned(disable)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_policy_plugin_waits_for_policies_unless_told() {
        assert_eq!(flags(&[], &[]).unwrap().pod_security_policy, None);
        assert_eq!(
            flags(&["PodSecurityPolicy"], &[])
                .unwrap()
                .pod_security_policy,
            Some(true)
        );
        assert_eq!(
            flags(&[], &["PodSecurityPolicy"])
                .unwrap()
                .pod_security_policy,
            Some(false)
        );
        assert!(!flags(&[], &["ResourceQuota"]).unwrap().resource_quota);
    }

    #[test]
    fn unknown_and_contradicting_names_are_refused() {
        assert!(
            flags(&["podsecurity"], &[])
                .unwrap_err()
                .contains("plugin \"podsecurity\" is unknown")
        );
        assert!(
            flags(&["Priority"], &["Priority"])
                .unwrap_err()
                .contains("overlapped")
        );
    }

    #[test]
    fn known_plugins_are_sorted() {
        assert!(KNOWN.is_sorted());
    }
}
