//! An operator: it installs its definition, has typed objects, and reconciles them.

use super::{ALONE, NAMESPACE, refusal, soon, start};
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Event, finalizer};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, CustomResource, CustomResourceExt as _, Resource as _, ResourceExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "shop.example",
    version = "v1",
    kind = "Basket",
    namespaced,
    status = "BasketStatus",
    shortname = "bk",
    printcolumn = r#"{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}"#,
    scale(
        spec_replicas_path = ".spec.size",
        status_replicas_path = ".status.filled"
    )
)]
struct BasketSpec {
    #[schemars(range(min = 1, max = 9))]
    size: i64,
    owner: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
struct BasketStatus {
    filled: i64,
}

fn basket(name: &str, size: i64) -> Basket {
    Basket::new(name, BasketSpec { size, owner: None })
}

/// Installs the definition as operators do, and waits until its objects can be written.
async fn install(client: &Client) {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let params = PatchParams::apply("operator");
    let definition = Patch::Apply(Basket::crd());
    let name = Basket::crd_name();
    definitions.patch(name, &params, &definition).await.unwrap();
    let established = await_condition(definitions, name, conditions::is_crd_established());
    soon("the definition", established).await.unwrap();
}

#[tokio::test]
async fn custom_resources_are_typed() {
    let (_server, client) = start("kube-custom", ALONE).await;
    install(&client).await;
    let api: Api<Basket> = Api::namespaced(client, NAMESPACE);
    let params = PostParams::default();
    let made = api.create(&params, &basket("first", 3)).await.unwrap();
    assert_eq!((made.spec.size, made.status), (3, None));
    api.create(&params, &basket("second", 5)).await.unwrap();
    let listed = api.list(&ListParams::default()).await.unwrap();
    let sizes: Vec<i64> = listed.iter().map(|basket| basket.spec.size).collect();
    assert_eq!(sizes, [3, 5]);

    let refused = refusal(api.create(&params, &basket("large", 10)).await);
    assert!(refused.is_invalid(), "{refused:?}");
    let why = "spec.size in body should be less than or equal to 9";
    assert!(refused.message.contains(why), "{refused:?}");

    let status = Patch::Merge(json!({"status": {"filled": 2}, "spec": {"size": 7}}));
    let merging = PatchParams::default();
    let patched = api.patch_status("first", &merging, &status);
    let patched = patched.await.unwrap();
    assert_eq!(patched.status, Some(BasketStatus { filled: 2 }));
    assert_eq!(patched.spec.size, 3);
    let scale = api.get_scale("first").await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(3));
    assert_eq!(scale.status.unwrap().replicas, 2);

    let all = (DeleteParams::default(), ListParams::default());
    let gone = api.delete_collection(&all.0, &all.1).await.unwrap();
    assert_eq!(gone.left().map_or(0, |list| list.items.len()), 2);
    assert!(api.list(&all.1).await.unwrap().items.is_empty());
}

const FINALIZER: &str = "shop.example/content";

/// Keeps a ConfigMap for each basket, and removes it when the basket goes.
async fn reconcile(basket: Arc<Basket>, client: Arc<Client>) -> Result<Action, Failure> {
    let baskets: Api<Basket> = Api::namespaced((*client).clone(), NAMESPACE);
    let maps: Api<ConfigMap> = Api::namespaced((*client).clone(), NAMESPACE);
    let reconciled = finalizer(&baskets, FINALIZER, basket, |event| async {
        match event {
            Event::Apply(basket) => apply(&basket, &maps, &baskets).await,
            Event::Cleanup(basket) => {
                let name = basket.name_any();
                maps.delete(&name, &DeleteParams::default()).await?;
                Ok(Action::await_change())
            }
        }
    });
    reconciled.await.map_err(|error| Failure(error.to_string()))
}

