//! ResourceQuota: totals per namespace.
