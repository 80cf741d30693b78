//! Programs elsewhere that the server asks: HTTPS, with the authorities that a configuration names.

use crate::storage::{Key, Snapshot};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tollgate_api::Value;

/// How long an answer may be.
const ANSWER_BYTES_MAX: usize = 3 * 1024 * 1024;

/// A program, and how it is reached.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    url: String,
    /// The namespace and the name of the service behind which it is.
    service: Option<(String, String)>,
    /// The authorities that its certificate may come from: PEM in base64.
    ca_bundle: String,
    timeout_seconds: u64,
}

impl Target {
    /// Reads a `clientConfig`.
    pub(crate) fn read(client: &Value, timeout_seconds: u64) -> Self {
        let service = client.get("service");
        let text = |of: &Value, key: &str| of.str_or_empty(key).to_owned();
        Self {
            url: match service {
                Some(service) => service_url(service),
                None => text(client, "url"),
            },
            service: service.map(|service| (text(service, "namespace"), text(service, "name"))),
            ca_bundle: text(client, "caBundle"),
            timeout_seconds,
        }
    }
}

fn service_url(service: &Value) -> String {
    let name = service.str_or_empty("name");
    let namespace = service.str_or_empty("namespace");
    let port = service.int("port").unwrap_or(443);
    let path = service.str_or_empty("path").trim_start_matches('/');
    format!("https://{name}.{namespace}.svc:{port}/{path}")
}

/// Sends a question and gives the answer; the error is upstream's.
pub(crate) async fn ask(
    target: &Target,
    snapshot: &Snapshot,
    body: String,
) -> Result<Bytes, String> {
    let seconds = target.timeout_seconds;
    let mark = if target.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{mark}timeout={seconds}s", target.url);
    let answer = match unreachable_service(target, snapshot) {
        Some(why) => Err(why),
        None => post(target, &url, body).await,
    };
    answer.map_err(|failure| format!("Post \"{url}\": {failure}"))
}

/// Services have no endpoints here: nothing runs that could be one.
fn unreachable_service(target: &Target, snapshot: &Snapshot) -> Option<String> {
    let (namespace, name) = target.service.as_ref()?;
    let key = Key::new("", "services", namespace, name);
    Some(match snapshot.get(key.as_str()) {
        None => format!("service \"{name}\" not found"),
        Some(_) => format!("no endpoints available for service \"{name}\""),
    })
}

async fn post(target: &Target, url: &str, body: String) -> Result<Bytes, String> {
    let limit = Duration::from_secs(target.timeout_seconds);
    let exchange = exchange(url, &target.ca_bundle, body);
    match tokio::time::timeout(limit, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err("context deadline exceeded".to_owned()),
    }
}

async fn exchange(url: &str, ca_bundle: &str, body: String) -> Result<Bytes, String> {
    let uri: Uri = url
        .parse()
        .map_err(|error| format!("invalid URL: {error}"))?;
    let host = uri.host().unwrap_or_default().to_owned();
    let bare = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = uri.port_u16().unwrap_or(443);
    let stream = TcpStream::connect((bare.as_str(), port))
        .await
        .map_err(|error| format!("dial tcp {host}:{port}: {}", dial_error(&error)))?;
    let connector = TlsConnector::from(Arc::new(tls(ca_bundle)?));
    let name = ServerName::try_from(bare).map_err(|error| format!("tls: {error}"))?;
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| format!("tls: failed to verify certificate: {error}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::post(path)
        .header(HOST, authority)
        .header(ACCEPT, "application/json, */*")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| error.to_string())?;
    let status = response.status();
    let collected = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| error.to_string())?;
    let answer = collected.to_bytes();
    if status.is_success() {
        return Ok(answer);
    }
    if status.as_u16() == 404 {
        return Err("the server could not find the requested resource".to_owned());
    }
    let text = String::from_utf8_lossy(&answer);
    Err(format!(
        "an error on the server ({:?}) has prevented the request from succeeding",
        text.trim()
    ))
}

fn dial_error(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
        _ => error.to_string(),
    }
}

/// Who may have certified a webhook; without a bundle nobody.
fn tls(ca_bundle: &str) -> Result<ClientConfig, String> {
    let bundle = STANDARD
        .decode(ca_bundle)
        .map_err(|error| format!("caBundle: {error}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bundle) {
        let certificate = certificate.map_err(|error| format!("caBundle: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("caBundle: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::certificates::{Certificates, tls as server_tls};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tollgate_api::Timestamp;

    /// A webhook that answers one request, and the URL and authority by which it is reached.
    async fn webhook(answer: &'static str) -> (String, String) {
        let now = Timestamp::parse("2026-11-29T00:00:00Z").unwrap();
        let made = Certificates::make(&["127.0.0.1".to_owned()], now).unwrap();
        let mut config = server_tls(&made.server, &[&made.authority.certificate]).unwrap();
        config.alpn_protocols.clear();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/check", listener.local_addr().unwrap());
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut text = vec![0; 4096];
                let length = stream.read(&mut text).await.unwrap();
                let text = String::from_utf8_lossy(&text[..length]).into_owned();
                let known = text.starts_with("POST /check?timeout=1s HTTP/1.1");
                let status = if known { "200 OK" } else { "404 Not Found" };
                let reply = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{answer}",
                    answer.len()
                );
                stream.write_all(reply.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
        });
        (url, STANDARD.encode(&made.authority.certificate))
    }

    #[tokio::test]
    async fn a_webhook_is_reached_if_its_authority_is_known() {
        let (url, authority) = webhook("{}").await;
        let answer = exchange(&format!("{url}?timeout=1s"), &authority, "{}".to_owned()).await;
        assert_eq!(answer, Ok(Bytes::from_static(b"{}")));
    }

    #[tokio::test]
    async fn a_webhook_whose_authority_is_unknown_is_not_believed() {
        let (url, _) = webhook("{}").await;
        let error = exchange(&url, "", "{}".to_owned()).await.unwrap_err();
        assert!(
            error.starts_with("tls: failed to verify certificate"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn what_does_not_listen_and_what_is_not_there_is_said() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let url = format!("https://{address}/check");
        let error = exchange(&url, "", "{}".to_owned()).await.unwrap_err();
        assert_eq!(
            error,
            format!("dial tcp {address}: connect: connection refused")
        );
        let (url, authority) = webhook("").await;
        let error = exchange(&url, &authority, "{}".to_owned())
            .await
            .unwrap_err();
        assert_eq!(error, "the server could not find the requested resource");
    }
}