async fn apply(
    basket: &Basket,
    maps: &Api<ConfigMap>,
    baskets: &Api<Basket>,
) -> kube::Result<Action> {
    let name = basket.name_any();
    let size = basket.spec.size;
    let map = ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            owner_references: Some(basket.controller_owner_ref(&()).into_iter().collect()),
            ..ObjectMeta::default()
        },
        data: Some([("size".to_owned(), size.to_string())].into()),
        ..ConfigMap::default()
    };
    let operator = PatchParams::apply("operator").force();
    maps.patch(&name, &operator, &Patch::Apply(&map)).await?;
    let status = json!({
        "apiVersion": Basket::api_version(&()),
        "kind": Basket::kind(&()),
        "status": {"filled": size},
    });
    let status = Patch::Apply(status);
    baskets.patch_status(&name, &operator, &status).await?;
    Ok(Action::await_change())
}

#[derive(Debug)]
struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

#[tokio::test]
async fn an_operator_reconciles_its_objects_and_cleans_up() {
    let (_server, client) = start("kube-operator", ALONE).await;
    install(&client).await;
    let baskets: Api<Basket> = Api::namespaced(client.clone(), NAMESPACE);
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    let retry =
        |_: Arc<Basket>, _: &Failure, _: Arc<Client>| Action::requeue(Duration::from_millis(100));
    let operator = Controller::new(baskets.clone(), watcher::Config::default())
        .owns(maps.clone(), watcher::Config::default())
        .run(reconcile, retry, Arc::new(client))
        // Shown if the test fails.
        .for_each(|reconciled| async move { println!("{reconciled:?}") });
    let running = tokio::spawn(operator);

    let params = PostParams::default();
    baskets.create(&params, &basket("mine", 4)).await.unwrap();
    let is_filled = |size: i64| {
        move |basket: Option<&Basket>| {
            let status = basket.and_then(|basket| basket.status.as_ref());
            status.is_some_and(|status| status.filled == size)
        }
    };
    let filled = await_condition(baskets.clone(), "mine", is_filled(4));
    soon("a status", filled).await.unwrap();
    let map = maps.get("mine").await.unwrap();
    assert_eq!(map.data.unwrap()["size"], "4");

    // What it owns comes back.
    let uid = map.metadata.uid.unwrap();
    let now = DeleteParams::default();
    maps.delete("mine", &now).await.unwrap();
    let is_new = |map: Option<&ConfigMap>| {
        map.is_some_and(|map| map.metadata.uid.as_ref().is_some_and(|new| *new != uid))
    };
    let back = await_condition(maps.clone(), "mine", is_new);
    soon("the map again", back).await.unwrap();

    let larger = Patch::Merge(json!({"spec": {"size": 6}}));
    baskets
        .patch("mine", &PatchParams::default(), &larger)
        .await
        .unwrap();
    let filled = await_condition(baskets.clone(), "mine", is_filled(6));
    soon("another status", filled).await.unwrap();

    let going = baskets.delete("mine", &now).await.unwrap().left().unwrap();
    assert_eq!(going.finalizers(), [FINALIZER]);
    let uid = going.uid().unwrap();
    let gone = await_condition(baskets.clone(), "mine", conditions::is_deleted(&uid));
    soon("the end of the basket", gone).await.unwrap();
    assert_eq!(maps.get_opt("mine").await.unwrap(), None);
    running.abort();
}

#[tokio::test]
async fn a_definition_that_goes_takes_its_objects_along() {
    let (_server, client) = start("kube-definition", ALONE).await;
    install(&client).await;
    let api: Api<Basket> = Api::namespaced(client.clone(), NAMESPACE);
    let made = api.create(&PostParams::default(), &basket("a", 1)).await;
    let mut stream = std::pin::pin!(kube::runtime::watcher::watch_object(api.clone(), "a"));
    let first = soon("the object", stream.try_next()).await.unwrap();
    assert_eq!(first.flatten().unwrap().uid(), made.unwrap().uid());
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    let name = Basket::crd_name();
    let uid = definitions.get(name).await.unwrap().uid().unwrap();
    let now = DeleteParams::default();
    definitions.delete(name, &now).await.unwrap();
    let gone = await_condition(definitions, name, conditions::is_deleted(&uid));
    soon("the end of the definition", gone).await.unwrap();
    assert_eq!(refusal(api.list(&ListParams::default()).await).code, 404);
}
