//! API defaulting: what `SetDefaults_*` does, kind by kind.
