//! The whole server: the only file that sees all layers.

use crate::environment::Environment;
use crate::http::certificates::CertificateError;
use crate::http::{Listener, ListenerError, Metrics, Service};
use crate::resources::{CatalogCell, DamagedData, built_in};
use crate::storage::Store;
use crate::verbs::Api;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tollgate_api::Release;

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
    /// How to speak TLS.
    pub tls: rustls::ServerConfig,
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
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    service: Arc<Service>,
}

impl Server {
    /// Prepares a server and binds its address; an empty store is filled with the objects of a fresh cluster.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let api = Arc::new(Api {
            store: config.store,
            catalog: CatalogCell::new(built_in()?),
            environment: config.environment,
            release: config.release,
        });
        crate::fresh::fill(&api)
            .await
            .map_err(|status| StartError::Fresh(status.message))?;
        let listener = Listener::bind(config.address, config.tls).await?;
        let address = listener.address().unwrap_or(config.address);
        let service = Arc::new(Service {
            api,
            metrics: Arc::new(Metrics::default()),
            address: address.to_string(),
            stopping: AtomicBool::new(false),
        });
        Ok(Self { listener, service })
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
        crate::http::serve(self.listener, self.service, stop).await;
    }
}
