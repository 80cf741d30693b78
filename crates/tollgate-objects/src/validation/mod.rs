//! Validation: field errors in upstream's words and order, kind by kind.
