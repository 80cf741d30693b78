//! One request from its headers to its answer: who asks, for what, and who answers that.

use super::audited::{self, AUDIT_ID};
use super::body::AnswerBody;
use super::connect;
use super::deadline;
use super::dispatch::dispatch;
use super::documents;
use super::ending::{Ending, Owed};
use super::gzip;
use super::head::Head;
use super::health;
use super::identity::Peer;
use super::metrics;
use super::negotiate::{self, Form};
use super::prepared;
use super::query::{self, Query};
use super::request_info::RequestInfo;
use super::respond::{self, HttpAnswer};
use crate::audit::{Auditor, Stage, Trail};
use crate::auth::authenticate::Authenticated;
use crate::auth::authorize::forbidden;
use crate::auth::impersonate::{Impersonator, Wanted};
use crate::auth::token::LegacyUse;
use crate::auth::{Authenticator, Credentials};
use crate::discovery::Documents;
use crate::flow_control::{Flow, FlowIndex};
use crate::health::{Health, Root};
use crate::metrics::Metrics;
use crate::verbs::{Api, Warnings, legacy_token};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    USER_AGENT,
};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tollgate_api::node_agent::NodeAgent;
use tollgate_api::{Status, UserInfo};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// What the authorizers said, in the audit log.
const DECISION_KEY: &str = "authorization.k8s.io/decision";
const REASON_KEY: &str = "authorization.k8s.io/reason";

/// The server as a function from requests to answers.
#[derive(Debug)]
pub struct Service {
    /// What verbs share.
    pub api: Arc<Api>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How the parts of the server are doing.
    pub health: Health,
    /// Which FlowSchema takes a request.
    pub flows: Arc<FlowIndex>,
    /// What clients are told of the API.
    pub documents: Arc<Documents>,
    /// Who is who.
    pub authenticator: Authenticator,
    /// Who may act in whose name.
    pub impersonator: Impersonator,
    /// Where clients reach the server: `127.0.0.1:6443`.
    pub address: String,
    /// Who tells of requests; nobody without a policy.
    pub auditor: Option<Arc<Auditor>>,
    /// How long a request may take that is no watch.
    pub request_timeout: Duration,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How many connections one client may have at a time.
    pub connections_per_client: usize,
    /// Whether the server is being stopped; watches end then.
    pub stopping: watch::Sender<bool>,
    /// Who answers for nodes, if anybody does.
    pub node_agent: Option<Arc<dyn NodeAgent>>,
    /// Streams into pods that may still be opened.
    pub sessions: Arc<Semaphore>,
}

