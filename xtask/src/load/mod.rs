//! `xtask load`: pods are created, read, listed or deleted over some connections that are kept alive, and what that took
//! is printed. Any Kubernetes API server can be measured with it. `--rollout N` measures one that has controllers and nodes.

mod follow;
mod rollout;

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tollgate_testkit::client::{Request, Target, Who};

/// A pod of two containers that the level `restricted` lets in; 1 KB once it is stored.
const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME","labels":{"app":"shop","tier":"web"}},
"spec":{"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[
{"name":"shop","image":"registry.example/shop:1.4","ports":[{"containerPort":8080}],"env":[{"name":"LEVEL","value":"info"}],
"resources":{"requests":{"cpu":"1m","memory":"1Mi"}},
"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}},
{"name":"proxy","image":"registry.example/proxy:2",
"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}}"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Create,
    Get,
    List,
    Delete,
    Rollout,
}

#[derive(Debug)]
struct Options {
    kubeconfig: PathBuf,
    work: Work,
    requests: usize,
    connections: usize,
    namespace: String,
    prefix: String,
    /// Whether what was rolled out stays.
    keeps: bool,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut kubeconfig = None;
        let mut options = Self {
            kubeconfig: PathBuf::new(),
            work: Work::Create,
            requests: 2_000,
            connections: 16,
            namespace: "load".to_owned(),
            prefix: "p".to_owned(),
            keeps: false,
        };
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{flag} what?"));
            match flag.as_str() {
                "--create" => options.work = Work::Create,
                "--get" => options.work = Work::Get,
                "--list" => options.work = Work::List,
                "--delete" => options.work = Work::Delete,
                "--rollout" => {
                    options.work = Work::Rollout;
                    options.requests = value()?.parse()?;
                }
                "--keep" => options.keeps = true,
                "--kubeconfig" => kubeconfig = Some(PathBuf::from(value()?)),
                "--namespace" => options.namespace = value()?,
                "--prefix" => options.prefix = value()?,
                "-n" => options.requests = value()?.parse()?,
                "-c" => options.connections = value()?.parse()?,
                _ => bail!("`{flag}` is no flag of `load`"),
            }
        }
        options.kubeconfig = kubeconfig.context("--kubeconfig is missing")?;
        Ok(options)
    }

    fn method(&self) -> &'static str {
        match self.work {
            Work::Create | Work::Rollout => "POST",
            Work::Get | Work::List => "GET",
            Work::Delete => "DELETE",
        }
    }
}

/// What one connection saw.
#[derive(Debug, Default)]
struct Seen {
    took: Vec<Duration>,
    codes: BTreeMap<u16, usize>,
    refusal: Option<String>,
}

/// Runs the command.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let options = Options::read(arguments)?;
    let target = Target::from_kubeconfig(&options.kubeconfig)?;
    if options.work == Work::Rollout {
        return rollout::run(&options, &target);
    }
    let next = AtomicUsize::new(0);
    let began = now();
    let seen: Result<Vec<Seen>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.connections)
            .map(|_| scope.spawn(|| work(&options, &target, &next)))
            .collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .map(|seen| seen.unwrap_or_else(|_| bail!("a worker panicked")))
            .collect()
    });
    report(&options, seen?, began.elapsed());
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and nothing else here does"
)]
fn now() -> Instant {
    Instant::now()
}

fn work(options: &Options, target: &Target, next: &AtomicUsize) -> Result<Seen> {
    let mut connection = target.connect(Who::Admin)?;
    let collection = format!("/api/v1/namespaces/{}/pods", options.namespace);
    let mut seen = Seen::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= options.requests {
            return Ok(seen);
        }
        let name = format!("{}-{number}", options.prefix);
        let pod = POD.replace("NAME", &name);
        let path = match options.work {
            Work::Create | Work::List | Work::Rollout => collection.clone(),
            Work::Get => format!("{collection}/{name}"),
            Work::Delete => format!("{collection}/{name}?gracePeriodSeconds=0"),
        };
        let request = match options.work {
            Work::Create => Request::json(options.method(), &path, &pod),
            _ => Request::new(options.method(), &path),
        };
        let began = now();
        let answer = connection.send(&request)?;
        seen.took.push(began.elapsed());
        let count = seen.codes.entry(answer.status).or_default();
        *count = count.saturating_add(1);
        if answer.status >= 400 && seen.refusal.is_none() {
            seen.refusal = Some(answer.text());
        }
        if answer.closes {
            connection = target.connect(Who::Admin)?;
        }
    }
}

fn report(options: &Options, all: Vec<Seen>, took: Duration) {
    let mut codes = BTreeMap::new();
    let mut times = Vec::new();
    let mut refusal = None;
    for seen in all {
        times.extend(seen.took);
        for (code, count) in seen.codes {
            let total: &mut usize = codes.entry(code).or_default();
            *total = total.saturating_add(count);
        }
        refusal = refusal.or(seen.refusal);
    }
    times.sort_unstable();
    let at = |percent: usize| {
        let index = times.len().saturating_mul(percent) / 100;
        let time = times.get(index.min(times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
    let seconds = took.as_secs_f64();
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, count)| format!("{code}: {count}"))
        .collect();
    eprintln!(
        "{:?}, {} connections: {count} in {seconds:.2} s = {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms; {}",
        options.work,
        options.connections,
        f64::from(count) / seconds,
        at(50),
        at(99),
        at(100),
        codes.join(", ")
    );
    if let Some(refusal) = refusal {
        eprintln!("the first that was refused: {refusal}");
    }
}
