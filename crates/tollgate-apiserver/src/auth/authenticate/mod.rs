//! Who makes a request: a client certificate counts first, then a bearer token, then nobody in particular.

mod bearer;
mod certificate;
mod csv;
mod token_file;

pub use bearer::{Token, misplaced_token_warning};
pub use certificate::{CREDENTIAL_ID, Certificate, CertificateError};
pub use csv::CsvError;
pub use token_file::{TokenFile, TokenFileError};

use super::token::{LegacyUse, Objects, Refusal, Verifier};
use bearer::bearer_token;
use compact_str::CompactString;
use std::fmt;
use tollgate_api::{Reason, Status, Timestamp, UserInfo, status};

/// The group of everybody who has said who they are.
pub const AUTHENTICATED: &str = "system:authenticated";
/// The group of everybody else.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The name of a user who has not said who they are.
pub const ANONYMOUS: &str = "system:anonymous";

/// What upstream says of a bearer token that nobody knows.
const INVALID_TOKEN: &str = "invalid bearer token";

/// What a request brings to show who makes it.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The certificate of its connection.
    pub certificate: &'a Certificate,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// Tokens are not shown.
impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("certificate", self.certificate)
            .finish_non_exhaustive()
    }
}

/// A user, and for which of the wanted audiences the token counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Who.
    pub user: UserInfo,
    /// For whom, in the order of the token.
    pub audiences: Vec<CompactString>,
    /// That a token was used that a secret keeps, which is to be written down.
    pub used: Option<LegacyUse>,
}

/// Who makes a request.
#[derive(Debug)]
pub struct Authenticated {
    /// The user, or the 401 that refuses the request.
    pub user: Result<UserInfo, Status>,
    /// That a token was used that a secret keeps, which is to be written down whether or not it counts.
    pub used: Option<LegacyUse>,
}

/// Knows the users.
#[derive(Debug, Default)]
pub struct Authenticator {
    /// Static tokens of `--token-auth-file`.
    pub token_file: Option<TokenFile>,
    /// Tokens of service accounts.
    pub service_accounts: Verifier,
    /// The audiences that are this server: by default the issuer of its tokens.
    pub audiences: Vec<CompactString>,
    /// Whether requests without credentials are let in as `system:anonymous`.
    pub anonymous: bool,
}

impl Authenticator {
    /// Who makes a request. `objects` is a state of the store: tokens end with the accounts and pods they speak of.
    pub fn authenticate(
        &self,
        credentials: &Credentials<'_>,
        now: Timestamp,
        objects: &dyn Objects,
    ) -> Authenticated {
        let mut used = None;
        let user = self.user(credentials, now, objects, &mut used);
        Authenticated { user, used }
    }

    fn user(
        &self,
        credentials: &Credentials<'_>,
        now: Timestamp,
        objects: &dyn Objects,
        used: &mut Option<LegacyUse>,
    ) -> Result<UserInfo, Status> {
        let mut is_faulty = false;
        match credentials.certificate {
            Certificate::Of(user) => return Ok(with_group(user.clone())),
            Certificate::Nobody => {}
            Certificate::Faulty(_) => is_faulty = true,
        }
        if let Some(token) = credentials.authorization.and_then(bearer_token) {
            match self.identify(&token, &self.audiences, now, objects) {
                Ok(Some(identity)) => {
                    *used = identity.used;
                    return Ok(with_group(identity.user));
                }
                Ok(None) => is_faulty = true,
                Err(refusal) => {
                    *used = refusal.used.map(|used| *used);
                    is_faulty = true;
                }
            }
        }
        if is_faulty || !self.anonymous {
            return Err(unauthorized());
        }
        Ok(UserInfo {
            name: CompactString::const_new(ANONYMOUS),
            groups: vec![CompactString::const_new(UNAUTHENTICATED)],
            ..UserInfo::default()
        })
    }

    /// Whose token it is, if it counts for one of `audiences`; else why not, as a TokenReview says it.
    pub fn review(
        &self,
        token: &Token,
        audiences: &[CompactString],
        now: Timestamp,
        objects: &dyn Objects,
    ) -> Result<Identity, Refusal> {
        let audiences = if audiences.is_empty() {
            self.audiences.as_slice()
        } else {
            audiences
        };
        // Upstream asks for the token of its own loopback connection first, which is never given away.
        let mut errors = vec![INVALID_TOKEN.to_owned()];
        let mut used = None;
        match self.identify(token, audiences, now, objects) {
            Ok(Some(identity)) => {
                let user = with_group(identity.user);
                return Ok(Identity { user, ..identity });
            }
            Ok(None) => {}
            Err(refusal) => {
                errors.push(refusal.why);
                used = refusal.used;
            }
        }
        let why = status::aggregate(&errors);
        Err(Refusal { why, used })
    }

    fn identify(
        &self,
        token: &Token,
        wanted: &[CompactString],
        now: Timestamp,
        objects: &dyn Objects,
    ) -> Result<Option<Identity>, Refusal> {
        if let Some(identity) = self.identify_static(token, wanted) {
            return Ok(Some(identity));
        }
        let own = &self.audiences;
        self.service_accounts
            .identify(token, own, wanted, now, objects)
    }

