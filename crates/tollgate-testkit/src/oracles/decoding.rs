//! What happens to an object before any policy.

use crate::generate::Choices;
use std::hint::black_box;
use tollgate_api::{GroupVersionKind, Release};
use tollgate_objects::workloads::{self, Cluster};
use tollgate_objects::{conversion, defaults, schema, strategy, validation};

/// Decoding leaves nothing that decoding would refuse; defaults are set once; validation and planning survive what
/// comes out.
pub fn decoding_settles_an_object(bytes: &[u8]) {
    let mut object = Choices::new(bytes).object();
    let kind = GroupVersionKind::of(&object);
    black_box(schema::decode(&kind, &mut object));
    let decoded = object.to_string();
    let problems = schema::decode(&kind, &mut object);
    assert!(problems.is_empty(), "{problems:?}\n{decoded}");
    assert_eq!(object.to_string(), decoded);

    defaults::set_defaults(&kind, &mut object);
    let once = object.to_string();
    defaults::set_defaults(&kind, &mut object);
    assert_eq!(object.to_string(), once);
    let problems = schema::decode(&kind, &mut object);
    assert!(
        problems.is_empty(),
        "defaults do not decode: {problems:?}\n{once}"
    );

    conversion::convert(&kind, &mut object);
    black_box(validation::validate_create(
        &kind,
        &object,
        &validation::Options::default(),
    ));
    if let Some(workload) = workloads::of(&kind) {
        black_box(workload.plan(&object, Cluster { nodes: 3 }));
    }
    if kind.kind == "Pod" {
        strategy::pod::prepare_for_create(&mut object, Release::NEWEST);
        black_box(validation::pod_warnings::on_create(&object));
    }
}
