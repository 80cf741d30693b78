//! Secrets that keep the token of a service account.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tollgate_api::client::{Deletion, Target};
use tollgate_api::{Timestamp, Value};
use tollgate_apiserver::auth::authenticate::Certificate;
use tollgate_apiserver::auth::token::{SecretTokens, SharedKey, SigningKey, Verifier};
use tollgate_apiserver::auth::{Authenticator, Credentials};
use tollgate_controllers::resources::{SECRETS, SERVICE_ACCOUNTS};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_controllers::token_secret::TokenSecrets;
use tollgate_testkit::cluster::Cluster;

/// One key for all: any key does.
static KEY: LazyLock<SharedKey> = LazyLock::new(|| {
    let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let random = ring::rand::SystemRandom::new();
    SigningKey::from_pem(&pem, &random).unwrap().into()
});

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        let tokens = Arc::new(SecretTokens { key: KEY.clone() });
        vec![
            Arc::new(ServiceAccounts) as _,
            Arc::new(TokenSecrets::new(tokens, "authority".to_owned())) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

fn account(cluster: &Cluster, name: &str) -> String {
    let object = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    let object = cluster
        .create(&SERVICE_ACCOUNTS, "default", &object)
        .unwrap();
    let uid = object.at(&["metadata", "uid"]).and_then(Value::as_str);
    uid.unwrap().to_owned()
}

/// A secret for the token of an account; `more` are further annotations.
fn secret(cluster: &Cluster, name: &str, account: &str, more: &str) {
    let object = format!(
        r#"{{"metadata":{{"name":"{name}","annotations":{{"kubernetes.io/service-account.name":"{account}"{more}}}}},
            "type":"kubernetes.io/service-account-token"}}"#
    );
    cluster.create(&SECRETS, "default", &object).unwrap();
}

fn get(cluster: &Cluster, name: &str) -> Option<Value> {
    cluster.get(&SECRETS, "default", name)
}

fn data(secret: &Value, key: &str) -> Option<String> {
    let text = secret.at(&["data", key])?.as_str()?;
    Some(String::from_utf8(STANDARD.decode(text).unwrap()).unwrap())
}

/// Who a token says its owner is, or the code of the refusal.
fn login(cluster: &Cluster, token: &str) -> Result<String, u16> {
    let authenticator = Authenticator {
        service_accounts: Verifier {
            issuers: vec!["https://kubernetes.default.svc".to_owned()],
            signing: Some(KEY.clone()),
            others: Vec::new(),
        },
        audiences: vec!["https://kubernetes.default.svc".into()],
        ..Authenticator::default()
    };
    let authorization = format!("Bearer {token}");
    let credentials = Credentials {
        certificate: &Certificate::Nobody,
        authorization: Some(&authorization),
    };
    let now = Timestamp::parse("2036-01-15T12:00:00Z").unwrap();
    let objects = cluster.store.snapshot();
    let user = authenticator.authenticate(&credentials, now, &objects).user;
    user.map(|user| user.name.to_string())
        .map_err(|status| status.code)
}