    /// A static token counts for every audience that is this server.
    fn identify_static(&self, token: &Token, audiences: &[CompactString]) -> Option<Identity> {
        let own = self.audiences.iter();
        let common: Vec<CompactString> = own
            .filter(|audience| audiences.contains(audience))
            .cloned()
            .collect();
        if common.is_empty() && !self.audiences.is_empty() {
            return None;
        }
        let user = self.token_file.as_ref()?.user(token)?.clone();
        Some(Identity {
            user,
            audiences: common,
            used: None,
        })
    }
}

/// The 401 of a request whose user is nobody. It never says why.
pub fn unauthorized() -> Status {
    Status {
        code: 401,
        reason: Reason::Unauthorized,
        message: "Unauthorized".to_owned(),
        details: None,
    }
}

/// The user with the group of everybody who has said who they are.
fn with_group(mut user: UserInfo) -> UserInfo {
    let decides = |group: &CompactString| group == AUTHENTICATED || group == UNAUTHENTICATED;
    if user.name != ANONYMOUS && !user.groups.iter().any(decides) {
        user.groups.push(CompactString::const_new(AUTHENTICATED));
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Snapshot;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

    const NOTHING: Credentials<'_> = Credentials {
        certificate: &Certificate::Nobody,
        authorization: None,
    };

    fn authenticate(it: &Authenticator, credentials: &Credentials<'_>) -> Result<UserInfo, Status> {
        it.authenticate(credentials, NOW, &Snapshot::default()).user
    }

    fn authenticator(anonymous: bool) -> Authenticator {
        Authenticator {
            token_file: Some(TokenFile::parse("t", "abc,sam,u-1,\"devs,ops\"\n").unwrap()),
            audiences: vec!["https://kubernetes.default.svc".into()],
            anonymous,
            ..Authenticator::default()
        }
    }

    #[track_caller]
    fn check(authorization: Option<&str>, name: Result<&str, u16>) {
        let credentials = Credentials {
            certificate: &Certificate::Nobody,
            authorization,
        };
        let result = authenticate(&authenticator(true), &credentials);
        let result = result.map_err(|status| status.code);
        assert_eq!(
            result.as_ref().map(|user| user.name.as_str()),
            name.as_ref().map(|name| *name)
        );
    }

    #[test]
    fn nobody_is_anonymous_and_a_bad_token_is_nobody() {
        check(None, Ok(ANONYMOUS));
        check(Some(""), Ok(ANONYMOUS));
        check(Some("Basic YTpi"), Ok(ANONYMOUS));
        check(Some("Bearer"), Ok(ANONYMOUS));
        check(Some("Bearer  abc"), Ok(ANONYMOUS));
        check(Some("bearer abc"), Ok("sam"));
        check(Some("Bearer abc more"), Ok("sam"));
        check(Some("Bearer nonsense"), Err(401));
        let strict = authenticate(&authenticator(false), &NOTHING);
        assert_eq!(strict.unwrap_err(), unauthorized());
    }

    #[test]
    fn everybody_but_anonymous_is_authenticated() {
        let credentials = Credentials {
            certificate: &Certificate::Nobody,
            authorization: Some("Bearer abc"),
        };
        let user = authenticate(&authenticator(true), &credentials).unwrap();
        assert_eq!(user.groups, ["devs", "ops", AUTHENTICATED]);
        assert_eq!(user.uid, "u-1");
        let nobody = authenticate(&authenticator(true), &NOTHING);
        assert_eq!(nobody.unwrap().groups, [UNAUTHENTICATED]);
    }

    #[test]
    fn a_review_names_the_user_or_what_is_wrong() {
        let review = |token: &str, audiences: &[&str]| {
            let audiences: Vec<CompactString> = audiences.iter().map(|a| (*a).into()).collect();
            authenticator(true).review(&Token::new(token), &audiences, NOW, &Snapshot::default())
        };
        let identity = review("abc", &[]).unwrap();
        assert_eq!(identity.user.groups, ["devs", "ops", AUTHENTICATED]);
        assert_eq!(identity.audiences, ["https://kubernetes.default.svc"]);
        assert_eq!(review("garbage", &[]).unwrap_err().why, INVALID_TOKEN);
        assert_eq!(review("abc", &["vault"]).unwrap_err().why, INVALID_TOKEN);
    }

    #[test]
    fn a_certificate_counts_more_than_a_token_and_one_that_is_none_is_refused() {
        let certificate = certificate::tests::certificate(&["devs"], Some("jane"), &[]);
        let ask = |certificate: &[u8], authorization| {
            let credentials = Credentials {
                certificate: &Certificate::read(Some(certificate)),
                authorization,
            };
            authenticate(&authenticator(true), &credentials)
        };
        let jane = ask(&certificate, Some("Bearer nonsense")).unwrap();
        assert_eq!(jane.name, "jane");
        assert_eq!(jane.groups, ["devs", AUTHENTICATED]);
        assert_eq!(ask(b"\x30\x03xyz", None).unwrap_err().code, 401);
        let nameless = certificate::tests::certificate(&["devs"], None, &[]);
        assert_eq!(ask(&nameless, None).unwrap().name, ANONYMOUS);
    }
}
