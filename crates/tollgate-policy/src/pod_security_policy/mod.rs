//! PodSecurityPolicy, as it was up to 1.24.
