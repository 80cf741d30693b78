//! Writes of an administrator, as the HTTP layer would ask for them.

use tollgate_api::{UserInfo, json};
use tollgate_apiserver::audit::NO_TRAIL;
use tollgate_apiserver::verbs::options::{DeleteOptions, WriteOptions};
use tollgate_apiserver::verbs::{Api, Call, Warnings, create, delete};

/// A create if there is an object, else a delete: the code of the answer, and its message.
pub(crate) async fn write(
    api: &Api,
    namespace: &str,
    plural: &str,
    name: &str,
    object: Option<&str>,
) -> (u16, String) {
    let catalog = api.catalog.load();
    let resource = catalog.resource("", "v1", plural).unwrap();
    let user = UserInfo::default();
    let warnings = Warnings::default();
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: if resource.namespaced { namespace } else { "" },
        name,
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let answer = match object {
        Some(text) => {
            let mut object = json::from_str(text).unwrap();
            object.set("apiVersion", "v1");
            object.set("kind", resource.kind.kind.clone());
            tollgate_objects::defaults::set_defaults(&resource.kind, &mut object);
            create(&call, object, &WriteOptions::default()).await
        }
        None => delete(&call, &DeleteOptions::default()).await,
    };
    match answer {
        Ok(_) => (200, String::new()),
        Err(status) => (status.code, status.message),
    }
}
