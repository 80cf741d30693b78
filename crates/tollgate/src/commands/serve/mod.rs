//! `tollgate serve`: a Kubernetes API server in this process.

mod audit;
mod audit_log;
mod controller_names;
mod controllers;
mod files;
mod kubeconfig;
mod nodes;
mod yaml;

use super::Exit;
use crate::args::{DurabilityArg, ServeArgs};
use crate::env;
use crate::judge::admission_config;
use anyhow::{Context as _, Result, bail};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tollgate_api::{Release, Timestamp};
use tollgate_apiserver::admission::AdmissionConfig;
use tollgate_apiserver::auth::authenticate::TokenFile;
use tollgate_apiserver::auth::token::request::Issuer;
use tollgate_apiserver::auth::token::{KeyError, SharedKey, Verifier};
use tollgate_apiserver::auth::{Authenticator, Mode};
use tollgate_apiserver::environment::Environment;
use tollgate_apiserver::http::certificates::{self, Certificates, Identity};
use tollgate_apiserver::server::{Config, Limits, Server};
use tollgate_apiserver::storage::{Durability, DurableStore, MemoryStore, Options, Store};
use tollgate_controllers::clock::Clock;
use tollgate_controllers::node::Kubelets;
use tollgate_controllers::registry::Settings;

/// A data directory of this name keeps nothing.
const IN_MEMORY: &str = ":memory:";
/// The oldest release that can be emulated.
const OLDEST: Release = Release::minor(20);

/// Runs the server until it is told to stop.
pub fn run(args: &ServeArgs, out: &mut dyn Write) -> Result<Exit> {
    // A kernel that cannot do that only costs memory.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let release = release(&args.emulated_version)?;
    controllers::check(&args.controllers)?;
    let kubelets = nodes::kubelets(args, release)?;
    let directory = (args.data_dir != Path::new(IN_MEMORY)).then_some(args.data_dir.as_path());
    // First of all: nothing else may be written to data that another process has.
    let store = store(directory, args.durability)?;
    let now = Timestamp::from_unix_seconds(env::now_unix_seconds());
    let advertised = args
        .advertise_address
        .unwrap_or_else(|| reached(args.bind_address));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let (key, making) = token_key(directory, &runtime)?;
    let keys = files::certificates(directory, &[args.bind_address, advertised], now)?;
    let system = Arc::new(env::System::new());
    let environment = Arc::clone(&system) as Arc<dyn Environment>;
    let (auditor, writer) = audit::start(args, &environment)?.unzip();
    let client_authorities = client_authorities(args, &keys)?;
    let settings = controllers::settings(args, &keys, &key)?;
    let config = Config {
        store,
        environment,
        release,
        address: SocketAddr::new(args.bind_address, args.secure_port),
        advertised,
        hostname: env::hostname(),
        tls: tls(args, &keys, &client_authorities)?,
        client_authorities,
        admission: admission(args)?,
        authenticator: authenticator(args, &key)?,
        authorization_modes: modes(args)?,
        issuer: issuer(args, key),
        auditor,
        limits: limits(args)?,
        read_yaml: yaml::read,
        event_ttl: args.event_ttl,
        node_agent: nodes::agent(kubelets.as_ref(), &system),
        usage: nodes::usage(kubelets.as_ref()),
    };
    runtime.block_on(async {
        let stop = stop_signal()?;
        let server = Server::start(config).await?;
        let address = server.address().context("cannot tell the address")?;
        announce(args, directory, &keys, release, address, out)?;
        tokio::select! {
            () = live(args, server, system, kubelets, &settings, stop) => Ok(()),
            failure = failure_of(making) => Err(failure),
        }
    })?;
    // With it go the last who could tell the audit log anything.
    drop(runtime);
    if let Some(writer) = writer {
        writer.finish();
    }
    Ok(Exit::Passed)
}

