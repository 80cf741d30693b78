//! Which plugins run, and how they are configured.

use tollgate_policy::pod_security;
use tollgate_policy::resource_quota::LimitedResource;

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

/// Flags and files about admission.
#[derive(Debug, Clone, Default)]
pub struct AdmissionConfig {
    enabled: Vec<String>,
    disabled: Vec<String>,
    /// `PodSecurityConfiguration`
    pub pod_security: pod_security::Config,
    /// `limitedResources` of `ResourceQuotaConfiguration`
    pub limited_resources: Vec<LimitedResource>,
}

impl AdmissionConfig {
    /// Follows `--enable-admission-plugins` and `--disable-admission-plugins`.
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
        Ok(Self {
            enabled: enable.to_vec(),
            disabled: disable.to_vec(),
            ..Self::default()
        })
    }

    /// Whether a plugin runs.
    pub fn is_on(&self, name: &str, by_default: bool) -> bool {
        let named = |names: &[String]| names.iter().any(|known| known == name);
        !named(&self.disabled) && (by_default || named(&self.enabled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::CHAIN;

    fn flags(enable: &[&str], disable: &[&str]) -> Result<AdmissionConfig, String> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        AdmissionConfig::from_flags(&owned(enable), &owned(disable))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn flags_turn_plugins_on_and_off() {
        let config = flags(&["PodSecurityPolicy"], &["LimitRanger"]).unwrap();
        assert!(config.is_on("PodSecurityPolicy", false));
        assert!(!config.is_on("LimitRanger", true));
        assert!(config.is_on("Priority", true));
    }

    #[test]
    fn unknown_and_contradicting_names_are_refused() {
        let error = flags(&["podsecurity"], &[]).unwrap_err();
        assert!(
            error.contains("plugin \"podsecurity\" is unknown"),
            "{error}"
        );
        let error = flags(&["Priority"], &["Priority"]).unwrap_err();
        assert!(error.contains("overlapped"), "{error}");
    }

    #[test]
    fn every_plugin_has_a_known_name() {
        assert!(KNOWN.is_sorted());
        for plugin in CHAIN {
            assert!(KNOWN.contains(&plugin.name()), "{}", plugin.name());
        }
    }
}
