//! A whole cluster in one thread: the server without HTTP, its controllers, and a clock that is moved by hand.
//!
//! One seed decides the order in which controllers hear of changes and work, and what goes wrong: the same seed gives
//! the same life.

mod faults;
mod world;

pub use faults::Faults;
pub use world::World;

use faults::FaultyCluster;
use futures_util::FutureExt as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tollgate_api::client::{
    Client, Cluster as _, Deletion, GroupVersionResource, Identity, PatchKind, Reply, Selection,
    Target, Verb,
};
use tollgate_api::usage_source::UsageSource;
use tollgate_api::{Release, Status, Value, json};
use tollgate_apiserver::admission::{AdmissionConfig, Chain, Prepared};
use tollgate_apiserver::auth::node::NodeIndex;
use tollgate_apiserver::auth::rbac::RbacIndex;
use tollgate_apiserver::auth::token::SigningKey;
use tollgate_apiserver::auth::token::request::Issuer;
use tollgate_apiserver::auth::{Authorizer, Mode};
use tollgate_apiserver::environment::Environment;
use tollgate_apiserver::fresh::{self, Surroundings};
use tollgate_apiserver::local::LocalCluster;
use tollgate_apiserver::quota::Ledger;
use tollgate_apiserver::resources::{CatalogCell, built_in, measured};
use tollgate_apiserver::storage::{MemoryStore, Store};
use tollgate_apiserver::verbs::{Api, Yaml};
use tollgate_controllers::clock::Clock;
use tollgate_controllers::controller::Controller;
use tollgate_controllers::driver::{Cache, Machine, Step, Stepper};

/// How many steps may be taken without the clock moving before a test gives up.
const STEPS_MAX: usize = 200_000;

/// Makes the controllers of a cluster: a restart makes them anew.
pub type Controllers = Box<dyn Fn() -> Vec<Arc<dyn Controller>>>;

/// A cluster.
pub struct Cluster {
    /// The time and chance.
    pub world: Arc<World>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// Where objects are kept.
    pub store: Arc<dyn Store>,
    admission: AdmissionConfig,
    release: Release,
    usage: Option<Arc<dyn UsageSource>>,
    controllers: Controllers,
    api: Arc<Api>,
    stepper: Stepper,
    worker: Option<&'static str>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").finish_non_exhaustive()
    }
}

/// What cannot wait: everything answers at once here.
#[track_caller]
fn at_once<T>(pending: impl Future<Output = T>) -> T {
    pending
        .now_or_never()
        .expect("a store in memory answers at once")
}

impl Cluster {
    /// A cluster with these controllers and the plugins that are on by default.
    pub fn new(seed: u64, controllers: Controllers) -> Self {
        Self::with(
            seed,
            AdmissionConfig::default(),
            Release::default(),
            controllers,
        )
    }

    /// A cluster in which somebody says what pods and nodes use.
    pub fn measured(seed: u64, usage: Arc<dyn UsageSource>, controllers: Controllers) -> Self {
        let (admission, release) = (AdmissionConfig::default(), Release::default());
        Self::made(seed, admission, release, Some(usage), controllers)
    }

    /// A cluster with these controllers and plugins.
    pub fn with(
        seed: u64,
        admission: AdmissionConfig,
        release: Release,
        controllers: Controllers,
    ) -> Self {
        Self::made(seed, admission, release, None, controllers)
    }

    fn made(
        seed: u64,
        admission: AdmissionConfig,
        release: Release,
        usage: Option<Arc<dyn UsageSource>>,
        controllers: Controllers,
    ) -> Self {
        let world = Arc::new(World::new(seed));
        let faults = Arc::new(Faults::default());
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let api = api(&store, &world, &admission, release, usage.as_ref());
        let stepper = stepper(&api, &world, &faults, controllers());
        Self {
            world,
            faults,
            store,
            admission,
            release,
            usage,
            controllers,
            api,
            stepper,
            worker: None,
        }
    }

