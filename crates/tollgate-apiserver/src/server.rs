//! The whole server: the only file that sees all layers.

use crate::admission::{AdmissionConfig, Chain, Prepared};
use crate::audit::Auditor;
use crate::auth::impersonate::Impersonator;
use crate::auth::node::NodeIndex;
use crate::auth::rbac::RbacIndex;
use crate::auth::token::request::Issuer;
use crate::auth::{Authenticator, Authorizer, Mode};
use crate::discovery::Documents;
use crate::environment::Environment;
use crate::flow_control::FlowIndex;
use crate::fresh::Surroundings;
use crate::health::Health;
use crate::http::certificates::CertificateError;
use crate::http::{Listener, ListenerError, SESSIONS_MAX, Service};
use crate::metrics::Metrics;
use crate::quota::Ledger;
use crate::resources::{CatalogCell, DamagedData, built_in, measured};
use crate::storage::{RevisionError, Store};
use crate::verbs::{Api, ReadYaml};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tollgate_api::Release;
use tollgate_api::node_agent::NodeAgent;
use tollgate_api::usage_source::UsageSource;

/// What a server is made of.
#[derive(Debug)]
pub struct Config {
    /// Where objects are kept.
    pub store: Arc<dyn Store>,
    /// The time and chance.
    pub environment: Arc<dyn Environment>,
    /// Which release is emulated.
    pub release: Release,
    /// Where to listen.
    pub address: SocketAddr,
    /// The address under which clients reach it.
    pub advertised: IpAddr,
    /// The name of the machine.
    pub hostname: String,
    /// Who may certify clients (PEM).
    pub client_authorities: String,
    /// How to speak TLS.
    pub tls: rustls::ServerConfig,
    /// The plugins at the door.
    pub admission: AdmissionConfig,
    /// Who is who.
    pub authenticator: Authenticator,
    /// Who is asked who may do what, in this order.
    pub authorization_modes: Vec<Mode>,
    /// Who makes tokens for service accounts.
    pub issuer: Issuer,
    /// Who tells of requests, if anybody is to.
    pub auditor: Option<Auditor>,
    /// Limits of requests and connections.
    pub limits: Limits,
    /// How YAML is read.
    pub read_yaml: ReadYaml,
    /// Who answers for nodes: logs, commands and ports of pods. Without anybody, no node can be reached.
    pub node_agent: Option<Arc<dyn NodeAgent>>,
    /// Who says what pods and nodes use. Without anybody, nothing is told of metrics.
    pub usage: Option<Arc<dyn UsageSource>>,
    /// How long events are kept after their last change; 0 keeps them for ever.
    pub event_ttl: Duration,
}

/// Limits of requests and connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a request may take that is no watch.
    pub request_timeout: Duration,
    /// How many connections one client, known by its address, may have at a time.
    pub connections_per_client: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How often states of the past are forgotten: between one and two of these a list can go on where it was begun.
    pub compaction_interval: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_mins(1),
            connections_per_client: 5_000,
            header_timeout: Duration::from_secs(30),
            compaction_interval: Duration::from_mins(5),
        }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program is damaged.
    #[error(transparent)]
    Data(#[from] DamagedData),
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenerError),
    /// There are no certificates.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// Its own objects cannot be written.
    #[error("cannot write the objects of a fresh cluster: {0}")]
    Fresh(String),
    /// Its store forgets faster than it starts.
    #[error(transparent)]
    Watch(#[from] RevisionError),
}

/// Starts what follows the store on behalf of the server, each with a check of its own.
fn start_followers(
    api: &Arc<Api>,
    surroundings: &Surroundings,
    event_ttl: Duration,
) -> Result<(Health, Arc<FlowIndex>), StartError> {
    let mut health = Health::new(&api.store);
    health.done(&crate::fresh::FILLED);
    // Roles and policies are looked at through indexes that every request catches up.
    health.done(&[
        "poststarthook/generic-apiserver-start-informers",
        "poststarthook/start-apiserver-admission-initializer",
    ]);
    crate::fresh::follow(api, surroundings, &mut health)?;
    crate::crd::keeper::start(api, &mut health)?;
    crate::event_expiry::start(api, event_ttl, &mut health)?;
    let flows = FlowIndex::follow(&api.store, &mut health)?;
    // Discovery and OpenAPI documents are made of the catalog when somebody asks.
    health.done(&[
        "poststarthook/apiservice-discovery-controller",
        "poststarthook/apiservice-openapi-controller",
        "poststarthook/apiservice-openapiv3-controller",
    ]);
    Ok((health, flows))
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    service: Arc<Service>,
    compaction_interval: Duration,
}

