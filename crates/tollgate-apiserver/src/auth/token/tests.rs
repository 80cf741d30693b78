//! Tokens from their request to their end.

use super::key::tests::p256_key;
use super::request::{Issuer, Request};
use super::*;
use crate::auth::authenticate::{Identity, Token};
use compact_str::CompactString;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tollgate_api::token_maker::{SecretToken, TokenMaker as _};
use tollgate_api::{Status, Timestamp, Value, json};

pub(in crate::auth) const ISSUER: &str = "https://kubernetes.default.svc";
pub(in crate::auth) const NOW: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

/// Objects by `resource/namespace/name`.
#[derive(Debug, Clone, Default)]
pub(in crate::auth) struct Few(pub(in crate::auth) BTreeMap<String, Value>);

impl Objects for Few {
    fn find(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        self.0
            .get(&format!("{resource}/{namespace}/{name}"))
            .cloned()
    }
}

pub(in crate::auth) fn few() -> Few {
    let objects = [
        (
            "serviceaccounts/ns/bot",
            r#"{"metadata":{"name":"bot","uid":"sa-1"}}"#,
        ),
        (
            "pods/ns/p",
            r#"{"metadata":{"name":"p","uid":"pod-1"},"spec":{"serviceAccountName":"bot","nodeName":"n"}}"#,
        ),
        (
            "secrets/ns/s",
            r#"{"metadata":{"name":"s","uid":"secret-1"}}"#,
        ),
        ("nodes//n", r#"{"metadata":{"name":"n","uid":"node-1"}}"#),
    ];
    let objects = objects.map(|(key, text)| (key.to_owned(), json::from_str(text).unwrap()));
    Few(BTreeMap::from(objects))
}

pub(in crate::auth) static SERVER: LazyLock<Issuer> = LazyLock::new(|| Issuer {
    name: ISSUER.to_owned(),
    key: p256_key().into(),
    audiences: vec![ISSUER.into()],
    expiration_seconds_max: None,
    extends_expiration: true,
});

pub(in crate::auth) fn verifier() -> Verifier {
    Verifier {
        issuers: vec![ISSUER.to_owned()],
        signing: Some(SERVER.key.clone()),
        others: Vec::new(),
    }
}

fn answer(spec: &str) -> Result<request::Issued, Status> {
    let text = format!(r#"{{"spec":{spec}}}"#);
    let object = json::from_str(&text).unwrap();
    SERVER.answer(&Request {
        namespace: "ns",
        name: "bot",
        object: &object,
        now: NOW,
        uid: "request-1",
        token_id: "token-1",
        objects: &few(),
        random: &SystemRandom::new(),
    })
}

pub(in crate::auth) fn token(spec: &str) -> Token {
    let issued = answer(spec).unwrap();
    Token::new(
        issued
            .object
            .at(&["status", "token"])
            .unwrap()
            .as_str()
            .unwrap(),
    )
}

fn identify(
    token: &Token,
    audience: &str,
    seconds: i64,
    objects: &Few,
) -> Result<Option<Identity>, String> {
    let own: [CompactString; 1] = [ISSUER.into()];
    let now = NOW.saturating_add_seconds(seconds);
    let identified = verifier().identify(token, &own, &[audience.into()], now, objects);
    identified.map_err(|refusal| refusal.why)
}

/// Why the token of this request does not count.
fn fault(spec: &str, seconds: i64, objects: &Few) -> String {
    identify(&token(spec), ISSUER, seconds, objects).unwrap_err()
}

#[test]
fn a_token_says_who_its_owner_is() {
    let identity = identify(&token("{}"), ISSUER, 0, &few()).unwrap().unwrap();
    assert_eq!(identity.audiences, [ISSUER]);
    let user = identity.user;
    assert_eq!(user.name, "system:serviceaccount:ns:bot");
    assert_eq!(user.uid, "sa-1");
    assert_eq!(
        user.groups,
        [
            "system:serviceaccounts",
            "system:serviceaccounts:ns",
            "system:authenticated"
        ]
    );
    let id = &user.extra["authentication.kubernetes.io/credential-id"];
    assert_eq!(id, &["JTI=token-1"]);
    assert_eq!(user.extra.len(), 1);
}

#[test]
fn a_bound_token_names_the_pod_and_its_node() {
    let bound =
        token(r#"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p","uid":"pod-1"}}"#);
    let user = identify(&bound, ISSUER, 0, &few()).unwrap().unwrap().user;
    let extra: Vec<(&str, &str)> = user
        .extra
        .iter()
        .map(|(key, values)| {
            let key = key.strip_prefix("authentication.kubernetes.io/").unwrap();
            (key, values[0].as_str())
        })
        .collect();
    assert_eq!(
        extra,
        [
            ("credential-id", "JTI=token-1"),
            ("node-name", "n"),
            ("node-uid", "node-1"),
            ("pod-name", "p"),
            ("pod-uid", "pod-1"),
        ]
    );
}

#[test]
fn the_payload_has_upstreams_members_in_upstreams_order() {
    let bound = token(
        r#"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"},"expirationSeconds":3607}"#,
    );
    let payload = jwt::Unverified::parse(bound.secret()).unwrap().payload;
    let expires = NOW.unix_seconds() + 365 * 24 * 3600;
    assert_eq!(
        json::to_string(&payload),
        format!(
            r#"{{"aud":["{ISSUER}"],"exp":{expires},"iat":1768478400,"iss":"{ISSUER}","jti":"token-1","kubernetes.io":{{"namespace":"ns","node":{{"name":"n","uid":"node-1"}},"pod":{{"name":"p","uid":"pod-1"}},"serviceaccount":{{"name":"bot","uid":"sa-1"}},"warnafter":1768482007}},"nbf":1768478400,"sub":"system:serviceaccount:ns:bot"}}"#
        )
    );
}

#[test]
fn the_answer_is_the_request_filled_in() {
    let issued = answer(r#"{"audiences":["vault"],"expirationSeconds":600}"#).unwrap();
    let mut object = issued.object;
    let status = object.child_mut("status");
    assert!(status.remove("token").is_some());
    assert_eq!(
        object,
        json::from_str(
            r#"{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1",
                "metadata":{"name":"bot","namespace":"ns","uid":"request-1","creationTimestamp":"2026-01-15T12:00:00Z"},
                "spec":{"audiences":["vault"],"expirationSeconds":600},
                "status":{"expirationTimestamp":"2026-01-15T12:10:00Z"}}"#
        )
        .unwrap()
    );
    assert_eq!(issued.credential_id, "JTI=token-1");
    assert!(issued.warnings.is_empty());
}

#[test]
fn requests_that_cannot_be_met_are_refused_in_upstreams_words() {
    let cases = [
        (
            r#"{"expirationSeconds":599}"#,
            r#"TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"#,
        ),
        (
            r#"{"expirationSeconds":4294967297}"#,
            r#"TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds"#,
        ),
        (
            r#"{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"none"}}"#,
            r#"pods "none" not found"#,
        ),
        (
            r#"{"boundObjectRef":{"kind":"ConfigMap","apiVersion":"v1","name":"x"}}"#,
            "cannot bind token to object of type /v1, Kind=ConfigMap",
        ),
        (
            r#"{"boundObjectRef":{"kind":"Pod","apiVersion":"apps/v1","name":"x"}}"#,
            "cannot bind token to object of type apps/v1, Kind=Pod",
        ),
        (
            r#"{"boundObjectRef":{"kind":"Secret","apiVersion":"v1","name":"s","uid":"other"}}"#,
            r#"Operation cannot be fulfilled on Secret "s": the UID in the bound object reference (other) does not match the UID in record. The object might have been deleted and then recreated"#,
        ),
    ];
    for (spec, message) in cases {
        assert_eq!(answer(spec).unwrap_err().message, message);
    }
}

#[test]
fn names_in_the_body_must_be_those_of_the_path() {
    let object = json::from_str(r#"{"metadata":{"name":"other"},"spec":{}}"#).unwrap();
    let request = Request {
        namespace: "ns",
        name: "none",
        object: &object,
        now: NOW,
        uid: "",
        token_id: "",
        objects: &few(),
        random: &SystemRandom::new(),
    };
    let message = |request: &Request<'_>| SERVER.answer(request).unwrap_err().message;
    assert_eq!(
        message(&request),
        r#"TokenRequest.authentication.k8s.io "none" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified"#
    );
    let empty = Value::object();
    let request = Request {
        object: &empty,
        ..request
    };
    assert_eq!(message(&request), r#"serviceaccounts "none" not found"#);
    assert!(!format!("{request:?}").contains("objects"));
}

#[test]
fn a_pod_of_another_account_binds_no_token() {
    let object = json::from_str(
        r#"{"spec":{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}}"#,
    )
    .unwrap();
    let mut objects = few();
    let other = json::from_str(r#"{"metadata":{"name":"other","uid":"sa-2"}}"#).unwrap();
    objects
        .0
        .insert("serviceaccounts/ns/other".to_owned(), other);
    let request = Request {
        namespace: "ns",
        name: "other",
        object: &object,
        now: NOW,
        uid: "",
        token_id: "",
        objects: &objects,
        random: &SystemRandom::new(),
    };
    assert_eq!(
        SERVER.answer(&request).unwrap_err().message,
        r#"cannot bind token for serviceaccount "other" to pod running with different serviceaccount name."#
    );
}

#[test]
fn a_token_counts_for_its_audiences_only() {
    let vault = token(r#"{"audiences":["vault"]}"#);
    assert_eq!(
        identify(&vault, ISSUER, 0, &few()).unwrap_err(),
        r#"token audiences ["vault"] is invalid for the target audiences ["https://kubernetes.default.svc"]"#
    );
    let identity = identify(&vault, "vault", 0, &few()).unwrap().unwrap();
    assert_eq!(identity.audiences, ["vault"]);
}

#[test]
fn a_token_counts_within_its_time_give_or_take_a_minute() {
    let at = |seconds| {
        identify(
            &token(r#"{"expirationSeconds":600}"#),
            ISSUER,
            seconds,
            &few(),
        )
    };
    assert!(at(-60).unwrap().is_some());
    assert_eq!(
        at(-61).unwrap_err(),
        "service account token is not valid yet"
    );
    assert!(at(660).unwrap().is_some());
    assert_eq!(at(661).unwrap_err(), "service account token has expired");
}

#[test]
fn a_token_ends_with_what_it_is_bound_to() {
    let plain = "{}";
    let [pod, secret, node] = ["Pod/p", "Secret/s", "Node/n"].map(|bound| {
        let (kind, name) = bound.split_once('/').unwrap();
        format!(r#"{{"boundObjectRef":{{"kind":"{kind}","apiVersion":"v1","name":"{name}"}}}}"#)
    });
    let gone = "service account token has been invalidated";
    let cases = [
        (
            plain,
            "serviceaccounts/ns/bot",
            None,
            r#"serviceaccounts "bot" not found"#,
        ),
        (
            plain,
            "serviceaccounts/ns/bot",
            Some(r#"{"metadata":{"uid":"new"}}"#),
            "service account UID (new) does not match claim (sa-1)",
        ),
        (
            plain,
            "serviceaccounts/ns/bot",
            Some(r#"{"metadata":{"uid":"sa-1","deletionTimestamp":"2026-01-15T11:58:59Z"}}"#),
            "service account ns/bot has been deleted",
        ),
        (&pod, "pods/ns/p", None, gone),
        (
            &pod,
            "pods/ns/p",
            Some(r#"{"metadata":{"uid":"new"}}"#),
            "pod UID (new) does not match service account pod ref claim (pod-1)",
        ),
        (
            &pod,
            "pods/ns/p",
            Some(r#"{"metadata":{"uid":"pod-1","deletionTimestamp":"2026-01-15T11:58:59Z"}}"#),
            gone,
        ),
        (&secret, "secrets/ns/s", None, gone),
        (&node, "nodes//n", None, gone),
    ];
    for (spec, key, object, message) in cases {
        let mut objects = few();
        match object {
            Some(text) => objects
                .0
                .insert(key.to_owned(), json::from_str(text).unwrap()),
            None => objects.0.remove(key),
        };
        assert_eq!(fault(spec, 0, &objects), message, "{spec} without {key}");
    }
    // The node of a bound pod may go.
    let mut objects = few();
    objects.0.remove("nodes//n");
    assert!(
        identify(&token(&pod), ISSUER, 0, &objects)
            .unwrap()
            .is_some()
    );
}

#[test]
fn what_others_signed_does_not_count() {
    let good = token("{}");
    let (message, _) = good.secret().rsplit_once('.').unwrap();
    let forged = p256_key()
        .sign(message.as_bytes(), &SystemRandom::new())
        .unwrap();
    let forged = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, forged);
    let forged = Token::new(format!("{message}.{forged}"));
    assert_eq!(
        identify(&forged, ISSUER, 0, &few()).unwrap_err(),
        "go-jose/go-jose: error in cryptographic primitive"
    );
    let others = Verifier {
        signing: None,
        others: vec![p256_key().public().clone()],
        ..verifier()
    };
    let own = [CompactString::from(ISSUER)];
    assert_eq!(
        others
            .identify(&good, &own, &own, NOW, &few())
            .unwrap_err()
            .why,
        "invalid signature, no keys found"
    );
    // Unsigned, and of an unknown issuer.
    for text in ["eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.", "a.b.c", "", "{}"] {
        assert_eq!(identify(&Token::new(text), ISSUER, 0, &few()), Ok(None));
    }
}

/// A token of the account that a secret keeps, and what is stored, changed.
fn kept(change: impl FnOnce(&mut Few)) -> (Token, Few) {
    let tokens = SecretTokens {
        key: SERVER.key.clone(),
    };
    let made = tokens.secret_token(&SecretToken {
        namespace: "ns",
        account: "bot",
        account_uid: "sa-1",
        secret: "s",
    });
    let made = made.unwrap();
    let mut objects = few();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &made);
    let secret = objects.0.get_mut("secrets/ns/s").unwrap();
    secret.child_mut("data").set("token", encoded);
    change(&mut objects);
    (Token::new(made), objects)
}

#[test]
fn a_token_that_a_secret_keeps_has_no_end_and_its_use_is_told() {
    let (token, objects) = kept(|_| {});
    let century = 100 * 365 * 86_400;
    let identity = identify(&token, ISSUER, century, &objects).unwrap();
    let identity = identity.unwrap();
    assert_eq!(identity.user.name, "system:serviceaccount:ns:bot");
    assert_eq!(identity.user.uid, "sa-1");
    assert!(identity.user.extra.is_empty());
    assert_eq!(identity.audiences, [ISSUER]);
    let used = identity.used.unwrap();
    assert_eq!(
        (used.secret.name, used.secret.uid),
        ("s".into(), "secret-1".into())
    );
    assert!(used.last_used.is_empty() && !used.is_auto_generated && !used.is_invalid);
    assert_eq!(
        identify(&token, "vault", 0, &objects).unwrap_err(),
        r#"token audiences ["https://kubernetes.default.svc"] is invalid for the target audiences ["vault"]"#
    );
    let (token, objects) = kept(|objects| {
        let account = objects.0.get_mut("serviceaccounts/ns/bot").unwrap();
        account.set("secrets", json::from_str(r#"[{"name":"s"}]"#).unwrap());
    });
    let identity = identify(&token, ISSUER, 0, &objects).unwrap().unwrap();
    assert!(identity.used.unwrap().is_auto_generated);
}

#[test]
fn a_token_that_a_secret_keeps_ends_with_the_secret_and_the_account() {
    #[track_caller]
    fn check(key: &'static str, object: Option<&str>, expected: &str) {
        let (token, objects) = kept(|objects| {
            match object {
                None => objects.0.remove(key),
                Some(text) => objects
                    .0
                    .insert(key.to_owned(), json::from_str(text).unwrap()),
            };
        });
        assert_eq!(identify(&token, ISSUER, 0, &objects).unwrap_err(), expected);
    }
    let (secret, account) = ("secrets/ns/s", "serviceaccounts/ns/bot");
    check(secret, None, "Token has been invalidated");
    let leaving = r#"{"metadata":{"deletionTimestamp":"2026-01-15T12:00:00Z"}}"#;
    check(secret, Some(leaving), "Token has been invalidated");
    let other = r#"{"metadata":{"name":"s"},"data":{"token":"eA=="}}"#;
    check(secret, Some(other), "Token does not match server's copy");
    check(account, None, "serviceaccounts \"bot\" not found");
    check(
        account,
        Some(leaving),
        "ServiceAccount ns/bot has been deleted",
    );
    check(
        account,
        Some(r#"{"metadata":{"uid":"sa-2"}}"#),
        "ServiceAccount UID (sa-2) does not match claim (sa-1)",
    );
}

#[test]
fn a_token_that_was_marked_as_invalid_is_refused_and_its_use_is_told() {
    let (token, objects) = kept(|objects| {
        let secret = objects.0.get_mut("secrets/ns/s").unwrap();
        let labels = secret.child_mut("metadata").child_mut("labels");
        labels.set("kubernetes.io/legacy-token-invalid-since", "2026-01-01");
        labels.set("kubernetes.io/legacy-token-last-used", "2025-01-01");
    });
    let own: [CompactString; 1] = [ISSUER.into()];
    let refused = verifier().identify(&token, &own, &own, NOW, &objects);
    let refusal = refused.unwrap_err();
    assert!(
        refusal.why.starts_with(
            "the token in secret ns/s for service account ns/bot has been marked invalid."
        ),
        "{}",
        refusal.why
    );
    let used = refusal.used.unwrap();
    assert!(used.is_invalid);
    assert_eq!(used.last_used, "2025-01-01");
}

#[test]
fn an_administrator_may_shorten_tokens() {
    let issuer = Issuer {
        name: ISSUER.to_owned(),
        key: p256_key().into(),
        audiences: Vec::new(),
        expiration_seconds_max: Some(700),
        extends_expiration: false,
    };
    let issued = issuer.answer(&Request {
        namespace: "ns",
        name: "bot",
        object: &Value::object(),
        now: NOW,
        uid: "",
        token_id: "",
        objects: &few(),
        random: &SystemRandom::new(),
    });
    let issued = issued.unwrap();
    assert_eq!(
        issued.warnings,
        ["requested expiration of 3600 seconds shortened to 700 seconds"]
    );
    let seconds = issued.object.at(&["spec", "expirationSeconds"]);
    assert_eq!(seconds.and_then(Value::as_i64), Some(700));
    assert!(!format!("{issued:?}").contains("eyJ"));
}

#[test]
fn the_documents_name_the_issuer_and_the_key() {
    assert_eq!(
        discovery::configuration(&verifier(), "https://127.0.0.1:6443/openid/v1/jwks").unwrap(),
        r#"{"issuer":"https://kubernetes.default.svc","jwks_uri":"https://127.0.0.1:6443/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256"]}"#
    );
    let keys = json::from_str(&discovery::keys(&verifier())).unwrap();
    let key = &keys.items("keys")[0];
    assert_eq!(
        key.str("kid"),
        Some(SERVER.key.wait().unwrap().public().id())
    );
    assert_eq!(key.str("use"), Some("sig"));
    assert_eq!(key.str("x").unwrap().len(), 43);
    let plain = Verifier {
        issuers: vec!["kubernetes/serviceaccount".to_owned()],
        ..verifier()
    };
    assert_eq!(discovery::configuration(&plain, ""), None);
}

static SIGNED: LazyLock<String> = LazyLock::new(|| token("{}").secret().to_owned());

proptest! {
    #[test]
    fn no_text_is_taken_for_a_token(text in "\\PC{0,80}") {
        prop_assert_eq!(identify(&Token::new(text), ISSUER, 0, &few()), Ok(None));
    }

    #[test]
    fn no_token_like_text_makes_a_panic(header in "[a-zA-Z0-9_-]{0,40}", payload in "\\PC{0,60}") {
        let encode = |text: &str| {
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text)
        };
        let text = format!("{}.{}.{header}", encode(r#"{"alg":"ES256"}"#), encode(&payload));
        let _ = identify(&Token::new(text), ISSUER, 0, &few());
    }

    #[test]
    fn a_token_that_was_tampered_with_does_not_count(place in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.-]") {
        let mut text = SIGNED.clone();
        let place = place.index(text.len());
        prop_assume!(text.as_bytes()[place] != letter.as_bytes()[0]);
        text.replace_range(place..=place, &letter);
        let result = identify(&Token::new(text), ISSUER, 0, &few());
        prop_assert!(!matches!(result, Ok(Some(_))), "{:?}", result);
    }
}
