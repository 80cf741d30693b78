//! Resources that change while a pod runs.

use super::harness::Life;
use crate::node::resources::Resources;
use tollgate_api::json::from_str;

const SPEC: &str = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"x",
    "resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2"}}}]}"#;

fn running() -> Life {
    let mut life = Life::of("{}", SPEC);
    life.until(10);
    life.events.clear();
    life
}

fn ask(life: &mut Life, resources: &str) {
    life.pod.child_mut("metadata").set("generation", 2);
    life.pod.child_mut("spec").items_mut("containers")[0]
        .set("resources", from_str(resources).unwrap());
}

fn in_force(life: &Life) -> String {
    let status = &life.pod.get("status").unwrap().items("containerStatuses")[0];
    let text = |keys: &[&str]| status.at(keys).unwrap().as_str().unwrap().to_owned();
    format!(
        "{} {}",
        text(&["allocatedResources", "cpu"]),
        text(&["resources", "requests", "cpu"])
    )
}

#[test]
fn what_fits_is_allotted_then_comes_into_force() {
    let mut life = running();
    assert_eq!(in_force(&life), "1 1");
    ask(
        &mut life,
        r#"{"requests":{"cpu":"2"},"limits":{"cpu":"2"}}"#,
    );
    let step = life.step();
    life.pod.set("status", step.status.unwrap());
    assert_eq!(in_force(&life), "2 1");
    assert_eq!(life.condition("PodResizeInProgress"), "True  ");
    life.until(20);
    assert_eq!(in_force(&life), "2 2");
    assert_eq!(life.condition("PodResizeInProgress"), "none");
    assert_eq!(
        life.told(),
        [
            r#"Normal ResizeCompleted Pod resize completed: {"containers":[{"name":"c","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"2"}}}],"generation":2}"#
        ]
    );
}

#[test]
fn what_the_node_never_has_is_infeasible() {
    let mut life = running();
    ask(&mut life, r#"{"requests":{"cpu":"5"}}"#);
    life.until(1_000);
    assert_eq!(
        life.condition("PodResizePending"),
        "True Infeasible Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000"
    );
    assert_eq!(in_force(&life), "1 1");
    assert_eq!(life.events.len(), 1);
    assert_eq!(life.events[0].reason, "ResizeInfeasible");
    ask(
        &mut life,
        r#"{"requests":{"cpu":"1"},"limits":{"cpu":"2"}}"#,
    );
    life.until(2_000);
    assert_eq!(life.condition("PodResizePending"), "none");
}

#[test]
fn what_the_node_has_not_now_is_deferred_until_it_has() {
    let mut life = running();
    life.used = Resources::from_list(Some(&from_str(r#"{"cpu":"3"}"#).unwrap()));
    ask(&mut life, r#"{"requests":{"cpu":"2"}}"#);
    life.until(20);
    assert_eq!(
        life.condition("PodResizePending"),
        "True Deferred Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
    );
    assert!(life.waits);
    life.used = Resources::default();
    life.until(30);
    assert_eq!(life.condition("PodResizePending"), "none");
    assert_eq!(in_force(&life), "2 2");
}

#[test]
fn a_container_that_wants_a_restart_for_it_gets_one() {
    let mut life = running();
    ask(&mut life, r#"{"requests":{"cpu":"2"}}"#);
    let policy =
        from_str(r#"[{"resourceName":"cpu","restartPolicy":"RestartContainer"}]"#).unwrap();
    life.pod.child_mut("spec").items_mut("containers")[0].set("resizePolicy", policy);
    let last = life.until(20).pop().unwrap();
    assert_eq!(last.1, "1/1 Running (Running) r1");
    assert!(life.told().contains(
        &"Normal Killing spec.containers{c} Container c resize requires restart".to_owned()
    ));
}
