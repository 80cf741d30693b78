//! What holds for every pod.

use super::harness::{Life, START};
use proptest::prelude::*;
use tollgate_api::Value;

fn container(name: &'static str) -> impl Strategy<Value = String> {
    let command = prop_oneof![
        Just(""),
        Just(r#","command":["sleep","5"]"#),
        Just(r#","command":["false"]"#),
        Just(r#","args":["sh","-c","exit 7"]"#),
        Just(r#","env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]"#),
    ];
    let probes = prop_oneof![
        Just(""),
        Just(r#","readinessProbe":{"initialDelaySeconds":3},"livenessProbe":{"periodSeconds":1}"#),
        Just(r#","startupProbe":{"initialDelaySeconds":2,"periodSeconds":0}"#),
    ];
    let policy = prop_oneof![
        3 => Just(""),
        1 => Just(r#","restartPolicy":"Always""#),
        1 => Just(r#","restartPolicy":"Never""#),
    ];
    (command, probes, policy).prop_map(move |(command, probes, policy)| {
        format!(r#"{{"name":"{name}","image":"x"{command}{probes}{policy}}}"#)
    })
}

fn annotations() -> impl Strategy<Value = String> {
    let pairs = prop::collection::btree_map(
        prop_oneof![
            Just("start-delay"),
            Just("exit-after"),
            Just("exit-code"),
            Just("never-ready"),
            Just("image-pull-error"),
            Just("liveness-fails-after"),
            Just("stop-after"),
        ],
        prop_oneof![
            Just("0".to_owned()),
            Just("1".to_owned()),
            Just("7s".to_owned()),
            Just("never".to_owned()),
            Just("true".to_owned()),
            Just("a=1".to_owned()),
            Just("a=2s,i=3".to_owned()),
            "[a-z0-9=,]{0,8}",
        ],
        0..4,
    );
    pairs.prop_map(|pairs| {
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(key, value)| format!(r#""tollgate.dev/{key}":"{value}""#))
            .collect();
        format!("{{{}}}", pairs.join(","))
    })
}

fn life() -> impl Strategy<Value = Life> {
    let policy = prop_oneof![Just("Always"), Just("OnFailure"), Just("Never")];
    let inits = prop::collection::vec(container("i"), 0..2);
    let deadline = prop_oneof![4 => Just(""), 1 => Just(r#","activeDeadlineSeconds":9"#)];
    (annotations(), policy, inits, container("a"), container("b"), deadline).prop_map(
        |(annotations, policy, inits, a, b, deadline)| {
            let spec = format!(
                r#"{{"restartPolicy":"{policy}","initContainers":[{}],"containers":[{a},{b}]{deadline}}}"#,
                inits.join(",")
            );
            Life::of(&annotations, &spec)
        },
    )
}

fn restarts(pod: &Value) -> Vec<i64> {
    let status = pod.get("status").unwrap();
    let lists = ["initContainerStatuses", "containerStatuses"];
    lists
        .iter()
        .flat_map(|list| status.items(list))
        .filter_map(|one| one.int("restartCount"))
        .collect()
}

fn phase(life: &Life) -> String {
    life.pod
        .at(&["status", "phase"])
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn restarts_only_grow_an_end_is_final_and_a_second_look_changes_nothing(mut life in life(), fraction in 0_u32..1_000) {
        life.now = tollgate_api::Timestamp::from_unix(START.unix_seconds(), fraction * 1_000_000);
        let mut before = Vec::new();
        let mut ended: Option<String> = None;
        for _ in 0..200 {
            let step = life.step();
            if let Some(status) = step.status {
                life.pod.set("status", status);
                // The same moment asks for nothing more, but where admission leaves the rest to the next look.
                let now = restarts(&life.pod);
                for (before, now) in before.iter().zip(&now) {
                    prop_assert!(before <= now, "a restart count fell");
                }
                before = now;
                if let Some(ended) = &ended {
                    prop_assert_eq!(ended, &phase(&life), "a pod left its end");
                }
                if ["Succeeded", "Failed"].contains(&phase(&life).as_str()) {
                    ended = Some(phase(&life));
                }
                continue;
            }
            let Some(next) = step.again_at else {
                break;
            };
            prop_assert!(next > life.now);
            life.now = next;
        }
    }

    #[test]
    fn a_pod_settles_or_goes_on_restarting_ever_more_slowly(mut life in life()) {
        life.until(7_200);
        let at_rest = life.until(10_800).len();
        // Three writes a restart, of up to three containers, each at most every five minutes; a run of seven seconds or
        // a failing probe makes no more.
        prop_assert!(at_rest <= 3 * 3 * 13, "{at_rest} writes in an hour");
    }

    #[test]
    fn a_deleted_pod_is_gone_after_its_grace(mut life in life(), age in 0_i64..60, grace in 0_i64..40) {
        life.until(age);
        life.delete(grace);
        life.until(age + grace + 1);
        prop_assert!(life.deleted);
    }
}
