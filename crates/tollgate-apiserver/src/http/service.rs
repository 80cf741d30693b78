//! One request from its headers to its answer: who asks, for what, and who answers that.

use super::body::AnswerBody;
use super::connect;
use super::deadline;
use super::dispatch::dispatch;
use super::documents;
use super::gzip;
use super::health::health;
use super::identity::Peer;
use super::metrics::{Metrics, RequestLabels};
use super::negotiate::{self, Form, Offer};
use super::prepared;
use super::query::{self, Query};
use super::request_info::RequestInfo;
use super::respond::{self, HttpAnswer};
use crate::auth::impersonate::{Impersonator, Wanted};
use crate::auth::{Authenticator, Credentials};
use crate::discovery::Documents;
use crate::verbs::{Api, Warnings};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    USER_AGENT,
};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tollgate_api::node_agent::NodeAgent;
use tollgate_api::{Status, UserInfo};
use tollgate_policy::rbac::{Access, ResourceAccess};

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// The server as a function from requests to answers.
#[derive(Debug)]
pub struct Service {
    /// What verbs share.
    pub api: Arc<Api>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What clients are told of the API.
    pub documents: Arc<Documents>,
    /// Who is who.
    pub authenticator: Authenticator,
    /// Who may act in whose name.
    pub impersonator: Impersonator,
    /// Where clients reach the server: `127.0.0.1:6443`.
    pub address: String,
    /// Whether the server is being stopped; watches end then.
    pub stopping: watch::Sender<bool>,
    /// Who answers for nodes, if anybody does.
    pub node_agent: Option<Arc<dyn NodeAgent>>,
    /// Streams into pods that may still be opened.
    pub sessions: Arc<Semaphore>,
}

/// Streams into pods that are open at a time.
pub const SESSIONS_MAX: usize = 1_000;

/// What is known of a request once its head has been read.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) info: RequestInfo,
    pub(super) query: Query,
    pub(super) accept: Option<String>,
    pub(super) accepts_gzip: bool,
    pub(super) if_none_match: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) user_agent: String,
    pub(super) user: UserInfo,
    /// As the client wrote them, for what goes on to somebody else.
    pub(super) headers: HeaderMap,
    /// As the client wrote it.
    pub(super) uri: Uri,
    /// How to take the connection over, if it can be.
    pub(super) upgrade: Option<OnUpgrade>,
}

impl Head {
    /// Chooses the form of the answer.
    pub(super) fn form(&self, offer: Offer) -> Result<Form, Status> {
        let mut form = negotiate::negotiate(self.accept.as_deref(), offer)?;
        form.pretty |= self.wants_pretty();
        Ok(form)
    }

    fn wants_pretty(&self) -> bool {
        match self.query.first("pretty") {
            Some(pretty) => !matches!(pretty, "0" | "false"),
            None => ["curl", "Wget", "Mozilla/5.0"]
                .iter()
                .any(|agent| self.user_agent.starts_with(agent)),
        }
    }

    /// Whether a Table is asked for.
    pub(super) fn wants_table(&self) -> bool {
        self.accept
            .as_deref()
            .is_some_and(|accept| accept.contains("as=Table"))
    }

    /// The form in which a failure is told.
    pub(super) fn failure_form(&self) -> Form {
        let mut form = respond::failure_form(self.accept.as_deref());
        form.pretty = self.wants_pretty();
        form
    }
}

