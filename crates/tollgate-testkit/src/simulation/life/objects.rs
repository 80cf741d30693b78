//! The objects that people make in a simulated cluster, as JSON.

use super::dice::Dice;

/// The annotation by which the simulation knows what is to become of a pod.
pub(crate) const FATE: &str = "simulation/fate";

/// The label by which people tell nodes apart, and what it may say.
pub(super) const DISK: &str = "simulation/disk";
pub(super) const DISKS: [&str; 2] = ["hdd", "ssd"];

/// What becomes of pods that run for ever.
fn lasting_fate(dice: &Dice) -> &'static str {
    match dice.below(20) {
        0 => r#""simulation/fate":"crashes","tollgate.dev/exit-code":"1""#,
        1 => r#""simulation/fate":"never-ready","tollgate.dev/never-ready":"true""#,
        2 => r#""simulation/fate":"no-image","tollgate.dev/image-pull-error":"true""#,
        3 => r#""simulation/fate":"sick","tollgate.dev/liveness-fails-after":"20s""#,
        4 => r#""tollgate.dev/start-delay":"20s""#,
        5 => r#""tollgate.dev/stop-after":"never""#,
        6 => r#""tollgate.dev/stop-after":"12s""#,
        _ => r#""simulation/fate":"well""#,
    }
}

/// What becomes of pods that end.
fn ending_fate(dice: &Dice) -> &'static str {
    match dice.below(6) {
        0 => r#""tollgate.dev/exit-code":"1""#,
        1 => r#""tollgate.dev/exit-after":"30s""#,
        2 => r#""tollgate.dev/exit-after":"5s","tollgate.dev/exit-code":"3""#,
        3 => r#""tollgate.dev/exit-after":"0s""#,
        _ => r#""simulation/fate":"well""#,
    }
}