#[test]
fn a_secret_gets_the_token_of_its_account_and_the_token_counts_while_both_are_there() {
    let mut cluster = cluster(1);
    let uid = account(&cluster, "bot");
    secret(&cluster, "one", "bot", "");
    secret(
        &cluster,
        "two",
        "bot",
        &format!(r#","kubernetes.io/service-account.uid":"{uid}""#),
    );
    cluster.settle();
    let one = get(&cluster, "one").unwrap();
    assert_eq!(data(&one, "ca.crt").as_deref(), Some("authority"));
    assert_eq!(data(&one, "namespace").as_deref(), Some("default"));
    let annotation = [
        "metadata",
        "annotations",
        "kubernetes.io/service-account.uid",
    ];
    assert_eq!(
        one.at(&annotation).and_then(Value::as_str),
        Some(uid.as_str())
    );
    let token = data(&one, "token").unwrap();
    let other = data(&get(&cluster, "two").unwrap(), "token").unwrap();
    assert_ne!(token, other);
    // Ten years later.
    let bot = "system:serviceaccount:default:bot".to_owned();
    assert_eq!(login(&cluster, &token), Ok(bot.clone()));

    let target = Target::object(&SECRETS, "default", "one");
    cluster.delete(target, Deletion::default()).unwrap();
    assert_eq!(login(&cluster, &token), Err(401));
    assert_eq!(login(&cluster, &other), Ok(bot));
    // What a secret does not have does not count, either.
    let target = Target::object(&SECRETS, "default", "two");
    let patch = format!(r#"{{"data":{{"token":"{}"}}}}"#, STANDARD.encode("other"));
    cluster.patch(target, &patch).unwrap();
    assert_eq!(login(&cluster, &other), Err(401));
}

#[test]
fn secrets_go_with_their_account_and_stay_without_a_token_they_cannot_have() {
    let mut cluster = cluster(2);
    let uid = account(&cluster, "bot");
    account(&cluster, "other");
    secret(&cluster, "bots", "bot", "");
    secret(&cluster, "others", "other", "");
    secret(&cluster, "nobodys", "nobody", "");
    let wrong = format!(r#","kubernetes.io/service-account.uid":"{uid}""#);
    secret(&cluster, "wrong", "other", &wrong);
    cluster.settle();
    let there = |cluster: &Cluster| {
        ["bots", "others", "nobodys", "wrong"].map(|name| get(cluster, name).is_some())
    };
    assert_eq!(there(&cluster), [true, true, false, false]);
    let token = data(&get(&cluster, "bots").unwrap(), "token").unwrap();
    let target = Target::object(&SERVICE_ACCOUNTS, "default", "bot");
    cluster.delete(target, Deletion::default()).unwrap();
    // An account of the same name is another one.
    account(&cluster, "bot");
    assert_eq!(login(&cluster, &token), Err(401));
    cluster.settle();
    assert_eq!(there(&cluster), [false, true, false, false]);
}

#[test]
fn what_is_taken_from_a_secret_comes_back_and_an_account_forgets_a_secret_that_is_gone() {
    let mut cluster = cluster(3);
    account(&cluster, "bot");
    secret(&cluster, "s", "bot", "");
    let bot = Target::object(&SERVICE_ACCOUNTS, "default", "bot");
    let named = r#"{"secrets":[{"name":"s"},{"name":"kept"}]}"#;
    cluster.patch(bot, named).unwrap();
    cluster.settle();
    let token = data(&get(&cluster, "s").unwrap(), "token").unwrap();
    let target = Target::object(&SECRETS, "default", "s");
    let patch = r#"{"data":{"ca.crt":"eA==","token":null}}"#;
    cluster.patch(target, patch).unwrap();
    cluster.settle();
    let again = get(&cluster, "s").unwrap();
    assert_eq!(data(&again, "ca.crt").as_deref(), Some("authority"));
    assert_ne!(data(&again, "token"), None);
    assert_ne!(data(&again, "token"), Some(token), "signed anew");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    let bot = cluster.get(&SERVICE_ACCOUNTS, "default", "bot").unwrap();
    let names: Vec<&str> = bot
        .items("secrets")
        .iter()
        .map(|named| named.str_or_empty("name"))
        .collect();
    assert_eq!(names, ["kept"]);
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..20 {
        let mut cluster = cluster(seed);
        cluster.faults.set(300, 100, 100);
        for number in 0..5 {
            let name = format!("n{number}");
            account(&cluster, &name);
            secret(&cluster, &name, &name, "");
            cluster.advance(Duration::from_millis(50));
            if number == 2 {
                cluster.restart();
            }
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_secs(30), |cluster| {
            let secrets = cluster.list(&SECRETS, "default");
            secrets.len() == 5 && secrets.iter().all(|secret| data(secret, "token").is_some())
        });
    }
}
