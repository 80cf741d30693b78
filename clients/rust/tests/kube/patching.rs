//! Writes: replacements, patches of every kind, and server-side apply with its conflicts.

use super::{ALONE, NAMESPACE, refusal, start};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, ValidationDirective};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

fn deployment(replicas: u32, image: &str) -> Value {
    let container = json!({"name": "main", "image": image});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    })
}

#[tokio::test]
async fn what_is_applied_is_owned_until_it_is_forced() {
    let (_server, client) = start("kube-apply", ALONE).await;
    let api: Api<Deployment> = Api::namespaced(client, NAMESPACE);
    let ours = PatchParams::apply("ours");
    let first = Patch::Apply(deployment(2, "registry.example/main:1"));
    let made = api.patch("web", &ours, &first).await.unwrap();
    assert_eq!(made.metadata.generation, Some(1));
    let again = api.patch("web", &ours, &first).await.unwrap();
    assert_eq!(again.resource_version(), made.resource_version());

    let theirs = PatchParams::apply("theirs");
    let other = Patch::Apply(deployment(2, "registry.example/main:2"));
    let conflict = refusal(api.patch("web", &theirs, &other).await);
    assert!(conflict.is_conflict(), "{conflict:?}");
    let image = r#".spec.template.spec.containers[name="main"].image"#;
    let causes = conflict.details.unwrap().causes;
    let fields: Vec<&str> = causes.iter().map(|cause| cause.field.as_str()).collect();
    assert_eq!(fields, [image]);

    let forced = api.patch("web", &theirs.force(), &other).await.unwrap();
    assert_eq!(forced.metadata.generation, Some(2));
    let managers = forced.managed_fields().iter();
    let applying = managers.filter(|entry| entry.operation.as_deref() == Some("Apply"));
    let managers: Vec<_> = applying.filter_map(|entry| entry.manager.clone()).collect();
    assert_eq!(managers, ["ours", "theirs"]);

    // What its only owner applies no longer is gone.
    let mut fewer = deployment(0, "registry.example/main:2");
    fewer["spec"].as_object_mut().unwrap().remove("replicas");
    let left = api.patch("web", &ours, &Patch::Apply(&fewer)).await;
    assert_eq!(left.unwrap().spec.unwrap().replicas, Some(2));
    let left = api
        .patch("web", &theirs_again(), &Patch::Apply(&fewer))
        .await;
    assert_eq!(left.unwrap().spec.unwrap().replicas, Some(1));
}

fn theirs_again() -> PatchParams {
    PatchParams::apply("theirs")
}

#[tokio::test]
async fn every_kind_of_patch_is_understood() {
    let (_server, client) = start("kube-patch", ALONE).await;
    let api: Api<Deployment> = Api::namespaced(client, NAMESPACE);
    let made = serde_json::from_value(deployment(2, "registry.example/main:1")).unwrap();
    api.create(&PostParams::default(), &made).await.unwrap();
    let params = PatchParams::default();

    let sidecar = json!({"name": "sidecar", "image": "registry.example/sidecar:1"});
    let spec = json!({"template": {"spec": {"containers": [sidecar]}}});
    let strategic = Patch::Strategic(json!({"spec": spec}));
    let patched = api.patch("web", &params, &strategic).await.unwrap();
    let containers = |of: &Deployment| -> Vec<String> {
        let pod = of.spec.as_ref().unwrap().template.spec.as_ref().unwrap();
        pod.containers.iter().map(|one| one.name.clone()).collect()
    };
    assert_eq!(containers(&patched), ["sidecar", "main"]);

    let merge = Patch::Merge(json!({"spec": spec}));
    let patched = api.patch("web", &params, &merge).await.unwrap();
    assert_eq!(containers(&patched), ["sidecar"]);

    let scaled = Patch::Merge(json!({"spec": {"replicas": 5}}));
    let scale = api.patch_scale("web", &params, &scaled).await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(5));
    // Who scales owns the number from then on.
    let scaled = api.get("web").await.unwrap();
    let by_scale = |entry: &&ManagedFieldsEntry| entry.subresource.as_deref() == Some("scale");
    let entry = scaled.managed_fields().iter().find(by_scale).unwrap();
    let owned = json!({"f:spec": {"f:replicas": {}}});
    assert_eq!(entry.fields_v1.as_ref().unwrap().0, owned);

    let strict = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::default()
    };
    let unknown = Patch::Merge(json!({"spec": {"replica": 5}}));
    let refused = refusal(api.patch("web", &strict, &unknown).await);
    assert!(
        refused.message.contains(r#"unknown field "spec.replica""#),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_replacement_of_what_has_changed_is_a_conflict() {
    let (_server, client) = start("kube-replace", ALONE).await;
    let api: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let params = PostParams::default();
    let map = json!({"metadata": {"name": "a"}, "data": {"k": "1"}});
    let map = serde_json::from_value(map).unwrap();
    let old = api.create(&params, &map).await.unwrap();
    assert!(refusal(api.create(&params, &map).await).is_already_exists());
    let mut new = old.clone();
    new.data.as_mut().unwrap().insert("k".into(), "2".into());
    api.replace("a", &params, &new).await.unwrap();
    let stale = refusal(api.replace("a", &params, &old).await);
    assert!(stale.is_conflict(), "{stale:?}");

    let dry = DeleteParams::default().dry_run();
    assert!(api.delete("a", &dry).await.is_ok());
    assert_eq!(api.get("a").await.unwrap().data.unwrap()["k"], "2");
    let gone = api.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(gone.right().unwrap().is_success());
    assert_eq!(api.get_opt("a").await.unwrap(), None);
}