impl Service {
    /// Answers a request.
    pub async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Arc<Peer>,
    ) -> HttpAnswer {
        let began = self.api.environment.elapsed();
        let (mut parts, body) = request.into_parts();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let text = |name: HeaderName| {
            let value = parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let path = query::decode(parts.uri.path(), false);
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let Some(path) = path else {
            return respond::text(400, b"400 Bad Request\n".to_vec());
        };
        let info = RequestInfo::new(parts.method.as_str(), &path, &query);
        let mut head = Head {
            info,
            query,
            accept: text(ACCEPT),
            accepts_gzip: negotiate::accepts_gzip(text(ACCEPT_ENCODING).as_deref()),
            if_none_match: text(IF_NONE_MATCH),
            content_type: text(hyper::header::CONTENT_TYPE),
            user_agent: text(USER_AGENT).unwrap_or_default(),
            user: UserInfo::default(),
            method: parts.method,
            uri: parts.uri,
            headers: HeaderMap::new(),
            upgrade,
        };
        let encodings = text(ACCEPT_ENCODING);
        let warnings = Warnings::default();
        let mut response = match self.begin(&head, &parts.headers, &peer) {
            Err(status) => respond::failure(&status, Form::default()),
            Ok((user, deadline)) => {
                head.user = user;
                head.headers = parts.headers;
                match deadline::within(deadline, self.route(&head, body, &warnings)).await {
                    Ok(response) => response,
                    Err(status) => respond::failure(&status, head.failure_form()),
                }
            }
        };
        respond::add_warnings(&mut response, warnings.take());
        if let Ok(id) = HeaderValue::from_str(&self.api.environment.uid()) {
            response.headers_mut().insert(AUDIT_ID, id);
        }
        let took = self.api.environment.elapsed().saturating_sub(began);
        self.metrics
            .request(labels(&head), response.status().as_u16(), took);
        if encodings.is_some_and(|encodings| gzip::is_accepted(&encodings)) {
            gzip::compress(&mut response);
        }
        if head.method == Method::HEAD {
            *response.body_mut() = AnswerBody::Whole(None);
        }
        response
    }

    async fn route(
        &self,
        head: &Head,
        body: Incoming,
        warnings: &Warnings,
    ) -> Result<HttpAnswer, Status> {
        if let Err(status) = self.api.authorizer.check(&head.user, &access(&head.info)) {
            let mut response = respond::failure(&status, head.failure_form());
            respond::forbid_guessing(&mut response);
            return Ok(response);
        }
        if head.info.is_resource {
            return dispatch(self, head, body, warnings).await;
        }
        let path = head.info.path.as_str();
        let root = path
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        match root {
            "healthz" | "livez" | "readyz" => {
                let stopping = *self.stopping.borrow();
                return Ok(health(
                    path,
                    &head.query,
                    stopping.then_some("the server is stopping"),
                ));
            }
            _ => {}
        }
        if let Some(answer) = prepared::find(self, head).await {
            return answer;
        }
        documents::answer(self, head, body).await
    }

    /// Who asks, and how long they may be made to wait.
    fn begin(
        &self,
        head: &Head,
        headers: &HeaderMap,
        peer: &Peer,
    ) -> Result<(UserInfo, Option<Duration>), Status> {
        let deadline = deadline::of(&head.info, &head.query)?;
        Ok((self.identify(head, headers, peer)?, deadline))
    }

    /// Who asks, or in whose name.
    fn identify(&self, head: &Head, headers: &HeaderMap, peer: &Peer) -> Result<UserInfo, Status> {
        // A header that is no text must not vanish: whoever asks to be somebody else would then act as themselves.
        let lossy = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let authorization = headers.get(AUTHORIZATION).map(lossy);
        let credentials = Credentials {
            certificate: &peer.certificate,
            authorization: authorization.as_deref(),
        };
        let snapshot = self.api.store.snapshot();
        let now = self.api.environment.now();
        let user = self
            .authenticator
            .authenticate(&credentials, now, &snapshot)?;
        let texts: Vec<(&str, String)> = headers
            .iter()
            .filter(|(name, _)| Wanted::is_header(name.as_str()))
            .map(|(name, value)| (name.as_str(), lossy(value)))
            .collect();
        let texts = texts.iter().map(|(name, text)| (*name, text.as_str()));
        let Some(wanted) = Wanted::from_headers(texts)? else {
            return Ok(user);
        };
        let access = access(&head.info);
        let impersonated = self.impersonator.impersonate(&user, &wanted, &access)?;
        Ok(impersonated.user)
    }
}

/// What a request wants to do.
fn access(info: &RequestInfo) -> Access<'_> {
    if !info.is_resource {
        return Access::NonResource {
            verb: &info.verb,
            path: &info.path,
        };
    }
    Access::Resource(ResourceAccess {
        verb: &info.verb,
        group: &info.group,
        resource: &info.resource,
        subresource: &info.subresource,
        namespace: &info.namespace,
        name: &info.name,
    })
}

fn labels(head: &Head) -> RequestLabels {
    let info = &head.info;
    let mut labels = RequestLabels {
        verb: match info.verb.as_str() {
            _ if connect::is_connect(info) => "CONNECT".into(),
            "create" => "POST".into(),
            "update" => "PUT".into(),
            verb => verb.to_ascii_uppercase().into(),
        },
        ..RequestLabels::default()
    };
    if !info.is_resource {
        // Unknown paths must not make unlimited labels.
        let root = info
            .path
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        if matches!(
            root,
            "api" | "apis" | "healthz" | "livez" | "readyz" | "metrics" | "version"
        ) {
            labels.subresource = format!("/{root}").into();
        }
        return labels;
    }
    labels.group.clone_from(&info.group);
    labels.version.clone_from(&info.version);
    labels.resource.clone_from(&info.resource);
    labels.subresource.clone_from(&info.subresource);
    labels.scope = if info.names_object {
        "resource".into()
    } else if info.namespace.is_empty() {
        "cluster".into()
    } else {
        "namespace".into()
    };
    if head.query.first("dryRun").is_some() {
        labels.dry_run = "All".into();
    }
    labels
}