/// Streams into pods that are open at a time.
pub const SESSIONS_MAX: usize = 1_000;

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
        // Only what goes on to somebody else needs them later.
        let headers = if connect::is_connect(&info) {
            parts.headers.clone()
        } else {
            HeaderMap::new()
        };
        let mut head = Head {
            info,
            query,
            accept: text(ACCEPT),
            accepts_gzip: negotiate::accepts_gzip(text(ACCEPT_ENCODING).as_deref()),
            if_none_match: text(IF_NONE_MATCH),
            content_type: text(hyper::header::CONTENT_TYPE),
            user_agent: text(USER_AGENT).unwrap_or_default(),
            user: UserInfo::default(),
            trail: Trail::default(),
            ending: Owed::default(),
            method: parts.method,
            uri: parts.uri.clone(),
            headers,
            upgrade,
        };
        let warnings = Warnings::default();
        let id = text(AUDIT_ID).filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| self.api.environment.uid());
        let incoming = audited::Incoming {
            headers: &parts.headers,
            uri: &parts.uri,
            peer: &peer,
            id: &id,
            at: self.api.environment.now(),
        };
        let mut response = self.respond(&mut head, incoming, body, &warnings).await;
        respond::add_warnings(&mut response, warnings.take());
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(AUDIT_ID, id);
        }
        conclude(&head, &mut response).await;
        let took = self.api.environment.elapsed().saturating_sub(began);
        let labels = metrics::labels(&head, &self.api.catalog.load());
        let code = response.status().as_u16();
        self.metrics.request(labels.clone(), code, took);
        metrics::measure(&self.metrics, labels, &mut response);
        let encodings = text(ACCEPT_ENCODING);
        if encodings.is_some_and(|encodings| gzip::is_accepted(&encodings)) {
            gzip::compress(&mut response);
        }
        if head.method == Method::HEAD {
            *response.body_mut() = AnswerBody::Whole(None);
        }
        response
    }

    /// Finds out who asks, and lets them ask as long as they may.
    async fn respond(
        &self,
        head: &mut Head,
        incoming: audited::Incoming<'_>,
        body: Incoming,
        warnings: &Warnings,
    ) -> HttpAnswer {
        let limit = match deadline::limit(&head.info, &head.query, self.request_timeout) {
            Ok(limit) => limit,
            Err(status) => {
                let why = (status.code, status.message.as_str());
                self.refuse_early(head, incoming, why, None).await;
                return respond::failure(&status, head.failure_form());
            }
        };
        let Authenticated { user, used } = self.authenticate(incoming);
        if let Some(used) = &used {
            legacy_token::label(&self.api, used).await;
        }
        let user = match user {
            Ok(user) => user,
            Err(status) => {
                let why = incoming.failed_authentication(&head.query);
                let why = (status.code, why.as_str());
                self.refuse_early(head, incoming, why, used.as_ref()).await;
                return respond::failure(&status, Form::default());
            }
        };
        head.trail = self.trail(head, incoming, Some(&user));
        if let Some(used) = &used {
            legacy_token::annotate(&head.trail, warnings, used);
        }
        let open = limit.is_none().then(|| {
            let labels = metrics::labels(head, &self.api.catalog.load());
            self.metrics.long_running(labels)
        });
        head.ending.owe(Ending::new(head.trail.closing(), open));
        head.trail.tell(Stage::RequestReceived).await;
        let writes = !matches!(head.method, Method::GET | Method::HEAD);
        let _in_flight = limit.map(|_| self.metrics.in_flight(writes));
        let handled = self.handle(head, incoming.headers, user, body, warnings);
        let Some(limit) = limit else {
            return handled.await;
        };
        if let Ok(response) = tokio::time::timeout(limit, handled).await {
            return response;
        }
        let (status, response) = deadline::exceeded();
        head.trail.failed(&status);
        response
    }

    fn trail(
        &self,
        head: &Head,
        incoming: audited::Incoming<'_>,
        user: Option<&UserInfo>,
    ) -> Trail {
        let (access, version) = (access(&head.info), head.info.version.as_str());
        let auditor = self.auditor.as_ref();
        Trail::begin(auditor, &access, version, || incoming.received(), user)
    }

    /// Tells the audit log of a request that nobody looks at. There is nothing but the beginning of its answer.
    async fn refuse_early(
        &self,
        head: &Head,
        incoming: audited::Incoming<'_>,
        (code, why): (u16, &str),
        used: Option<&LegacyUse>,
    ) {
        let trail = self.trail(head, incoming, None);
        if let Some(used) = used {
            legacy_token::annotate(&trail, &Warnings::default(), used);
        }
        trail.refused_early(why);
        trail.answered(code);
        trail.tell(Stage::ResponseStarted).await;
    }

    /// Answers a request of somebody who is known.
    async fn handle(
        &self,
        head: &mut Head,
        headers: &HeaderMap,
        user: UserInfo,
        body: Incoming,
        warnings: &Warnings,
    ) -> HttpAnswer {
        match self.act_for(head, headers, user) {
            Ok(user) => head.user = user,
            Err(status) => return head.failure(&status, Form::default()),
        }
        let flow = self.flow(head);
        let mut response = match self.route(head, body, warnings).await {
            Ok(response) => response,
            Err(status) => head.failure(&status, head.failure_form()),
        };
        if let Some(flow) = flow {
            respond::name_flow(&mut response, &flow);
        }
        response
    }

    /// Where the request belongs, if it is of those that upstream would have wait in queues: streams but watches are not.
    fn flow(&self, head: &Head) -> Option<Arc<Flow>> {
        let info = &head.info;
        if info.is_long_running() && info.verb != "watch" {
            return None;
        }
        self.flows.classify(&head.user, &access(info))
    }

    async fn route(
        &self,
        head: &Head,
        body: Incoming,
        warnings: &Warnings,
    ) -> Result<HttpAnswer, Status> {
        if let Err(status) = self.authorize(head) {
            let mut response = head.failure(&status, head.failure_form());
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
        if Root::parse(root).is_some() {
            let stopping = *self.stopping.borrow();
            return Ok(health::answer(path, &head.query, &self.health, stopping));
        }
        if let Some(answer) = prepared::find(self, head).await {
            return answer;
        }
        documents::answer(self, head, body).await
    }

    fn authorize(&self, head: &Head) -> Result<(), Status> {
        let access = access(&head.info);
        let decision = self.api.authorizer.authorize(&head.user, &access);
        let word = if decision.allowed { "allow" } else { "forbid" };
        head.trail.annotate(DECISION_KEY, || word.to_owned());
        head.trail.annotate(REASON_KEY, || decision.reason.clone());
        if decision.allowed {
            return Ok(());
        }
        Err(forbidden(&head.user, &access, &decision.reason))
    }

    /// Who asks.
    fn authenticate(&self, incoming: audited::Incoming<'_>) -> Authenticated {
        let authorization = incoming.headers.get(AUTHORIZATION).map(lossy);
        let credentials = Credentials {
            certificate: &incoming.peer.certificate,
            authorization: authorization.as_deref(),
        };
        let snapshot = self.api.store.snapshot();
        self.authenticator
            .authenticate(&credentials, incoming.at, &snapshot)
    }

    /// In whose name they ask.
    fn act_for(
        &self,
        head: &Head,
        headers: &HeaderMap,
        user: UserInfo,
    ) -> Result<UserInfo, Status> {
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
        head.trail
            .impersonated(&impersonated.user, impersonated.constraint);
        Ok(impersonated.user)
    }
}

/// A header that is no text must not vanish: whoever asks to be somebody else would then act as themselves.
fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Tells the audit log how the request ended, or lets the end of the stream tell it. Whoever took a connection over has
/// taken the ending with it.
async fn conclude(head: &Head, response: &mut HttpAnswer) {
    head.trail.answered(response.status().as_u16());
    if head.info.is_long_running() {
        head.trail.tell(Stage::ResponseStarted).await;
    }
    let ending = head.ending.take();
    match response.body_mut() {
        AnswerBody::Stream(_, slot) | AnswerBody::Relayed(_, slot) => *slot = ending,
        _ => ending.close().await,
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
        field_selector: &info.field_selector,
    })
}
