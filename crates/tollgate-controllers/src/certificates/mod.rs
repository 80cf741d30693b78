//! The three controllers of CertificateSigningRequests: who signs them, who approves those of nodes, who cleans up.
//!
//! Upstream: `pkg/controller/certificates`

pub mod approving;
pub mod cleaning;
mod request;
mod signer;
pub mod signing;
