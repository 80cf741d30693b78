//! What simulated nodes answer to the API server: logs, commands, ports.

use futures_util::{FutureExt as _, StreamExt as _, stream};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Deletion, Target};
use tollgate_api::node_agent::{
    AgentError, ContainerTarget, Input, LogOptions, NodeAgent, Output, PodTarget, PortTarget,
    Stream,
};
use tollgate_api::{Release, Value};
use tollgate_controllers::clock::Clock;
use tollgate_controllers::node::{Kubelets, SimulatedAgent, config};
use tollgate_controllers::resources::{NODES, PODS, SERVICE_ACCOUNTS};
use tollgate_testkit::cluster::Cluster;

const SECOND: Duration = Duration::from_secs(1);
const FIRST: &str = r#"tollgate: container c is simulated on node node-0; image x:1 with ["sh", "-c", "echo one; sleep 5; echo two; sleep 5"] would run here"#;

fn cluster() -> (Cluster, SimulatedAgent) {
    let plans = config::equal_nodes(1, config::parse_capacity("").unwrap()).unwrap();
    let kubelets = Arc::new(Kubelets::new(plans, Release::default()));
    let same = Arc::clone(&kubelets);
    let mut cluster = Cluster::new(1, Box::new(move || vec![Arc::clone(&same) as _]));
    let account = r#"{"metadata":{"name":"default"}}"#;
    cluster
        .create(&SERVICE_ACCOUNTS, "default", account)
        .unwrap();
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"node-0","restartPolicy":"Never",
        "containers":[{"name":"c","image":"x:1","command":["sh","-c","echo one; sleep 5; echo two; sleep 5"]}]}}"#;
    cluster.settle();
    cluster.create(&PODS, "default", pod).unwrap();
    cluster.advance(SECOND * 2);
    let clock = Arc::clone(&cluster.world) as Arc<dyn Clock>;
    (cluster, SimulatedAgent::new(kubelets, clock))
}

fn pod(cluster: &Cluster) -> Value {
    cluster.get(&PODS, "default", "p").unwrap()
}

fn target(pod: &Value) -> ContainerTarget<'_> {
    let pod = PodTarget {
        node: "node-0",
        namespace: "default",
        pod,
    };
    ContainerTarget {
        pod,
        container: "c",
    }
}

/// Nodes wait for times of the day.
fn with_timers<T>(test: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    test()
}

#[expect(
    clippy::option_option,
    reason = "a stream that has ended is not one that has nothing yet"
)]
fn next<T>(stream: &mut Stream<T>) -> Option<Option<T>> {
    stream.next().now_or_never()
}

fn logs(agent: &SimulatedAgent, pod: &Value, options: &LogOptions) -> Vec<String> {
    let mut stream = agent
        .logs(target(pod), options)
        .now_or_never()
        .unwrap()
        .unwrap();
    let mut lines = Vec::new();
    while let Some(Some(piece)) = next(&mut stream) {
        lines.push(
            String::from_utf8(piece.to_vec())
                .unwrap()
                .trim_end()
                .to_owned(),
        );
    }
    lines
}

fn input() -> Input {
    Input {
        stdin: None,
        resize: Box::pin(stream::empty()),
        tty: false,
    }
}

#[test]
fn logs_hold_what_is_known_and_choose_as_they_are_asked() {
    let (mut cluster, agent) = cluster();
    let before = pod(&cluster);
    assert_eq!(
        logs(&agent, &before, &LogOptions::default()),
        [FIRST, "one"]
    );
    cluster.advance(SECOND * 20);
    let after = pod(&cluster);
    let end = "tollgate: the simulated container ended with exit code 0";
    assert_eq!(
        logs(&agent, &after, &LogOptions::default()),
        [FIRST, "one", "two", end]
    );
    let tail = LogOptions {
        tail_lines: Some(1),
        ..LogOptions::default()
    };
    assert_eq!(logs(&agent, &after, &tail), [end]);
    let previous = LogOptions {
        previous: true,
        ..LogOptions::default()
    };
    let refusal = agent
        .logs(target(&after), &previous)
        .now_or_never()
        .unwrap();
    assert_eq!(
        refusal.err(),
        Some(AgentError::Refused {
            code: 400,
            message: "previous terminated container \"c\" in pod \"p\" not found".to_owned()
        })
    );
}

