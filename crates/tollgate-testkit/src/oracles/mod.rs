//! Laws that hold for any bytes. Each function panics if its law is broken; property tests and fuzz targets call them.

mod decoding;
mod manifests;
mod policies;
mod reading;
mod strangers;

pub use decoding::decoding_settles_an_object;
pub use manifests::{manifests_are_read_without_a_panic, yaml_readers_agree};
pub use policies::{configurations_are_read_without_a_panic, policies_decide_without_a_panic};
pub use reading::{
    json_reads_as_serde_json, quantities_round_trip, small_texts_are_read_without_a_panic,
};
pub use strangers::{
    audit_policies_judge_without_a_panic, definitions_serve_without_a_panic,
    expressions_answer_without_a_panic, patches_apply_without_a_panic, protobuf_bodies_settle,
    schedules_run_forward, selections_are_read_without_a_panic, spdy_connections_end,
};
