//! `Status`: the only shape in which an API failure reaches a client.

use crate::attributes::GroupResource;
use crate::field;
use crate::go_format::quote;
use std::fmt;

/// The machine-readable reason of a [`Status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No reason: the empty text. Plain errors of admission plugins have none.
    Unknown,
    /// 400
    BadRequest,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 409, on create
    AlreadyExists,
    /// 409, on update
    Conflict,
    /// 410
    Expired,
    /// 422
    Invalid,
    /// 500
    InternalError,
    /// 500, the server asks to try again
    ServerTimeout,
    /// 405
    MethodNotAllowed,
    /// 406
    NotAcceptable,
    /// 413
    RequestEntityTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 429
    TooManyRequests,
    /// 503
    ServiceUnavailable,
    /// 504
    Timeout,
}

impl Reason {
    /// The text in the `reason` field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::BadRequest => "BadRequest",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Expired => "Expired",
            Self::Invalid => "Invalid",
            Self::InternalError => "InternalError",
            Self::ServerTimeout => "ServerTimeout",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::RequestEntityTooLarge => "RequestEntityTooLarge",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::TooManyRequests => "TooManyRequests",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Timeout => "Timeout",
        }
    }
}

/// A failed request, as the API answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The HTTP status code, which is part of the Kubernetes API (`status.code`).
    pub code: u16,
    /// The machine-readable reason.
    pub reason: Reason,
    /// The text people read.
    pub message: String,
    /// What the request was about; boxed because most code only passes a Status on.
    pub details: Option<Box<Details>>,
}

/// What a [`Status`] is about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// The object's name, or empty.
    pub name: String,
    /// The API group, or empty.
    pub group: String,
    /// The resource (for 403 and 404) or the kind (for 422).
    pub kind: String,
    /// The object's unique id, or empty.
    pub uid: String,
    /// Single errors.
    pub causes: Vec<Cause>,
    /// After how many seconds the client may try again; 0 if nothing is said.
    pub retry_after_seconds: u32,
    /// With which token a list goes on whose state is forgotten; what has one has no other details. Upstream tells it
    /// in the metadata.
    pub continue_token: String,
}

/// One cause in [`Details`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cause {
    /// Such as `FieldValueInvalid`.
    pub reason: String,
    /// The text without the field.
    pub message: String,
    /// The field's path.
    pub field: String,
}

impl Status {
    /// A refusal by an admission plugin: `pods "web" is forbidden: <why>`. An empty name prints as `Unknown`.
    pub fn forbidden(resource: &GroupResource, name: &str, why: impl fmt::Display) -> Self {
        let message = if resource.resource.is_empty() {
            // A request for a path that is no resource.
            format!("forbidden: {why}")
        } else if name.is_empty() {
            // A request for the whole collection.
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {} is forbidden: {why}", quote(name))
        };
        Self {
            code: 403,
            reason: Reason::Forbidden,
            message,
            details: Some(Box::new(Details {
                name: name.to_owned(),
                group: resource.group.to_string(),
                kind: resource.resource.to_string(),
                ..Details::default()
            })),
        }
    }

    /// Field errors: `Pod "web" is invalid: <error>` or `…: [<error>, <error>]`, duplicates said once.
    ///
    /// `group` and `kind` are the object's; a kind outside the core group prints as `Kind.group`.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[field::Error]) -> Self {
        let printed_kind = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        Self {
            code: 422,
            reason: Reason::Invalid,
            message: format!(
                "{printed_kind} \"{name}\" is invalid: {}",
                aggregate(errors)
            ),
            details: Some(Box::new(Details {
                name: name.to_owned(),
                group: group.to_owned(),
                kind: kind.to_owned(),
                uid: String::new(),
                continue_token: String::new(),
                retry_after_seconds: 0,
                causes: errors
                    .iter()
                    .map(|error| Cause {
                        reason: error.kind.reason().to_owned(),
                        message: error.body(),
                        field: error.field.clone(),
                    })
                    .collect(),
            })),
        }
    }

    /// A request that cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self {
            code: 400,
            reason: Reason::BadRequest,
            message: message.into(),
            details: None,
        }
    }

    /// `Internal error occurred: <why>`
    pub fn internal(why: impl fmt::Display) -> Self {
        Self {
            code: 500,
            reason: Reason::InternalError,
            message: format!("Internal error occurred: {why}"),
            details: Some(Box::new(Details {
                causes: vec![Cause {
                    message: why.to_string(),
                    ..Cause::default()
                }],
                ..Details::default()
            })),
        }
    }

    /// An error that is no API status upstream: code 500, no reason, the bare text.
    pub fn plain(message: impl Into<String>) -> Self {
        Self {
            code: 500,
            reason: Reason::Unknown,
            message: message.into(),
            details: None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Several errors as one text, as upstream's aggregate prints them: one bare, several as `[a, b]`, each text once.
pub fn aggregate<T: fmt::Display>(errors: &[T]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}