    /// Ends the controllers and begins them anew: all they remembered is lost.
    pub fn restart_controllers(&mut self) {
        let controllers = (self.controllers)();
        self.stepper = stepper(&self.api, &self.world, &self.faults, controllers);
    }

    /// Ends the server, too; what is in the store is all that is left.
    pub fn restart(&mut self) {
        let usage = self.usage.as_ref();
        self.api = api(
            &self.store,
            &self.world,
            &self.admission,
            self.release,
            usage,
        );
        self.restart_controllers();
    }

    /// What verbs share.
    pub fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// A client that acts as `identity` and meets no faults.
    pub fn client(&self, identity: Identity) -> Arc<dyn Client> {
        LocalCluster::new(Arc::clone(&self.api)).client(identity)
    }

    /// The administrator's client.
    pub fn admin(&self) -> Arc<dyn Client> {
        self.client(Identity::user("admin", &["system:masters"], "kubectl"))
    }

    /// Asks the API as the administrator.
    pub fn call(&self, target: Target<'_>, verb: Verb) -> Result<Reply, Status> {
        at_once(self.admin().call(target, verb))
    }

    fn object(&self, target: Target<'_>, verb: Verb) -> Result<Value, Status> {
        match self.call(target, verb)? {
            Reply::Object(object) => object.parse(),
            Reply::Other(object) => Ok(object),
            Reply::List { .. } => panic!("a list is no object"),
        }
    }

    /// Makes an object that is given as JSON.
    pub fn create(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        object: &str,
    ) -> Result<Value, Status> {
        let object = json::from_str(object).expect("an object in JSON");
        self.object(
            Target::collection(resource, namespace),
            Verb::Create(object),
        )
    }

    /// An object; none if it is not there.
    pub fn get(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        name: &str,
    ) -> Option<Value> {
        let target = Target::object(resource, namespace, name);
        self.object(target, Verb::Get).ok()
    }

    /// The objects of a namespace, or of all.
    pub fn list(&self, resource: &GroupVersionResource, namespace: &str) -> Vec<Value> {
        let target = Target::collection(resource, namespace);
        let verb = Verb::List(Selection::default());
        match self.call(target, verb).expect("a list") {
            Reply::List { items, .. } => {
                let items = items.iter().map(|item| item.parse().expect("an object"));
                items.collect()
            }
            _ => panic!("an object is no list"),
        }
    }

    /// Changes an object by a merge patch that is given as JSON.
    pub fn patch(&self, target: Target<'_>, patch: &str) -> Result<Value, Status> {
        let patch = json::from_str(patch).expect("a patch in JSON");
        self.object(target, Verb::Patch(PatchKind::Merge, patch))
    }

    /// Replaces an object or a subresource.
    pub fn update(&self, target: Target<'_>, object: Value) -> Result<Value, Status> {
        self.object(target, Verb::Update(object))
    }

    /// Deletes an object.
    pub fn delete(&self, target: Target<'_>, deletion: Deletion) -> Result<Value, Status> {
        self.object(target, Verb::Delete(deletion))
    }

