//! serviceaccount-token-controller: secrets of the type `kubernetes.io/service-account-token` get the token of the account
//! that they name, and go with it.
//!
//! Upstream: `pkg/controller/serviceaccount/tokens_controller.go`

pub mod cleaning;
mod secret;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::resources::{SECRETS, SERVICE_ACCOUNTS};
use secret::{Missing, TokenSecret};
use std::sync::Arc;
use tollgate_api::client::{Deletion, Identity, Pending};
use tollgate_api::status::Reason;
use tollgate_api::token_maker::{SecretToken, TokenMaker};
use tollgate_api::{Status, Value};

/// The work on an account that is gone. Any other sort of work has the name of an account: from that, the secret of the
/// key is to be taken.
const ACCOUNT: &str = "account that is gone";

/// The controller.
#[derive(Debug)]
pub struct TokenSecrets {
    tokens: Arc<dyn TokenMaker>,
    root_ca: String,
}

impl TokenSecrets {
    /// A controller that puts tokens of `tokens` into secrets, and the authority's certificate (PEM) with them.
    pub fn new(tokens: Arc<dyn TokenMaker>, root_ca: String) -> Self {
        Self { tokens, root_ca }
    }

    /// Fills a secret, or deletes it if its account is not there.
    async fn settle(&self, context: &Context, namespace: &str, name: &str) -> Outcome {
        let Some(cached) = context.cache.get(&SECRETS, namespace, name) else {
            return Ok(Requeue::No);
        };
        let object = cached.object()?;
        let Some(secret) = TokenSecret::of(&object) else {
            return Ok(Requeue::No);
        };
        let Some(account_uid) = account_uid(context, namespace, secret).await? else {
            return delete(context, namespace, name, &cached.meta.uid).await;
        };
        if !secret.missing(&self.root_ca).is_any() {
            return Ok(Requeue::No);
        }
        let mut fresh = match context.get(&SECRETS, namespace, name).await {
            Err(status) if status.reason == Reason::NotFound => return Ok(Requeue::No),
            fresh => fresh?,
        };
        let Some(secret) = TokenSecret::of(&fresh) else {
            return Ok(Requeue::No);
        };
        let missing = secret.missing(&self.root_ca);
        let account = secret.account.to_owned();
        if fresh.at(&["metadata", "uid"]).and_then(Value::as_str) != Some(&cached.meta.uid)
            || !missing.is_any()
        {
            return Ok(Requeue::No);
        }
        let token = self.token(missing, namespace, name, (&account, &account_uid))?;
        secret::fill(&mut fresh, missing, &self.root_ca, &token);
        let annotations = fresh.child_mut("metadata").child_mut("annotations");
        annotations.set(secret::ACCOUNT_NAME, account);
        annotations.set(secret::ACCOUNT_UID, account_uid);
        let written = context.update(&SECRETS, "", fresh).await;
        gone::outcome(written)
    }

    /// A new token, if one is missing.
    fn token(
        &self,
        missing: Missing,
        namespace: &str,
        secret: &str,
        (account, account_uid): (&str, &str),
    ) -> Result<String, Status> {
        if !missing.token {
            return Ok(String::new());
        }
        let made = self.tokens.secret_token(&SecretToken {
            namespace,
            account,
            account_uid,
            secret,
        });
        made.map_err(|why| Status::internal(why.to_string()))
    }

    async fn perform(&self, context: &Context, key: &Key) -> Outcome {
        match key.kind.as_str() {
            "" => self.settle(context, &key.namespace, &key.name).await,
            ACCOUNT => delete_tokens(context, &key.namespace, &key.name).await,
            account => forget(context, &key.namespace, account, &key.name).await,
        }
    }
}

