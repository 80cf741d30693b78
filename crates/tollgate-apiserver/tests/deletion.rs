//! Deletions that others take part in.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod writing;

use in_process::api;
use std::sync::Arc;
use tollgate_apiserver::storage::{
    MemoryStore, Receipt, Revision, RevisionError, Snapshot, Store, StoreError, Watcher, Write,
};
use tollgate_apiserver::verbs::Api;
use writing::write;

/// Removes what is marked for deletion as soon as it is marked, as a quick controller would.
#[derive(Debug, Default)]
struct QuickHands(MemoryStore);

impl Store for QuickHands {
    fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    fn snapshot_at(&self, revision: Revision) -> Result<Snapshot, RevisionError> {
        self.0.snapshot_at(revision)
    }

    fn transact(
        &self,
        decide: &mut dyn FnMut(&Snapshot) -> Vec<Write>,
    ) -> Result<Receipt, StoreError> {
        let mut marked = Vec::new();
        let receipt = self.0.transact(&mut |head| {
            let writes = decide(head);
            for write in &writes {
                if let Write::Put { key, value } = write
                    && String::from_utf8_lossy(value).contains("deletionTimestamp")
                {
                    marked.push(Write::Delete { key: key.clone() });
                }
            }
            writes
        })?;
        self.0.transact(&mut |_| marked.clone())?;
        Ok(receipt)
    }

    fn compact(&self, revision: Revision) {
        self.0.compact(revision);
    }

    fn watch(&self, prefix: &str, revision: Revision) -> Result<Watcher, RevisionError> {
        self.0.watch(prefix, revision)
    }
}

#[tokio::test]
async fn a_pod_that_somebody_removes_between_its_mark_and_its_end_was_deleted() {
    let api = Api {
        store: Arc::new(QuickHands::default()),
        ..api()
    };
    let done = (200, String::new());
    let pod = r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    for (plural, object) in [
        ("namespaces", r#"{"metadata":{"name":"busy"}}"#),
        ("serviceaccounts", r#"{"metadata":{"name":"default"}}"#),
        ("pods", pod),
    ] {
        assert_eq!(write(&api, "busy", plural, "", Some(object)).await, done);
    }
    assert_eq!(write(&api, "busy", "pods", "p", None).await, done);
    let again = write(&api, "busy", "pods", "p", None).await;
    assert_eq!(again, (404, "pods \"p\" not found".to_owned()));
}