    /// The controller that worked in the last step; none if nobody did.
    pub fn worker(&self) -> Option<&'static str> {
        self.worker
    }

    /// What controllers know.
    pub fn cache(&self) -> &Cache {
        self.stepper.machine().cache()
    }

    /// Takes one step, if there is one to take.
    pub fn step(&mut self) -> bool {
        self.worker = None;
        let steps = self.stepper.steps();
        if steps.is_empty() {
            return false;
        }
        let random = usize::try_from(self.world.chance() >> 1).unwrap_or_default();
        let step = &steps[random % steps.len()];
        if let Step::Deliver(resource) = step
            && self.faults.drops_watch(&self.world)
        {
            self.stepper.drop_watch(resource);
            return true;
        }
        self.worker = self.stepper.worker(step);
        assert!(self.stepper.take(step), "{step:?} waits for something");
        true
    }

    /// When something is due, if nothing happens before.
    pub fn next_due(&self) -> Option<Duration> {
        self.stepper.next_due()
    }

    /// Takes steps until there is nothing to do before the clock moves.
    #[track_caller]
    pub fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            if !self.step() {
                return;
            }
        }
        panic!("the cluster does not settle: {:?}", self.stepper.steps());
    }

    /// Moves the clock, and does at each moment what is due.
    #[track_caller]
    pub fn advance(&mut self, time: Duration) {
        let end = self.world.elapsed_now() + time;
        loop {
            self.settle();
            let due = self.stepper.next_due().filter(|due| *due <= end);
            let Some(due) = due else {
                break;
            };
            self.world.move_to(due);
        }
        self.world.move_to(end);
        self.settle();
    }

    /// Moves the clock until something holds; panics if it does not within `limit`.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration, mut holds: impl FnMut(&Self) -> bool) {
        let end = self.world.elapsed_now() + limit;
        loop {
            self.settle();
            if holds(self) {
                return;
            }
            let due = self.stepper.next_due().filter(|due| *due <= end);
            let due = due.unwrap_or_else(|| panic!("nothing more happens within {limit:?}"));
            self.world.move_to(due);
        }
    }
}

/// A server on a store, without HTTP.
fn api(
    store: &Arc<dyn Store>,
    world: &Arc<World>,
    admission: &AdmissionConfig,
    release: Release,
    usage: Option<&Arc<dyn UsageSource>>,
) -> Arc<Api> {
    let mut catalog = built_in().expect("the catalog is whole");
    if let Some(usage) = usage {
        catalog = catalog.with_group(measured::group(usage));
    }
    let surroundings = Surroundings {
        reached: ([127, 0, 0, 1], 6443).into(),
        hostname: "simulated".to_owned(),
        client_authorities: String::new(),
        unannounced: Vec::new(),
    };
    let filled = fresh::fill(&**store, &**world, &catalog, &surroundings);
    at_once(filled).expect("a fresh cluster can be written");
    let rbac = RbacIndex::following(Arc::clone(store)).expect("the store remembers the moment");
    Arc::new(Api {
        store: Arc::clone(store),
        catalog: CatalogCell::new(catalog),
        environment: Arc::clone(world) as Arc<dyn Environment>,
        release,
        admission: Chain::new(admission),
        prepared: Prepared::new(admission, release),
        quotas: Ledger::new(admission.limited_resources.clone()),
        authorizer: Authorizer::new(vec![Mode::Node, Mode::Rbac], Arc::new(rbac))
            .with_nodes(Arc::new(NodeIndex::new(Arc::clone(store)))),
        issuer: issuer(),
        read_yaml: |_| {
            Ok(Yaml {
                tree: Value::Null,
                duplicates: Vec::new(),
            })
        },
    })
}

/// Keys take long to make: all clusters of a process share one.
fn issuer() -> Issuer {
    static PEM: OnceLock<String> = OnceLock::new();
    let random = ring::rand::SystemRandom::new();
    let pem = PEM.get_or_init(|| SigningKey::generate(&random).expect("a key can be made"));
    Issuer {
        name: "https://kubernetes.default.svc".to_owned(),
        key: SigningKey::from_pem(pem, &random)
            .expect("the key is one")
            .into(),
        audiences: vec!["https://kubernetes.default.svc".into()],
        expiration_seconds_max: None,
        extends_expiration: true,
    }
}

fn stepper(
    api: &Arc<Api>,
    world: &Arc<World>,
    faults: &Arc<Faults>,
    controllers: Vec<Arc<dyn Controller>>,
) -> Stepper {
    let cluster = FaultyCluster {
        inner: LocalCluster::new(Arc::clone(api)),
        faults: Arc::clone(faults),
        world: Arc::clone(world),
    };
    let clock = Arc::clone(world) as Arc<dyn Clock>;
    Stepper::new(Arc::new(Machine::new(
        controllers,
        Arc::new(cluster),
        clock,
    )))
}