/// The unique id of the account of a secret; none if that account is not there. What the cache does not know is asked of the
/// API: a secret must not go only because its account is new.
async fn account_uid(
    context: &Context,
    namespace: &str,
    secret: TokenSecret<'_>,
) -> Result<Option<String>, Status> {
    let fits = |uid: &str| secret.account_uid.is_empty() || secret.account_uid == uid;
    let cached = context
        .cache
        .get(&SERVICE_ACCOUNTS, namespace, secret.account);
    if let Some(account) = cached.filter(|account| fits(&account.meta.uid)) {
        return Ok(Some(account.meta.uid.to_string()));
    }
    match context
        .get(&SERVICE_ACCOUNTS, namespace, secret.account)
        .await
    {
        Err(status) if status.reason == Reason::NotFound => Ok(None),
        found => {
            let found = found?;
            let uid = found.at(&["metadata", "uid"]).and_then(Value::as_str);
            Ok(uid.filter(|uid| fits(uid)).map(str::to_owned))
        }
    }
}

/// Deletes the secrets of accounts of that name that are not there.
async fn delete_tokens(context: &Context, namespace: &str, account: &str) -> Outcome {
    let there = context.cache.get(&SERVICE_ACCOUNTS, namespace, account);
    let there = there.map_or_else(Default::default, |account| account.meta.uid.clone());
    for cached in context.cache.list(&SECRETS, namespace) {
        let object = cached.object()?;
        let belongs = TokenSecret::of(&object).is_some_and(|secret| {
            secret.account == account
                && !secret.account_uid.is_empty()
                && secret.account_uid != there
        });
        if belongs {
            delete(context, namespace, &cached.meta.name, &cached.meta.uid).await?;
        }
    }
    Ok(Requeue::No)
}

async fn delete(context: &Context, namespace: &str, name: &str, uid: &str) -> Outcome {
    let deletion = Deletion {
        uid: Some(uid.into()),
        ..Deletion::default()
    };
    let deleted = context.delete(&SECRETS, namespace, name, deletion).await;
    gone::outcome(deleted)
}

/// Takes a secret that is gone from those that its account names.
async fn forget(context: &Context, namespace: &str, account: &str, secret: &str) -> Outcome {
    let is_there = context.cache.get(&SECRETS, namespace, secret).is_some();
    let known = context.cache.get(&SERVICE_ACCOUNTS, namespace, account);
    let Some(known) = known.filter(|_| !is_there) else {
        return Ok(Requeue::No);
    };
    let names = |reference: &Value| reference.str("name") == Some(secret);
    if !known.object()?.items("secrets").iter().any(names) {
        return Ok(Requeue::No);
    }
    let mut fresh = match context.get(&SERVICE_ACCOUNTS, namespace, account).await {
        Err(status) if status.reason == Reason::NotFound => return Ok(Requeue::No),
        fresh => fresh?,
    };
    let mut references = fresh.items("secrets").to_vec();
    references.retain(|reference| !names(reference));
    fresh.set("secrets", Value::Array(references));
    let written = context.update(&SERVICE_ACCOUNTS, "", fresh).await;
    gone::outcome(written)
}

impl Controller for TokenSecrets {
    fn name(&self) -> &'static str {
        "serviceaccount-token-controller"
    }

    fn identity(&self) -> Identity {
        // It makes what other controllers log in with, so it is none of them.
        Identity::user(
            "system:kube-controller-manager",
            &[],
            "kube-controller-manager",
        )
    }

    fn component(&self) -> &'static str {
        "tokens-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&SECRETS, &SERVICE_ACCOUNTS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        let (namespace, name) = (&object.meta.namespace, &object.meta.name);
        if change.is_of(&SERVICE_ACCOUNTS) {
            let uid = change.new.map(|new| &new.meta.uid);
            if change.old.is_some_and(|old| Some(&old.meta.uid) != uid) {
                queue.add(Key::of_kind(ACCOUNT, namespace, name));
            }
            return;
        }
        if change.new.is_some() {
            queue.add(Key::new(namespace, name));
            return;
        }
        let Ok(gone) = object.object() else {
            return;
        };
        if let Some(secret) = TokenSecret::of(&gone) {
            queue.add(Key::of_kind(secret.account, namespace, name));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.perform(context, key))
    }
}