impl Server {
    /// Prepares a server and binds its address; an empty store is filled with the objects of a fresh cluster.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listener = Listener::bind(config.address, config.tls).await?;
        let address = listener.address().unwrap_or(config.address);
        let mut catalog = built_in()?;
        if let Some(usage) = &config.usage {
            catalog = catalog.with_group(measured::group(usage));
        }
        let unannounced = unannounced(&config.admission, config.release);
        let surroundings = Surroundings {
            reached: SocketAddr::new(config.advertised, address.port()),
            hostname: config.hostname,
            client_authorities: config.client_authorities,
            unannounced: unannounced.clone(),
        };
        crate::fresh::fill(
            &*config.store,
            &*config.environment,
            &catalog,
            &surroundings,
        )
        .await
        .map_err(|status| StartError::Fresh(status.message))?;
        let rbac = Arc::new(RbacIndex::following(Arc::clone(&config.store))?);
        let nodes = Arc::new(NodeIndex::new(Arc::clone(&config.store)));
        let authorizer = Authorizer::new(config.authorization_modes, rbac).with_nodes(nodes);
        let api = Arc::new(Api {
            store: config.store,
            catalog: CatalogCell::new(catalog),
            environment: config.environment,
            release: config.release,
            admission: Chain::new(&config.admission),
            prepared: Prepared::new(&config.admission, config.release),
            quotas: Ledger::new(config.admission.limited_resources),
            authorizer: authorizer.clone(),
            issuer: config.issuer,
            read_yaml: config.read_yaml,
        });
        let (health, flows) = start_followers(&api, &surroundings, config.event_ttl)?;
        let documents = Arc::new(Documents::new(config.release, unannounced));
        let service = Arc::new(Service {
            api,
            flows,
            metrics: Arc::new(Metrics::default()),
            documents,
            health,
            authenticator: config.authenticator,
            impersonator: Impersonator::new(authorizer),
            auditor: config.auditor.map(Arc::new),
            request_timeout: config.limits.request_timeout,
            header_timeout: config.limits.header_timeout,
            connections_per_client: config.limits.connections_per_client,
            address: address.to_string(),
            stopping: watch::Sender::new(false),
            node_agent: config.node_agent,
            sessions: Arc::new(Semaphore::new(SESSIONS_MAX)),
        });
        Ok(Self {
            listener,
            service,
            compaction_interval: config.limits.compaction_interval,
        })
    }

    /// Where it listens; the port is the real one if 0 was asked for.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.address()
    }

    /// What verbs share, for those who use the server without HTTP.
    pub fn api(&self) -> &Arc<Api> {
        &self.service.api
    }

    /// Answers requests until `stop` resolves, then lets those that are under way end.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let compacting = tokio::spawn(compact(
            Arc::clone(&self.service.api.store),
            self.compaction_interval,
        ));
        crate::http::serve(self.listener, self.service, stop).await;
        compacting.abort();
    }
}

/// Forgets, once an interval, what was already past at its beginning, so that nobody lists a state that is much older.
async fn compact(store: Arc<dyn Store>, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    let mut past = 0;
    loop {
        ticks.tick().await;
        store.compact(past);
        past = store.snapshot().revision();
    }
}

/// The versions that no server of this release has: they are served for the sake of plugins that are off until they
/// are enabled, and told of only then.
fn unannounced(admission: &AdmissionConfig, release: Release) -> Vec<(&'static str, &'static str)> {
    let is_theirs = release.minor_number() < 25;
    if is_theirs || admission.is_on("PodSecurityPolicy", false) {
        return Vec::new();
    }
    vec![("policy", "v1beta1")]
}
