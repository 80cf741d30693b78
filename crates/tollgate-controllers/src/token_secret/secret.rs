//! Secrets that keep the token of a service account.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::Value;

const TYPE: &str = "kubernetes.io/service-account-token";
/// The annotation that names the account.
pub(super) const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";
/// The annotation with the account's unique id.
pub(super) const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";

const ROOT_CA: &str = "ca.crt";
const NAMESPACE: &str = "namespace";
const TOKEN: &str = "token";

/// A secret that keeps a token, or is to.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenSecret<'v> {
    data: &'v Value,
    /// The account's name.
    pub(super) account: &'v str,
    /// The account's unique id, or empty.
    pub(super) account_uid: &'v str,
}

/// What a secret does not have that it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) root_ca: bool,
    pub(super) namespace: bool,
    pub(super) token: bool,
}

impl Missing {
    pub(super) fn is_any(self) -> bool {
        self.root_ca || self.namespace || self.token
    }
}

impl<'v> TokenSecret<'v> {
    /// The view of a secret; none if it is of another type or names no account.
    pub(super) fn of(object: &'v Value) -> Option<Self> {
        if object.str("type") != Some(TYPE) {
            return None;
        }
        let annotation = |key| {
            let found = object.at(&["metadata", "annotations", key]);
            found.and_then(Value::as_str).unwrap_or_default()
        };
        let account = annotation(ACCOUNT_NAME);
        (!account.is_empty()).then_some(Self {
            data: object.get("data").unwrap_or(&Value::Null),
            account,
            account_uid: annotation(ACCOUNT_UID),
        })
    }

    /// What is missing, where `root_ca` is the authority's certificate.
    pub(super) fn missing(self, root_ca: &str) -> Missing {
        Missing {
            root_ca: !root_ca.is_empty()
                && self.data.str_or_empty(ROOT_CA) != STANDARD.encode(root_ca),
            namespace: self.data.str_or_empty(NAMESPACE).is_empty(),
            token: self.data.str_or_empty(TOKEN).is_empty(),
        }
    }
}

/// Puts what is missing into a secret.
pub(super) fn fill(object: &mut Value, missing: Missing, root_ca: &str, token: &str) {
    let namespace = object.at(&["metadata", "namespace"]);
    let namespace = STANDARD.encode(namespace.and_then(Value::as_str).unwrap_or_default());
    let data = object.child_mut("data");
    if missing.root_ca {
        data.set(ROOT_CA, STANDARD.encode(root_ca));
    }
    if missing.namespace {
        data.set(NAMESPACE, namespace);
    }
    if missing.token {
        data.set(TOKEN, STANDARD.encode(token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn secret(sort: &str, data: &str) -> Value {
        let text = format!(
            r#"{{"metadata":{{"namespace":"n","annotations":{{"{ACCOUNT_NAME}":"bot"}}}},"type":"{sort}","data":{data}}}"#
        );
        json::from_str(&text).unwrap()
    }

    #[test]
    fn only_what_is_missing_is_put_in() {
        let mut object = secret(TYPE, r#"{"token":"b2xk","other":"eA=="}"#);
        let missing = TokenSecret::of(&object).unwrap().missing("ca");
        assert!(missing.root_ca && missing.namespace && !missing.token);
        fill(&mut object, missing, "ca", "new");
        let expected = r#"{"token":"b2xk","other":"eA==","ca.crt":"Y2E=","namespace":"bg=="}"#;
        assert_eq!(object.get("data").unwrap().to_string(), expected);
        assert!(!TokenSecret::of(&object).unwrap().missing("ca").is_any());
        // The authority is a new one.
        assert!(TokenSecret::of(&object).unwrap().missing("cb").root_ca);
    }

    #[test]
    fn secrets_of_other_types_are_left_alone() {
        assert!(TokenSecret::of(&secret("Opaque", "{}")).is_none());
        let nobody = json::from_str(&format!(r#"{{"type":"{TYPE}"}}"#)).unwrap();
        assert!(TokenSecret::of(&nobody).is_none());
    }
}
