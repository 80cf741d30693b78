//! What is known of a request before its body is read.

use super::ending::Owed;
use super::negotiate::{self, Form, Offer};
use super::query::Query;
use super::request_info::RequestInfo;
use super::respond::{self, HttpAnswer};
use crate::audit::Trail;
use crate::error;
use hyper::header::HeaderMap;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Uri};
use tollgate_api::{Status, UserInfo};

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
    /// What the audit log is told.
    pub(super) trail: Trail,
    /// What is owed when it is over.
    pub(super) ending: Owed,
    /// As the client wrote them; of requests alone that go on to somebody else.
    pub(super) headers: HeaderMap,
    /// As the client wrote it.
    pub(super) uri: Uri,
    /// How to take the connection over, if it can be.
    pub(super) upgrade: Option<OnUpgrade>,
}

impl Head {
    /// The answer that tells of a failure.
    pub(super) fn failure(&self, status: &Status, form: Form) -> HttpAnswer {
        self.trail.failed(status);
        self.trail
            .response_object(|| Some(error::status_object(status).to_string().into_bytes()));
        respond::failure(status, form)
    }

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
