//! A server in the test's own process: everything in memory, the same time and chance in each run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tollgate_api::{Release, Timestamp, Value};
use tollgate_apiserver::admission::{AdmissionConfig, Chain, Prepared};
use tollgate_apiserver::auth::rbac::RbacIndex;
use tollgate_apiserver::auth::token::SigningKey;
use tollgate_apiserver::auth::token::request::Issuer;
use tollgate_apiserver::auth::{Authorizer, Mode};
use tollgate_apiserver::environment::Environment;
use tollgate_apiserver::quota::Ledger;
use tollgate_apiserver::resources::{CatalogCell, built_in};
use tollgate_apiserver::storage::MemoryStore;
use tollgate_apiserver::verbs::{Api, Yaml};

#[derive(Debug, Default)]
struct Chance(AtomicU64);

impl Environment for Chance {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_768_478_400)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self) -> u64 {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let odd = number.wrapping_mul(2).wrapping_add(1);
        odd.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

pub(crate) fn api() -> Api {
    let admission = AdmissionConfig::default();
    let release = Release::default();
    let random = ring::rand::SystemRandom::new();
    let pem = SigningKey::generate(&random).unwrap();
    Api {
        store: Arc::new(MemoryStore::default()),
        catalog: CatalogCell::new(built_in().unwrap()),
        environment: Arc::new(Chance::default()),
        release,
        admission: Chain::new(&admission),
        prepared: Prepared::new(&admission, release),
        quotas: Ledger::new(Vec::new()),
        authorizer: Authorizer::new(vec![Mode::AlwaysAllow], Arc::new(RbacIndex::default())),
        issuer: Issuer {
            name: "test".to_owned(),
            key: SigningKey::from_pem(&pem, &random).unwrap().into(),
            audiences: Vec::new(),
            expiration_seconds_max: None,
            extends_expiration: false,
        },
        read_yaml: |_| {
            Ok(Yaml {
                tree: Value::Null,
                duplicates: Vec::new(),
            })
        },
    }
}