/// Serves, and runs controllers and nodes, until `stop` resolves.
async fn live(
    args: &ServeArgs,
    server: Server,
    system: Arc<env::System>,
    kubelets: Option<Arc<Kubelets>>,
    settings: &Settings,
    stop: impl Future<Output = ()>,
) {
    let stopping = Arc::new(Notify::new());
    let api = Arc::clone(server.api());
    let controllers = controllers::run(
        &api,
        system as Arc<dyn Clock>,
        &args.controllers,
        settings,
        kubelets,
        Arc::clone(&stopping).notified_owned(),
    );
    let serving = server.serve(async {
        stop.await;
        // Controllers go first: what they would do now would only hold up those who wait for an answer.
        stopping.notify_one();
    });
    tokio::join!(controllers, serving);
}

/// Who issues tokens of service accounts.
fn issuer(args: &ServeArgs, key: SharedKey) -> Issuer {
    Issuer {
        name: args.service_account_issuer.clone(),
        key,
        audiences: vec![args.service_account_issuer.as_str().into()],
        expiration_seconds_max: None,
        extends_expiration: true,
    }
}

fn limits(args: &ServeArgs) -> Result<Limits> {
    let connections = usize::try_from(args.max_connections_per_client);
    Ok(Limits {
        request_timeout: duration("request-timeout", &args.request_timeout)?,
        connections_per_client: connections.unwrap_or(usize::MAX),
        compaction_interval: duration("etcd-compaction-interval", &args.etcd_compaction_interval)?,
        ..Limits::default()
    })
}

fn duration(flag: &str, text: &str) -> Result<Duration> {
    let nanos = tollgate_api::duration::parse(text).with_context(|| format!("--{flag}={text}"))?;
    match u64::try_from(nanos) {
        Ok(nanos) if nanos > 0 => Ok(Duration::from_nanos(nanos)),
        _ => bail!("--{flag}={text}: it must be longer than nothing"),
    }
}

/// Where a data directory has its objects.
pub(super) fn store_directory(data: &Path) -> PathBuf {
    data.join("store")
}

/// Makes a data directory that only its owner can read.
pub(super) fn make_data_directory(data: &Path) -> Result<()> {
    files::make_folder(data)
}

fn release(text: &str) -> Result<Release> {
    let release: Release = text
        .parse()
        .with_context(|| format!("--emulated-version={text}"))?;
    if !(OLDEST..=Release::NEWEST).contains(&release) {
        bail!(
            "--emulated-version={text}: releases from {OLDEST} to {} can be emulated",
            Release::NEWEST
        );
    }
    Ok(release)
}

/// The key that signs tokens, and its making if this is the first start.
fn token_key(
    directory: Option<&Path>,
    runtime: &Runtime,
) -> Result<(SharedKey, Option<JoinHandle<Result<()>>>)> {
    if let Some(key) = files::known_token_key(directory)? {
        return Ok((key.into(), None));
    }
    let key = SharedKey::pending();
    let shared = key.clone();
    let directory = directory.map(Path::to_owned);
    let making = runtime.spawn_blocking(move || {
        let made = files::make_token_key(directory.as_deref());
        // Whoever waits is let go in any case.
        match made {
            Ok(made) => shared.set(Ok(made)),
            Err(error) => {
                shared.set(Err(KeyError::NotMade));
                return Err(error);
            }
        }
        Ok(())
    });
    Ok((key, Some(making)))
}

/// Resolves if a key could not be made.
async fn failure_of(making: Option<JoinHandle<Result<()>>>) -> anyhow::Error {
    let made = match making {
        Some(making) => making.await,
        None => Ok(Ok(())),
    };
    match made {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    }
}

fn store(directory: Option<&Path>, durability: DurabilityArg) -> Result<Arc<dyn Store>> {
    let Some(directory) = directory else {
        return Ok(Arc::new(MemoryStore::default()));
    };
    let options = Options {
        durability: match durability {
            DurabilityArg::Full => Durability::Full,
            DurabilityArg::None => Durability::None,
        },
        ..Options::default()
    };
    let store = DurableStore::open(&store_directory(directory), options)?;
    Ok(Arc::new(store))
}

