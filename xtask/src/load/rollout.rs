//! `xtask load --rollout N`: how long a Deployment of so many pods takes until all are there, on a node and running, and how long
//! its namespace takes to go.

use super::follow::{Follower, Stage};
use super::{Options, now};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};
use tollgate_testkit::client::{Answer, Request, Target, Who};

/// How long all that may take.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often the namespace is asked for while it goes.
const ASKED_EVERY: Duration = Duration::from_millis(20);

/// A Deployment with a pod of 1 KB.
const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":REPLICAS,
"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[
{"name":"web","image":"registry.example/web:1.4","ports":[{"containerPort":8080}],"env":[{"name":"LEVEL","value":"info"}],
"resources":{"requests":{"cpu":"1m","memory":"1Mi"}}}]}}}}"#;

/// Runs the measurement.
pub(super) fn run(options: &Options, target: &Target) -> Result<()> {
    let pods = options.requests;
    let namespace = &options.namespace;
    let mut connection = target.connect(Who::Admin)?;
    let body = format!(r#"{{"metadata":{{"name":"{namespace}"}}}}"#);
    let request = Request::json("POST", "/api/v1/namespaces", &body);
    expect(&connection.send(&request)?, &[201])?;
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let mut follower = Follower::begin(target, path, pods)?;

    let deployments = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
    let body = DEPLOYMENT.replace("REPLICAS", &pods.to_string());
    let began = now();
    let request = Request::json("POST", &deployments, &body);
    expect(&connection.send(&request)?, &[201])?;
    follow(&mut follower, Stage::Running, began)?;
    report(&follower, pods);
    if options.keeps {
        return Ok(());
    }

    follower.events = 0;
    let began = now();
    let path = format!("/api/v1/namespaces/{namespace}");
    let request = Request::new("DELETE", &path);
    expect(&connection.send(&request)?, &[200, 202])?;
    follow(&mut follower, Stage::Deleted, began)?;
    while connection.send(&Request::new("GET", &path))?.status != 404 {
        if began.elapsed() > PATIENCE {
            bail!("the namespace has not gone");
        }
        std::thread::sleep(ASKED_EVERY);
    }
    eprintln!(
        "deletion: pods gone after {:.2} s, the namespace after {:.2} s; {}",
        seconds(follower.reached.get(&Stage::Deleted)),
        began.elapsed().as_secs_f64(),
        follower.story()
    );
    Ok(())
}

fn follow(follower: &mut Follower<'_>, until: Stage, began: Instant) -> Result<()> {
    while !follower.reached.contains_key(&until) {
        if began.elapsed() > PATIENCE {
            bail!("not all pods are {until:?}: {:?}", follower.counts);
        }
        follower.read(began)?;
    }
    Ok(())
}

fn report(follower: &Follower<'_>, pods: usize) {
    let after = |stage| seconds(follower.reached.get(&stage));
    eprintln!(
        "rollout of {pods} pods: all created after {:.2} s, scheduled after {:.2} s, running after {:.2} s; {}",
        after(Stage::Created),
        after(Stage::Scheduled),
        after(Stage::Running),
        follower.story()
    );
}

fn seconds(time: Option<&Duration>) -> f64 {
    time.map_or(f64::NAN, Duration::as_secs_f64)
}

fn expect(answer: &Answer, codes: &[u16]) -> Result<()> {
    if !codes.contains(&answer.status) {
        bail!("answered with {}: {}", answer.status, answer.text());
    }
    Ok(())
}
