"""What a program in Python does with a cluster, with the client that such programs use.

`cargo xtask clients` starts a server with three nodes and runs this with KUBECONFIG set. Each test has a namespace of its own.
"""

import os
import tempfile
import unittest
import uuid

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

# What takes longer is not coming.
DEADLINE_SECONDS = 120

# What a user has in a file.
MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: registry.example/once:1, command: ["true"]}]
---
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: reader}
  rules: [{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}]
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: closed}
  spec: {podSelector: {}, policyTypes: [Ingress]}
"""


def setUpModule():
    config.load_kube_config()


def container(image="registry.example/main:1", command=None):
    return client.V1Container(name="main", image=image, command=command)


def pod(name, command=None, labels=None, annotations=None):
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels=labels or {"app": "web"}, annotations=annotations),
        spec=client.V1PodSpec(containers=[container(command=command)]),
    )


def deployment(image, replicas=3):
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name="web"),
        spec=client.V1DeploymentSpec(
            replicas=replicas,
            selector=client.V1LabelSelector(match_labels={"app": "web"}),
            strategy=client.V1DeploymentStrategy(
                rolling_update=client.V1RollingUpdateDeployment(max_surge=1, max_unavailable=0)
            ),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels={"app": "web"}),
                spec=client.V1PodSpec(containers=[container(image)]),
            ),
        ),
    )


def quota(pods):
    return client.V1ResourceQuota(
        metadata=client.V1ObjectMeta(name="tight"), spec=client.V1ResourceQuotaSpec(hard={"pods": str(pods)})
    )


class Tour(unittest.TestCase):
    def setUp(self):
        self.core = client.CoreV1Api()
        self.apps = client.AppsV1Api()
        name = f"tour-{uuid.uuid4().hex[:8]}"
        self.core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
        self.addCleanup(self.core.delete_namespace, name)
        self.namespace = name
        self.seen(self.core.list_namespaced_service_account, lambda _, one: one.metadata.name == "default")

    def seen(self, listing, is_it, **selectors):
        """Watches a list of the namespace until an event is what is waited for; gives its object."""
        events = watch.Watch().stream(
            listing, namespace=self.namespace, timeout_seconds=DEADLINE_SECONDS, **selectors
        )
        for event in events:
            if is_it(event["type"], event["object"]):
                events.close()
                return event["object"]
        self.fail("what is waited for does not come about")

    def running(self, name):
        return self.seen(
            self.core.list_namespaced_pod,
            lambda _, one: one.status.phase == "Running" and all(c.ready for c in one.status.container_statuses),
            field_selector=f"metadata.name={name}",
        )

    def gone(self, name):
        """Waits until a pod is no more."""
        selector = f"metadata.name={name}"
        listed = self.core.list_namespaced_pod(self.namespace, field_selector=selector)
        if listed.items:
            self.seen(
                self.core.list_namespaced_pod,
                lambda kind, _: kind == "DELETED",
                field_selector=selector,
                resource_version=listed.metadata.resource_version,
            )

    def retried(self, write):
        """Writes what was read; whoever was faster, such as a controller, is let go first."""
        for _ in range(20):
            try:
                return write()
            except ApiException as conflict:
                if conflict.status != 409:
                    raise
        return write()

    def refused(self, code, call, *args, **kwargs):
        with self.assertRaises(ApiException) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.status, code, caught.exception.body)
        return caught.exception

    def test_lists_and_watches(self):
        listed = self.core.list_namespaced_pod(self.namespace)
        self.assertEqual(listed.items, [])
        self.core.create_namespaced_pod(self.namespace, pod("a"))
        self.running("a")
        self.core.delete_namespaced_pod("a", self.namespace, grace_period_seconds=0)
        kinds, phases = [], []
        events = watch.Watch().stream(
            self.core.list_namespaced_pod,
            self.namespace,
            resource_version=listed.metadata.resource_version,
            timeout_seconds=DEADLINE_SECONDS,
        )
        for event in events:
            kinds.append(event["type"])
            phases.append(event["object"].status.phase)
            if event["type"] == "DELETED":
                break
        self.assertEqual((kinds[0], kinds[-1], set(kinds[1:-1])), ("ADDED", "DELETED", {"MODIFIED"}))
        self.assertEqual(phases[0], "Pending")
        self.assertIn("Running", phases)

    def test_lists_by_pages_and_selectors(self):
        for number in range(5):
            labels = {"parity": "even" if number % 2 == 0 else "odd"}
            body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=f"m{number}", labels=labels))
            self.core.create_namespaced_config_map(self.namespace, body)
        names, token = [], None
        while True:
            page = self.core.list_namespaced_config_map(
                self.namespace, limit=2, _continue=token, label_selector="parity"
            )
            names += [one.metadata.name for one in page.items]
            self.assertLessEqual(len(page.items), 2)
            token = page.metadata._continue
            if not token:
                break
        self.assertEqual(names, ["m0", "m1", "m2", "m3", "m4"])
        odd = self.core.list_namespaced_config_map(self.namespace, label_selector="parity in (odd)")
        self.assertEqual([one.metadata.name for one in odd.items], ["m1", "m3"])

    def test_a_rolling_update_waits_for_room_in_the_quota(self):
        self.core.create_namespaced_resource_quota(self.namespace, quota(3))
        self.apps.create_namespaced_deployment(self.namespace, deployment("registry.example/main:1"))
        complete = lambda image: lambda _, one: (
            one.spec.template.spec.containers[0].image == image
            and one.status.observed_generation == one.metadata.generation
            and one.status.updated_replicas == one.status.available_replicas == one.status.replicas == 3
        )
        self.seen(self.apps.list_namespaced_deployment, complete("registry.example/main:1"))

        patch = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "registry.example/main:2"}]}}}}
        self.apps.patch_namespaced_deployment("web", self.namespace, patch)
        why = "exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3"
        failed = self.seen(
            self.core.list_namespaced_event,
            lambda _, one: one.reason == "FailedCreate" and one.involved_object.kind == "ReplicaSet",
        )
        self.assertTrue(failed.message.endswith(why), failed.message)
        failing = lambda one: [c for c in one.status.conditions or [] if c.type == "ReplicaFailure"]
        web = self.seen(self.apps.list_namespaced_deployment, lambda _, one: failing(one))
        self.assertTrue(failing(web)[0].message.endswith(why), failing(web))
        refusal = self.refused(403, self.core.create_namespaced_pod, self.namespace, pod("more"))
        self.assertIn(why, refusal.body)

        self.core.patch_namespaced_resource_quota("tight", self.namespace, {"spec": {"hard": {"pods": "4"}}})
        web = self.seen(self.apps.list_namespaced_deployment, complete("registry.example/main:2"))
        self.seen(self.apps.list_namespaced_deployment, lambda _, one: not failing(one))
        self.seen(
            self.core.list_namespaced_resource_quota, lambda _, one: (one.status.used or {}).get("pods") == "3"
        )
        sets = self.apps.list_namespaced_replica_set(self.namespace).items
        self.assertEqual(sorted(one.spec.replicas for one in sets), [0, 3])

    def test_patches_of_every_kind(self):
        self.apps.create_namespaced_deployment(self.namespace, deployment("registry.example/main:1", replicas=0))
        sidecar = {"name": "sidecar", "image": "registry.example/sidecar:1"}
        body = {"spec": {"template": {"spec": {"containers": [sidecar]}}}}
        patched = self.apps.patch_namespaced_deployment("web", self.namespace, body)
        self.assertEqual([one.name for one in patched.spec.template.spec.containers], ["sidecar", "main"])

        operations = [
            {"op": "test", "path": "/spec/replicas", "value": 0},
            {"op": "replace", "path": "/spec/replicas", "value": 2},
        ]
        patched = self.apps.patch_namespaced_deployment("web", self.namespace, operations)
        self.assertEqual(patched.spec.replicas, 2)
        failing = [{"op": "test", "path": "/spec/replicas", "value": 7}]
        self.refused(422, self.apps.patch_namespaced_deployment, "web", self.namespace, failing)

        def shrink():
            scale = self.apps.read_namespaced_deployment_scale("web", self.namespace)
            scale.spec.replicas = 1
            return self.apps.replace_namespaced_deployment_scale("web", self.namespace, scale)

        self.assertEqual(self.retried(shrink).spec.replicas, 1)

        stale = self.apps.read_namespaced_deployment("web", self.namespace)
        stale.metadata.resource_version = "1"
        self.refused(409, self.apps.replace_namespaced_deployment, "web", self.namespace, stale)

    def test_deletes_one_and_all(self):
        for name in ("a", "b", "c"):
            self.core.create_namespaced_pod(self.namespace, pod(name, labels={"app": name}))
            self.running(name)
        self.core.delete_namespaced_pod("a", self.namespace)
        self.gone("a")
        self.core.delete_collection_namespaced_pod(
            self.namespace, label_selector="app in (b)", grace_period_seconds=0
        )
        left = [one.metadata.name for one in self.core.list_namespaced_pod(self.namespace).items]
        self.assertEqual(left, ["c"])
        gone = self.refused(404, self.core.delete_namespaced_pod, "a", self.namespace)
        self.assertEqual(gone.reason, "Not Found")

    def test_logs_and_commands(self):
        self.core.create_namespaced_pod(self.namespace, pod("says", ["sh", "-c", "echo one; echo two; sleep 1d"]))
        self.running("says")
        log = self.core.read_namespaced_pod_log("says", self.namespace).splitlines()
        # The first line says that nothing runs.
        self.assertEqual(log[1:], ["one", "two"])
        self.assertEqual(self.core.read_namespaced_pod_log("says", self.namespace, tail_lines=1), "two\n")
        lines = watch.Watch().stream(self.core.read_namespaced_pod_log, name="says", namespace=self.namespace)
        self.assertEqual([next(lines) for _ in log], log)
        lines.close()

        run = self.core.connect_get_namespaced_pod_exec
        said = stream(run, "says", self.namespace, command=["echo", "from inside"], stdout=True, stderr=True)
        self.assertEqual(said, "from inside\n")
        process = stream(run, "says", self.namespace, command=["false"], stdout=True, _preload_content=False)
        process.run_forever(timeout=DEADLINE_SECONDS)
        self.assertEqual(process.returncode, 1)
        process.close()

    def test_creates_what_a_file_says(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "all.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(MANIFEST)
            utils.create_from_yaml(client.ApiClient(), path, namespace=self.namespace)
            with self.assertRaises(utils.FailToCreateError) as again:
                utils.create_from_yaml(client.ApiClient(), path, namespace=self.namespace)
        self.assertEqual({one.status for one in again.exception.api_exceptions}, {409})
        self.assertEqual(self.core.read_namespaced_config_map("settings", self.namespace).data, {"colour": "blue"})
        self.assertIsNotNone(self.core.read_namespaced_service("web", self.namespace).spec.cluster_ip)
        rules = client.RbacAuthorizationV1Api().read_namespaced_role("reader", self.namespace).rules
        self.assertEqual(rules[0].verbs, ["get", "list", "watch"])
        self.seen(client.BatchV1Api().list_namespaced_job, lambda _, one: one.status.succeeded == 1)

    def test_evictions_heed_budgets(self):
        self.core.create_namespaced_pod(self.namespace, pod("a"))
        self.running("a")
        policy = client.PolicyV1Api()
        budget = client.V1PodDisruptionBudget(
            metadata=client.V1ObjectMeta(name="one"),
            spec=client.V1PodDisruptionBudgetSpec(
                min_available=1, selector=client.V1LabelSelector(match_labels={"app": "web"})
            ),
        )
        policy.create_namespaced_pod_disruption_budget(self.namespace, budget)
        self.seen(
            policy.list_namespaced_pod_disruption_budget,
            lambda _, one: one.status.observed_generation == 1 and one.status.current_healthy == 1,
        )
        eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name="a"))
        self.refused(429, self.core.create_namespaced_pod_eviction, "a", self.namespace, eviction)
        policy.delete_namespaced_pod_disruption_budget("one", self.namespace)
        self.core.create_namespaced_pod_eviction("a", self.namespace, eviction)
        self.gone("a")

    def test_custom_resources(self):
        group = f"{self.namespace}.example"
        schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
        version = client.V1CustomResourceDefinitionVersion(
            name="v1",
            served=True,
            storage=True,
            schema=client.V1CustomResourceValidation(open_apiv3_schema=schema),
        )
        names = client.V1CustomResourceDefinitionNames(kind="Basket", plural="baskets")
        definition = client.V1CustomResourceDefinition(
            metadata=client.V1ObjectMeta(name=f"baskets.{group}"),
            spec=client.V1CustomResourceDefinitionSpec(
                group=group, names=names, scope="Namespaced", versions=[version]
            ),
        )
        definitions = client.ApiextensionsV1Api()
        definitions.create_custom_resource_definition(definition)
        self.addCleanup(definitions.delete_custom_resource_definition, f"baskets.{group}")
        established = watch.Watch()
        for event in established.stream(
            definitions.list_custom_resource_definition,
            field_selector=f"metadata.name=baskets.{group}",
            timeout_seconds=DEADLINE_SECONDS,
        ):
            conditions = event["object"].status.conditions or []
            if any(one.type == "Established" and one.status == "True" for one in conditions):
                established.stop()
        custom = client.CustomObjectsApi()
        body = {"apiVersion": f"{group}/v1", "kind": "Basket", "metadata": {"name": "a"}, "spec": {"size": 3}}
        custom.create_namespaced_custom_object(group, "v1", self.namespace, "baskets", body)
        patch = {"spec": {"size": 4}}
        custom.patch_namespaced_custom_object(group, "v1", self.namespace, "baskets", "a", patch)
        listed = custom.list_namespaced_custom_object(group, "v1", self.namespace, "baskets")
        self.assertEqual([one["spec"]["size"] for one in listed["items"]], [4])
        body["spec"]["size"], body["metadata"]["name"] = "large", "b"
        refusal = self.refused(
            422, custom.create_namespaced_custom_object, group, "v1", self.namespace, "baskets", body
        )
        self.assertIn("must be of type integer", refusal.body)

    def test_a_client_that_discovers_what_there_is(self):
        found = dynamic.DynamicClient(client.ApiClient())
        pods = found.resources.get(api_version="v1", kind="Pod")
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        pods.create(body=body, namespace=self.namespace)
        deployments = found.resources.get(api_version="apps/v1", kind="Deployment")
        body = client.ApiClient().sanitize_for_serialization(deployment("registry.example/main:1"))
        body |= {"apiVersion": "apps/v1", "kind": "Deployment"}
        made = deployments.server_side_apply(body=body, namespace=self.namespace, field_manager="tour")
        self.assertEqual(made.metadata.managedFields[0].operation, "Apply")
        names = [one.metadata.name for one in deployments.get(namespace=self.namespace).items]
        self.assertEqual(names, ["web"])
        for event in pods.watch(namespace=self.namespace, timeout=DEADLINE_SECONDS):
            if event["object"].status.phase == "Running":
                break

    def test_accounts_and_their_rights(self):
        account = f"system:serviceaccount:{self.namespace}:default"
        review = client.V1SubjectAccessReview(
            spec=client.V1SubjectAccessReviewSpec(
                user=account,
                resource_attributes=client.V1ResourceAttributes(
                    namespace=self.namespace, verb="list", resource="pods"
                ),
            )
        )
        reviews = client.AuthorizationV1Api()
        self.assertFalse(reviews.create_subject_access_review(review).status.allowed)
        token = self.core.create_namespaced_service_account_token(
            "default", self.namespace, client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
        ).status.token
        configuration = client.Configuration.get_default_copy()
        configuration.cert_file = configuration.key_file = None
        configuration.api_key = {"authorization": f"Bearer {token}"}
        theirs = client.CoreV1Api(client.ApiClient(configuration))
        refusal = self.refused(403, theirs.list_namespaced_pod, self.namespace)
        self.assertIn(f'User \\"{account}\\" cannot list resource', refusal.body)
        binding = client.V1RoleBinding(
            metadata=client.V1ObjectMeta(name="view"),
            role_ref=client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="view"),
            subjects=[client.RbacV1Subject(kind="ServiceAccount", name="default", namespace=self.namespace)],
        )
        client.RbacAuthorizationV1Api().create_namespaced_role_binding(self.namespace, binding)
        self.assertEqual(theirs.list_namespaced_pod(self.namespace).items, [])


if __name__ == "__main__":
    unittest.main()