/// Who may certify clients: our own authority, and those that were named.
fn client_authorities(args: &ServeArgs, keys: &Certificates) -> Result<String> {
    let mut authorities = keys.authority.certificate.clone();
    if let Some(path) = &args.client_ca_file {
        authorities.push_str(&files::read(path)?);
    }
    Ok(authorities)
}

fn tls(args: &ServeArgs, keys: &Certificates, authorities: &str) -> Result<rustls::ServerConfig> {
    let mut identity = keys.server.clone();
    if let (Some(certificate), Some(key)) = (&args.tls_cert_file, &args.tls_private_key_file) {
        identity = Identity {
            certificate: files::read(certificate)?,
            key: files::read(key)?,
        };
    }
    Ok(certificates::tls(&identity, &[authorities])?)
}

/// Which plugins run, and how they are configured.
fn admission(args: &ServeArgs) -> Result<AdmissionConfig> {
    let mut config = AdmissionConfig::from_flags(
        &args.enable_admission_plugins,
        &args.disable_admission_plugins,
    )?;
    if let Some(file) = &args.admission_control_config_file {
        let read = admission_config::read(file)?;
        config.pod_security = read.pod_security;
        config.limited_resources = read.limited_resources;
    }
    Ok(config)
}

fn authenticator(args: &ServeArgs, key: &SharedKey) -> Result<Authenticator> {
    let mut token_file = None;
    if let Some(path) = &args.token_auth_file {
        let text = files::read(path)?;
        token_file = Some(TokenFile::parse(&path.display().to_string(), &text)?);
    }
    let issuer = args.service_account_issuer.clone();
    Ok(Authenticator {
        token_file,
        audiences: vec![issuer.as_str().into()],
        service_accounts: Verifier {
            issuers: vec![issuer],
            signing: Some(key.clone()),
            others: Vec::new(),
        },
        anonymous: args.anonymous_auth,
    })
}

fn modes(args: &ServeArgs) -> Result<Vec<Mode>> {
    let modes = args.authorization_mode.iter().map(|name| {
        let known = || Mode::ALL.map(Mode::as_str).join(", ");
        Mode::parse(name)
            .with_context(|| format!("--authorization-mode: `{name}` is none of {}", known()))
    });
    modes.collect()
}

/// Resolves when the process is asked to end.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let why = "cannot listen for signals";
    let mut terminate = signal(SignalKind::terminate()).context(why)?;
    let mut interrupt = signal(SignalKind::interrupt()).context(why)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The address under which a server is reached that listens on another.
fn reached(bound: IpAddr) -> IpAddr {
    match bound {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Writes the kubeconfig and says what to type next.
fn announce(
    args: &ServeArgs,
    directory: Option<&Path>,
    keys: &Certificates,
    release: Release,
    address: SocketAddr,
    out: &mut dyn Write,
) -> Result<()> {
    let reached = SocketAddr::new(reached(address.ip()), address.port());
    let text = kubeconfig::write(&format!("https://{reached}"), keys);
    let own = directory.map(|directory| directory.join("kubeconfig"));
    let mut shown = None;
    for path in own.iter().chain(&args.write_kubeconfig) {
        files::write_secret(path, &text)?;
        shown = Some(path);
    }
    writeln!(
        out,
        "tollgate serves Kubernetes {release} at https://{reached}\n"
    )?;
    match shown {
        Some(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            writeln!(
                out,
                "  export KUBECONFIG={}\n  kubectl get namespaces\n",
                path.display()
            )?;
        }
        None => writeln!(out, "start it with --write-kubeconfig FILE to talk to it\n")?,
    }
    match directory {
        Some(directory) => writeln!(
            out,
            "data are kept in {}; Ctrl-C stops",
            directory.display()
        )?,
        None => writeln!(out, "nothing is kept; Ctrl-C stops")?,
    }
    out.flush()?;
    Ok(())
}
