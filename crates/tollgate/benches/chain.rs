//! What one pod costs from JSON bytes to the verdict.
//!
//! The pod is about a kilobyte, with two containers. `allowed` reads it, decodes it strictly, sets its defaults, lets a
//! LimitRange add to it and judge it, holds it against `restricted:latest` and charges a quota; `refused_by_*` end in
//! a refusal with its message. `read`, `decode` and `default` are the first steps alone; `with_validation` is all
//! that `tollgate check` does to a pod, with its priority and the field errors of the API.

use divan::{Bencher, black_box};
use tollgate_api::{
    Attributes, GroupResource, GroupVersionKind, Operation, Release, Timestamp, Value, json,
};
use tollgate_objects::{conversion, defaults, schema, strategy, validation};
use tollgate_policy::limit_range::{self, LimitRange};
use tollgate_policy::pod_security::{Config, NamespacePolicy, PodSecurity, Review};
use tollgate_policy::priority::PriorityClasses;
use tollgate_policy::resource_quota::{self, Context, Quota, Quotas};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","namespace":"shop","labels":{"app":"web","tier":"front"}},"spec":{"serviceAccountName":"web","securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"volumes":[{"name":"data","emptyDir":{}}],"containers":[{"name":"web","image":"registry.example/web:1.2.3","ports":[{"name":"http","containerPort":8080}],"env":[{"name":"MODE","value":"production"},{"name":"LOG_LEVEL","value":"info"}],"resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"cpu":"500m","memory":"256Mi"}},"readinessProbe":{"httpGet":{"path":"/ready","port":8080}},"volumeMounts":[{"name":"data","mountPath":"/data"}],"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}},{"name":"proxy","image":"registry.example/proxy:4.5.6","args":["--listen=:8443","--upstream=:8080"],"ports":[{"name":"proxy","containerPort":8443}],"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}}"#;

fn main() {
    divan::main();
}

fn tree(text: &str) -> Value {
    json::from_str(text).unwrap_or_default()
}

/// A namespace with its policies, prepared as a server keeps them.
struct Shop {
    kind: GroupVersionKind,
    pods: GroupResource,
    ranges: [LimitRange; 1],
    pod_security: PodSecurity,
    namespace: NamespacePolicy,
    quotas: Quotas,
    priorities: PriorityClasses,
}

impl Shop {
    fn new() -> Self {
        let range = tree(
            r#"{"metadata":{"name":"sizes","namespace":"shop"},"spec":{"limits":[{"type":"Container",
            "default":{"cpu":"200m","memory":"128Mi"},"defaultRequest":{"cpu":"50m","memory":"64Mi"},
            "max":{"cpu":"2","memory":"1Gi"}}]}}"#,
        );
        let quota = tree(
            r#"{"metadata":{"name":"compute","namespace":"shop"},"status":{
            "hard":{"pods":"100","requests.cpu":"20","requests.memory":"40Gi","limits.cpu":"40","limits.memory":"80Gi"},
            "used":{"pods":"3","requests.cpu":"1","requests.memory":"2Gi","limits.cpu":"4","limits.memory":"8Gi"}}}"#,
        );
        let namespace = tree(
            r#"{"metadata":{"name":"shop","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#,
        );
        let pod_security = PodSecurity::new(Config::default(), Release::NEWEST);
        Self {
            kind: GroupVersionKind::new("v1", "Pod"),
            pods: GroupResource::new("", "pods"),
            ranges: [LimitRange::new(&range)],
            namespace: pod_security.namespace_policy(&namespace),
            pod_security,
            quotas: Quotas::new([Quota::stored(&quota)]),
            priorities: PriorityClasses::default().with_system_classes(),
        }
    }

    fn request<'a>(&'a self, object: Option<&'a Value>) -> Attributes<'a> {
        Attributes {
            operation: Operation::Create,
            resource: &self.pods,
            subresource: "",
            namespace: "shop",
            name: "web-0",
            user: None,
            object,
            old_object: None,
            dry_run: false,
        }
    }

    fn decode(&self, text: &[u8]) -> Result<Value, String> {
        let mut pod = json::from_slice(text).map_err(|error| error.to_string())?;
        match schema::decode(&self.kind, &mut pod).first() {
            None => Ok(pod),
            Some(problem) => Err(problem.message.clone()),
        }
    }

    fn default(&self, pod: &mut Value) {
        defaults::set_defaults(&self.kind, pod);
        conversion::convert(&self.kind, pod);
        limit_range::mutate(&self.ranges, &self.request(None), pod);
    }

    /// The message of the first policy that refuses.
    fn judge(&self, pod: &Value) -> Result<(), String> {
        let request = self.request(Some(pod));
        limit_range::validate(&self.ranges, &request).map_err(|refusal| refusal.status.message)?;
        let review = Review::new(&request, Ok(&self.namespace));
        if let Some(status) = self.pod_security.admit(&review, &[][..] as &[Value]).status {
            return Err(status.message);
        }
        let context = Context::at(Timestamp::default());
        resource_quota::admit(&request, &self.quotas, &[], &context)
            .map(|_| ())
            .map_err(|refusal| refusal.status.message)
    }

    fn verdict(&self, text: &[u8]) -> Result<(), String> {
        let mut pod = self.decode(text)?;
        self.default(&mut pod);
        self.judge(&pod)
    }

    fn verdict_with_validation(&self, text: &[u8]) -> Result<(), String> {
        let mut pod = self.decode(text)?;
        self.default(&mut pod);
        self.priorities
            .admit(&mut pod)
            .map_err(|violation| violation.message)?;
        strategy::pod::prepare_for_create(&mut pod, Release::NEWEST);
        let mut errors = tollgate_api::field::Errors::new();
        validation::pod::validate_create(&pod, &validation::Options::default(), &mut errors);
        match errors.first() {
            None => self.judge(&pod),
            Some(error) => Err(error.to_string()),
        }
    }
}