fn resources(dice: &Dice) -> String {
    let cpu = dice.pick(&["", "50m", "200m", "1", "1500m", "0.25"]);
    let memory = dice.pick(&["", "64Mi", "1Gi", "500M"]);
    let mut requests = Vec::new();
    if !cpu.is_empty() {
        requests.push(format!(r#""cpu":"{cpu}""#));
    }
    if !memory.is_empty() {
        requests.push(format!(r#""memory":"{memory}""#));
    }
    if dice.percent(4) {
        let both = r#"{"example.com/gpu":"1"}"#;
        return format!(r#"{{"requests":{both},"limits":{both}}}"#);
    }
    let requests = requests.join(",");
    match dice.below(3) {
        0 => format!(r#"{{"requests":{{{requests}}},"limits":{{{requests}}}}}"#),
        1 => format!(r#"{{"limits":{{{requests}}}}}"#),
        _ => format!(r#"{{"requests":{{{requests}}}}}"#),
    }
}

fn container(dice: &Dice, name: &str, more: &str) -> String {
    let security = match dice.below(10) {
        0 => r#","securityContext":{"privileged":true}"#,
        1..=5 => {
            r#","securityContext":{"allowPrivilegeEscalation":false,"runAsNonRoot":true,"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}"#
        }
        _ => "",
    };
    let image = dice.pick(&["web:1", "web:2", "api:7"]);
    let resources = resources(dice);
    format!(r#"{{"name":"{name}","image":"{image}","resources":{resources}{security}{more}}}"#)
}

/// What pods ask of nodes and of other pods.
fn affinity(dice: &Dice, labels: &str) -> String {
    let beside = format!(
        r#"{{"topologyKey":"kubernetes.io/hostname","labelSelector":{{"matchLabels":{{{labels}}}}}}}"#
    );
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let disk = match dice.below(8) {
        0..=2 => {
            return format!(
                r#""podAntiAffinity":{{"preferredDuringSchedulingIgnoredDuringExecution":[{{"weight":50,"podAffinityTerm":{beside}}}]}}"#
            );
        }
        3 | 4 => return format!(r#""podAntiAffinity":{{"{required}":[{beside}]}}"#),
        5 => r#""operator":"In","values":["ssd"]"#,
        6 => r#""operator":"NotIn","values":["ssd"]"#,
        _ => r#""operator":"Exists""#,
    };
    format!(
        r#""nodeAffinity":{{"{required}":{{"nodeSelectorTerms":[{{"matchExpressions":[{{"key":"{DISK}",{disk}}}]}}]}}}}"#
    )
}

/// A template of pods with these labels; `ends` if they are to end.
pub(crate) fn template(dice: &Dice, labels: &str, ends: bool) -> String {
    let fate = if ends {
        ending_fate(dice)
    } else {
        lasting_fate(dice)
    };
    let mut spec = Vec::new();
    if ends {
        spec.push(format!(
            r#""restartPolicy":"{}""#,
            dice.pick(&["Never", "OnFailure"])
        ));
    }
    let mut containers = vec![container(dice, "app", "")];
    if dice.percent(15) {
        containers.push(container(dice, "side", ""));
    }
    spec.push(format!(r#""containers":[{}]"#, containers.join(",")));
    let mut init = Vec::new();
    if dice.percent(15) {
        init.push(container(dice, "before", ""));
    }
    if dice.percent(10) {
        init.push(container(dice, "beside", r#","restartPolicy":"Always""#));
    }
    if !init.is_empty() {
        spec.push(format!(r#""initContainers":[{}]"#, init.join(",")));
    }
    if dice.percent(50) {
        let grace = dice.pick(&["0", "1", "5", "60"]);
        spec.push(format!(r#""terminationGracePeriodSeconds":{grace}"#));
    }
    if dice.percent(15) {
        spec.push(r#""tolerations":[{"key":"simulation/taint","operator":"Exists"}]"#.to_owned());
    }
    if dice.percent(10) {
        let class = dice.pick(&["important", "usual"]);
        spec.push(format!(r#""priorityClassName":"{class}""#));
    }
    if dice.percent(20) {
        spec.push(format!(r#""affinity":{{{}}}"#, affinity(dice, labels)));
    }
    if dice.percent(8) {
        let disk = dice.pick(&DISKS);
        spec.push(format!(r#""nodeSelector":{{"{DISK}":"{disk}"}}"#));
    }
    if dice.percent(5) {
        let claim = dice.pick(&["data-a", "data-b"]);
        spec.push(format!(
            r#""volumes":[{{"name":"data","persistentVolumeClaim":{{"claimName":"{claim}"}}}}]"#
        ));
    }
    let spec = spec.join(",");
    format!(
        r#"{{"metadata":{{"labels":{{{labels}}},"annotations":{{{fate}}}}},"spec":{{{spec}}}}}"#
    )
}

fn labels(kind: &str, name: &str) -> String {
    format!(r#""kind":"{kind}","app":"{name}""#)
}

/// A Deployment.
pub(crate) fn deployment(dice: &Dice, name: &str) -> String {
    let labels = labels("deployment", name);
    let template = template(dice, &labels, false);
    let strategy = match dice.below(5) {
        0 => r#"{"type":"Recreate"}"#.to_owned(),
        1 => r#"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}"#
            .to_owned(),
        2 => r#"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"100%","maxUnavailable":0}}"#
            .to_owned(),
        3 => r#"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":2,"maxUnavailable":"50%"}}"#
            .to_owned(),
        _ => "{}".to_owned(),
    };
    let replicas = dice.below(6);
    let ready = dice.pick(&["0", "0", "5"]);
    let kept = dice.below(4);
    let deadline = dice.pick(&["30", "120", "600"]);
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"replicas":{replicas},"minReadySeconds":{ready},"revisionHistoryLimit":{kept},"progressDeadlineSeconds":{deadline},"strategy":{strategy},"selector":{{"matchLabels":{{{labels}}}}},"template":{template}}}}}"#
    )
}

/// A ReplicaSet, or a ReplicationController.
pub(crate) fn replica_set(dice: &Dice, name: &str, is_replication_controller: bool) -> String {
    let kind = if is_replication_controller {
        "replication-controller"
    } else {
        "replica-set"
    };
    let labels = labels(kind, name);
    let template = template(dice, &labels, false);
    let replicas = dice.below(5);
    let selector = if is_replication_controller {
        format!("{{{labels}}}")
    } else {
        format!(r#"{{"matchLabels":{{{labels}}}}}"#)
    };
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"replicas":{replicas},"selector":{selector},"template":{template}}}}}"#
    )
}

/// A StatefulSet, some with claims.
pub(crate) fn stateful_set(dice: &Dice, name: &str) -> String {
    let labels = labels("stateful-set", name);
    let template = template(dice, &labels, false);
    let replicas = dice.below(4);
    let policy = dice.pick(&["OrderedReady", "Parallel"]);
    let strategy = dice.pick(&[
        r#"{"type":"RollingUpdate"}"#,
        r#"{"type":"RollingUpdate"}"#,
        r#"{"type":"RollingUpdate","rollingUpdate":{"partition":1}}"#,
        r#"{"type":"RollingUpdate","rollingUpdate":{"partition":2}}"#,
        r#"{"type":"OnDelete"}"#,
    ]);
    let start = dice.pick(&["0", "0", "0", "3"]);
    let ready = dice.pick(&["0", "0", "0", "5"]);
    let claims = if dice.percent(30) {
        r#","volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"simulated","resources":{"requests":{"storage":"1Gi"}}}}]"#
    } else {
        ""
    };
    let retention = dice.pick(&["Retain", "Delete"]);
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"serviceName":"{name}","replicas":{replicas},"podManagementPolicy":"{policy}","minReadySeconds":{ready},"ordinals":{{"start":{start}}},"updateStrategy":{strategy},"persistentVolumeClaimRetentionPolicy":{{"whenDeleted":"{retention}","whenScaled":"{retention}"}},"selector":{{"matchLabels":{{{labels}}}}},"template":{template}{claims}}}}}"#
    )
}

/// A DaemonSet.
pub(crate) fn daemon_set(dice: &Dice, name: &str) -> String {
    let labels = labels("daemon-set", name);
    let template = template(dice, &labels, false);
    let strategy = dice.pick(&[
        r#"{"type":"OnDelete"}"#,
        r#"{"type":"RollingUpdate"}"#,
        r#"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}"#,
    ]);
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"updateStrategy":{strategy},"selector":{{"matchLabels":{{{labels}}}}},"template":{template}}}}}"#
    )
}

fn job_spec(dice: &Dice, name: &str) -> String {
    let template = template(dice, &labels("job", name), true);
    let completions = dice.below(4) + 1;
    let parallelism = dice.below(3) + 1;
    let limit = dice.below(3);
    let mut more = String::new();
    if dice.percent(30) {
        more.push_str(r#","ttlSecondsAfterFinished":20"#);
    }
    if dice.percent(20) {
        more.push_str(r#","completionMode":"Indexed""#);
    }
    if dice.percent(15) {
        more.push_str(r#","activeDeadlineSeconds":45"#);
    }
    format!(
        r#"{{"completions":{completions},"parallelism":{parallelism},"backoffLimit":{limit}{more},"template":{template}}}"#
    )
}

/// A Job.
pub(crate) fn job(dice: &Dice, name: &str) -> String {
    let spec = job_spec(dice, name);
    format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{spec}}}"#)
}

/// A CronJob that begins something every few minutes.
pub(crate) fn cron_job(dice: &Dice, name: &str) -> String {
    let spec = job_spec(dice, name);
    let schedule = dice.pick(&["* * * * *", "*/5 * * * *", "*/2 * * * *"]);
    let policy = dice.pick(&["Allow", "Forbid", "Replace"]);
    let kept = dice.below(3);
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"schedule":"{schedule}","concurrencyPolicy":"{policy}","successfulJobsHistoryLimit":{kept},"failedJobsHistoryLimit":1,"jobTemplate":{{"spec":{spec}}}}}}}"#
    )
}

/// A pod of its own.
pub(crate) fn pod(dice: &Dice, name: &str) -> String {
    let ends = dice.percent(50);
    let template = template(dice, &labels("pod", name), ends);
    let named = format!(r#"{{"metadata":{{"name":"{name}","#);
    template.replacen(r#"{"metadata":{"#, &named, 1)
}

/// A quota.
pub(crate) fn quota(dice: &Dice, name: &str) -> String {
    let more = match dice.below(8) {
        0 => r#","scopes":["NotTerminating"]"#,
        1 => r#","scopes":["BestEffort"]"#,
        2 => {
            r#","scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["important"]}]}"#
        }
        _ => "",
    };
    let hard = if more.contains("BestEffort") {
        format!(r#"{{"pods":"{}"}}"#, dice.below(4))
    } else {
        hard(dice, more.is_empty())
    };
    format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{"hard":{hard}{more}}}}}"#)
}

/// Limits of a quota; those of other things than pods only without scopes.
pub(crate) fn hard(dice: &Dice, everything: bool) -> String {
    let mut hard = Vec::new();
    let mut add = |percent: u64, key: &str, unit: &str, least: u64, spread: u64| {
        if dice.percent(percent) {
            hard.push(format!(r#""{key}":"{}{unit}""#, least + dice.below(spread)));
        }
    };
    add(60, "pods", "", 1, 15);
    add(30, "requests.cpu", "", 1, 8);
    add(20, "limits.memory", "Gi", 1, 8);
    add(15, "requests.memory", "Mi", 500, 4000);
    if everything {
        add(15, "count/deployments.apps", "", 0, 4);
        add(15, "count/replicasets.apps", "", 1, 6);
        add(15, "count/jobs.batch", "", 1, 4);
        add(15, "configmaps", "", 1, 4);
        add(15, "services", "", 0, 3);
        add(15, "persistentvolumeclaims", "", 1, 4);
        add(15, "requests.storage", "Gi", 1, 4);
        add(15, "count/pods", "", 2, 15);
    }
    if hard.is_empty() {
        hard.push(r#""pods":"10""#.to_owned());
    }
    format!("{{{}}}", hard.join(","))
}

/// A LimitRange.
pub(crate) fn limit_range(dice: &Dice, name: &str) -> String {
    let limits = dice.pick(&[
        r#"{"type":"Container","default":{"cpu":"500m","memory":"256Mi"},"defaultRequest":{"cpu":"100m","memory":"64Mi"}}"#,
        r#"{"type":"Container","max":{"cpu":"1"},"default":{"cpu":"300m"}}"#,
        r#"{"type":"Pod","max":{"memory":"1Gi"}}"#,
        r#"{"type":"Container","min":{"cpu":"60m"}}"#,
    ]);
    format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{"limits":[{limits}]}}}}"#)
}

/// A PodDisruptionBudget for the pods of Deployments of that name.
pub(crate) fn budget(dice: &Dice, name: &str) -> String {
    let bound = dice.pick(&[
        r#""minAvailable":1"#,
        r#""maxUnavailable":1"#,
        r#""minAvailable":"50%""#,
        r#""maxUnavailable":1,"unhealthyPodEvictionPolicy":"AlwaysAllow""#,
    ]);
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{{bound},"selector":{{"matchLabels":{{"app":"{name}"}}}}}}}}"#
    )
}

/// A Service for the pods of a name.
pub(crate) fn service(name: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"selector":{{"app":"{name}"}},"ports":[{{"port":80}}]}}}}"#
    )
}

/// A claim.
pub(crate) fn claim(dice: &Dice, name: &str) -> String {
    let size = dice.pick(&["1Gi", "512Mi", "2Gi"]);
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"accessModes":["ReadWriteOnce"],"storageClassName":"simulated","resources":{{"requests":{{"storage":"{size}"}}}}}}}}"#
    )
}