#[test]
fn who_follows_hears_every_line_and_the_end() {
    with_timers(|| {
        let (mut cluster, agent) = cluster();
        let running = pod(&cluster);
        let options = LogOptions {
            follow: true,
            ..LogOptions::default()
        };
        let mut stream = agent
            .logs(target(&running), &options)
            .now_or_never()
            .unwrap()
            .unwrap();
        assert!(next(&mut stream).unwrap().is_some());
        assert!(next(&mut stream).unwrap().is_some());
        assert!(next(&mut stream).is_none(), "nothing is written yet");
        cluster.advance(SECOND * 20);
        assert_eq!(next(&mut stream).unwrap().unwrap(), "two\n");
        assert!(next(&mut stream).unwrap().is_some());
        assert_eq!(next(&mut stream), Some(None));
    });
}

#[test]
fn who_is_attached_hears_of_the_end_and_of_a_pod_that_is_gone() {
    with_timers(|| {
        let (mut cluster, agent) = cluster();
        let running = pod(&cluster);
        let attach = || {
            agent
                .attach(target(&running), input())
                .now_or_never()
                .unwrap()
                .unwrap()
        };
        let mut stream = attach();
        assert_eq!(
            next(&mut stream).unwrap().unwrap(),
            Output::Stdout(format!("{FIRST}\n").into())
        );
        assert!(next(&mut stream).is_none());
        cluster
            .delete(Target::object(&PODS, "default", "p"), Deletion::default())
            .unwrap();
        cluster.advance(SECOND * 5);
        let last = std::iter::from_fn(|| next(&mut stream).flatten()).last();
        assert_eq!(last, Some(Output::Failed("the pod is gone".to_owned())));
    });
}

#[test]
fn commands_say_that_nothing_runs_here() {
    with_timers(|| {
        let (cluster, agent) = cluster();
        let running = pod(&cluster);
        let run = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let mut stream = agent
                .exec(target(&running), &words, input())
                .now_or_never()
                .unwrap()
                .unwrap();
            next(&mut stream).unwrap().unwrap()
        };
        assert_eq!(run(&["echo", "hello"]), Output::Stdout("hello\n".into()));
        assert!(matches!(run(&["cat", "x"]), Output::Stderr(_)));
    });
}

#[test]
fn ports_are_closed_and_nodes_that_are_down_or_strange_unreachable() {
    let (mut cluster, agent) = cluster();
    let running = pod(&cluster);
    let bytes = || Box::pin(stream::empty()) as Stream<_>;
    let port = agent.connect(PortTarget::Pod(target(&running).pod), 80, bytes());
    assert_eq!(
        port.now_or_never().unwrap().err().unwrap().to_string(),
        "dial tcp 10.128.0.2:80: connect: connection refused: simulated, nothing listens there"
    );
    let reach = |node| agent.reach(node).now_or_never().unwrap();
    assert_eq!(reach("node-0"), Ok(()));
    assert!(matches!(reach("strange"), Err(AgentError::Unreachable(_))));
    let node = Target::object(&NODES, "", "node-0");
    cluster
        .patch(
            node,
            r#"{"metadata":{"annotations":{"tollgate.dev/down":"true"}}}"#,
        )
        .unwrap();
    cluster.settle();
    assert_eq!(
        reach("node-0").unwrap_err().to_string(),
        "dial tcp 172.16.0.2:10250: connect: connection refused"
    );
}

#[test]
fn a_kubelet_tells_of_its_pods_and_of_nothing_that_is_not_there() {
    let (cluster, agent) = cluster();
    let ask = |path: &str| {
        let answer = agent.kubelet("node-0", path).now_or_never().unwrap();
        let answer = answer.unwrap().unwrap();
        (
            answer.code,
            String::from_utf8(answer.body.to_vec()).unwrap(),
        )
    };
    let (code, pods) = ask("/pods");
    assert_eq!(code, 200);
    let uid = pod(&cluster).at(&["metadata", "uid"]).cloned();
    let uid = uid.unwrap().as_str().unwrap().to_owned();
    assert!(pods.contains(&uid), "{pods}");
    let (_, metrics) = ask("/metrics/resource");
    let of_pod = "pod_cpu_usage_seconds_total{namespace=\"default\",pod=\"p\"} ";
    assert!(metrics.contains(of_pod), "{metrics}");
    assert_eq!(ask("/logs/").0, 404);
    let elsewhere = agent.kubelet("node-9", "/pods").now_or_never().unwrap();
    assert!(matches!(elsewhere, Err(AgentError::Unreachable(_))));
}