/// The pod with one thing replaced.
fn pod_with(what: &str, by: &str) -> String {
    assert!(POD.contains(what), "the pod has no {what}");
    POD.replace(what, by)
}

#[divan::bench]
fn allowed(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    assert_eq!(shop.verdict(POD.as_bytes()), Ok(()));
    bencher.bench_local(|| shop.verdict(black_box(POD.as_bytes())));
}

#[divan::bench]
fn allowed_with_validation(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    assert_eq!(shop.verdict_with_validation(POD.as_bytes()), Ok(()));
    bencher.bench_local(|| shop.verdict_with_validation(black_box(POD.as_bytes())));
}

fn refused(bencher: Bencher<'_, '_>, shop: &Shop, text: &str, by: &str) {
    let message = shop.verdict(text.as_bytes()).err().unwrap_or_default();
    assert!(message.contains(by), "{message}");
    bencher.bench_local(|| shop.verdict(black_box(text.as_bytes())));
}

#[divan::bench]
fn refused_by_limit_range(bencher: Bencher<'_, '_>) {
    let text = pod_with(r#""memory":"256Mi""#, r#""memory":"2Gi""#);
    refused(
        bencher,
        &Shop::new(),
        &text,
        "maximum memory usage per Container is 1Gi",
    );
}

#[divan::bench]
fn refused_by_pod_security(bencher: Bencher<'_, '_>) {
    let text = pod_with(r#","seccompProfile":{"type":"RuntimeDefault"}"#, "");
    refused(
        bencher,
        &Shop::new(),
        &text,
        r#"violates PodSecurity "restricted:latest""#,
    );
}

#[divan::bench]
fn refused_by_quota(bencher: Bencher<'_, '_>) {
    let mut shop = Shop::new();
    let full = tree(
        r#"{"metadata":{"name":"compute","namespace":"shop"},"status":{"hard":{"pods":"3","limits.cpu":"4"},
        "used":{"pods":"3","limits.cpu":"4"}}}"#,
    );
    shop.quotas = Quotas::new([Quota::stored(&full)]);
    refused(bencher, &shop, POD, "exceeded quota: compute");
}

#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| json::from_slice(black_box(POD.as_bytes())));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    bencher
        .with_inputs(|| tree(POD))
        .bench_local_values(|mut pod| {
            let problems = schema::decode(&shop.kind, &mut pod);
            (problems, pod)
        });
}

#[divan::bench]
fn default(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    let decoded = shop.decode(POD.as_bytes()).unwrap_or_default();
    bencher
        .with_inputs(|| decoded.clone())
        .bench_local_values(|mut pod| {
            shop.default(&mut pod);
            pod
        });
}

#[divan::bench]
fn judge(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    let mut pod = shop.decode(POD.as_bytes()).unwrap_or_default();
    shop.default(&mut pod);
    bencher.bench_local(|| shop.judge(black_box(&pod)));
}
