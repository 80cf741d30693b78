//! RBAC: who may do what.
