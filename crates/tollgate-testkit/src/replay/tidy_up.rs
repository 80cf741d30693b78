//! Removes what a sequence expects not to be there.

use super::{PAUSE, Run};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::thread::sleep;

impl Run<'_> {
    /// Removes the object at a path; of a namespace also all that is in it, as controllers would.
    pub(super) fn remove(&mut self, path: &str) -> Result<()> {
        let namespace = path
            .strip_prefix("/api/v1/namespaces/")
            .filter(|name| !name.contains('/'));
        for _ in 0..50 {
            let found = self.ask("GET", path)?;
            if matches!(found["status"].as_u64(), Some(404 | 405)) {
                return Ok(());
            }
            let meta = &found["body"]["metadata"];
            if namespace.is_none() && meta["finalizers"].is_array() {
                self.strip_finalizers(path)?;
            }
            if meta["deletionTimestamp"].is_null() {
                self.ask("DELETE", &format!("{path}?gracePeriodSeconds=0"))?;
            } else if let Some(namespace) = namespace {
                self.empty(namespace)?;
                let mut body = found["body"].clone();
                body["spec"] = json!({"finalizers": []});
                let place = format!("{path}/finalize");
                self.send("admin", "PUT", &place, &Value::Null, &body, false)?;
            } else {
                sleep(PAUSE);
            }
        }
        bail!("`{path}` cannot be removed")
    }

    fn ask(&mut self, method: &str, path: &str) -> Result<Value> {
        self.send("admin", method, path, &Value::Null, &Value::Null, false)
    }

    fn strip_finalizers(&mut self, path: &str) -> Result<()> {
        let headers = json!({"Content-Type": "application/merge-patch+json"});
        let patch = json!({"metadata": {"finalizers": null}});
        self.send("admin", "PATCH", path, &headers, &patch, false)?;
        Ok(())
    }

    fn empty(&mut self, namespace: &str) -> Result<()> {
        let mut roots = vec!["/api/v1".to_owned()];
        let groups = self.ask("GET", "/apis")?;
        for group in groups["body"]["groups"].as_array().into_iter().flatten() {
            let versions = group["versions"].as_array().into_iter().flatten();
            let names = versions.filter_map(|version| version["groupVersion"].as_str());
            roots.extend(names.map(|name| format!("/apis/{name}")));
        }
        for root in roots {
            let found = self.ask("GET", &root)?;
            for resource in found["body"]["resources"].as_array().into_iter().flatten() {
                let verbs = resource["verbs"].as_array().cloned().unwrap_or_default();
                let can = |verb: &str| verbs.iter().any(|known| known == verb);
                let name = resource["name"].as_str().unwrap_or_default();
                if resource["namespaced"] == true
                    && !name.contains('/')
                    && can("list")
                    && can("delete")
                {
                    self.remove_all(&format!("{root}/namespaces/{namespace}/{name}"))?;
                }
            }
        }
        Ok(())
    }

    fn remove_all(&mut self, collection: &str) -> Result<()> {
        let found = self.ask("GET", collection)?;
        for item in found["body"]["items"].as_array().into_iter().flatten() {
            let name = item["metadata"]["name"].as_str().unwrap_or_default();
            let one = format!("{collection}/{name}");
            if item["metadata"]["finalizers"].is_array() {
                self.strip_finalizers(&one)?;
            }
            let how = "gracePeriodSeconds=0&propagationPolicy=Background";
            self.ask("DELETE", &format!("{one}?{how}"))?;
        }
        Ok(())
    }
}
