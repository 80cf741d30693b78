//! token-cleaner-controller: bootstrap tokens go when their time is over. It runs only for those who ask for it by name.
//!
//! Upstream: `pkg/controller/bootstrap/tokencleaner.go`

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::moment;
use crate::resources::SECRETS;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::client::{Deletion, Identity, Pending};
use tollgate_api::{Timestamp, Value};

const TYPE: &str = "bootstrap.kubernetes.io/token";
/// Only here they are tokens.
const NAMESPACE: &str = "kube-system";

/// The controller.
#[derive(Debug)]
pub struct BootstrapTokenCleaning;

/// When a token ends; none if it never does. What cannot be read is over: nobody is to be let in for ever by mistake.
fn end(secret: &Value) -> Option<Timestamp> {
    let written = secret.at(&["data", "expiration"])?.as_str()?;
    let text = STANDARD.decode(written).unwrap_or_default();
    let text = String::from_utf8(text).unwrap_or_default();
    if written.is_empty() {
        return None;
    }
    Some(Timestamp::parse(&text).unwrap_or_default())
}

async fn clean(context: &Context, name: &str) -> Outcome {
    let Some(cached) = context.cache.get(&SECRETS, NAMESPACE, name) else {
        return Ok(Requeue::No);
    };
    let secret = cached.object()?;
    let Some(end) = end(&secret).filter(|_| secret.str("type") == Some(TYPE)) else {
        return Ok(Requeue::No);
    };
    if end > context.now {
        return Ok(Requeue::After(moment::until(end, context.now)));
    }
    let deletion = Deletion {
        uid: Some(cached.meta.uid.clone()),
        ..Deletion::default()
    };
    gone::outcome(context.delete(&SECRETS, NAMESPACE, name, deletion).await)
}

impl Controller for BootstrapTokenCleaning {
    fn name(&self) -> &'static str {
        "token-cleaner-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("token-cleaner")
    }

    fn component(&self) -> &'static str {
        "token-cleaner"
    }

    fn workers(&self) -> usize {
        1
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&SECRETS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if let Some(new) = change.new.filter(|new| new.meta.namespace == NAMESPACE) {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(clean(context, &key.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(data: &str, expected: Option<&str>) {
        let secret = json::from_str(&format!(r#"{{"data":{data}}}"#)).unwrap();
        let end = end(&secret).map(|end| end.to_string());
        assert_eq!(end.as_deref(), expected);
    }

    #[test]
    fn a_token_without_an_end_stays_and_one_with_nonsense_for_an_end_is_over() {
        check("{}", None);
        let time = STANDARD.encode("2027-01-01T00:00:00Z");
        check(
            &format!(r#"{{"expiration":"{time}"}}"#),
            Some("2027-01-01T00:00:00Z"),
        );
        check(r#"{"expiration":"eA=="}"#, Some("1970-01-01T00:00:00Z"));
        check(r#"{"expiration":"?"}"#, Some("1970-01-01T00:00:00Z"));
    }
}
