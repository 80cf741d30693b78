//! What `tollgate explain` says about the constraints of a LimitRange.

use crate::{Control, Policy};

/// The id of the control `min`.
pub(super) const MIN: &str = "min";
/// The id of the control `max`.
pub(super) const MAX: &str = "max";
/// The id of the control `maxLimitRequestRatio`.
pub(super) const MAX_LIMIT_REQUEST_RATIO: &str = "maxLimitRequestRatio";

/// What containers, pods and claims ask for.
const FIELDS: &[&str] = &[
    "spec.containers[*].resources.limits[*]",
    "spec.containers[*].resources.requests[*]",
    "spec.initContainers[*].resources.limits[*]",
    "spec.initContainers[*].resources.requests[*]",
    "spec.resources.limits[*]",
    "spec.resources.requests[*]",
];

const SINCE: &str = "every release; since v1.28 the sum of a pod is that of the containers that ask, \
    sidecars included; since v1.33 resizes are judged, too";

/// The constraints of a LimitRange, in the order in which they are said.
pub const CONTROLS: &[Control] = &[
    Control {
        id: MIN,
        policy: Policy::LimitRange,
        guards: "A container, pod or claim must ask for at least this much of a resource.",
        fields: FIELDS,
        allowed: "a request of at least the minimum, and no limit below it. Type `Container` judges each container \
            after it got the item's `defaultRequest`, type `Pod` all containers together (or the pod's own cpu and \
            memory), type `PersistentVolumeClaim` the claim's request",
        since: SINCE,
        upstream: "kubernetes plugin/pkg/admission/limitranger minConstraint",
        failing: MIN_FAILING,
        passing: MIN_PASSING,
    },
    Control {
        id: MAX,
        policy: Policy::LimitRange,
        guards: "A container, pod or claim must ask for at most this much of a resource.",
        fields: FIELDS,
        allowed: "a limit of at most the maximum, and no request above it. Type `Container` judges each container \
            after it got the item's `default` (which is `max` where it is not set), type `Pod` all containers \
            together (or the pod's own cpu and memory), type `PersistentVolumeClaim` the claim's request",
        since: SINCE,
        upstream: "kubernetes plugin/pkg/admission/limitranger maxConstraint, maxRequestConstraint",
        failing: MAX_FAILING,
        passing: MAX_PASSING,
    },
    Control {
        id: MAX_LIMIT_REQUEST_RATIO,
        policy: Policy::LimitRange,
        guards: "A container or pod must limit a resource to at most this many times what it requests.",
        fields: FIELDS,
        allowed: "a request and a limit that are not 0, the limit at most the ratio times the request. Type \
            `Container` judges each container after defaults, type `Pod` all containers together",
        since: SINCE,
        upstream: "kubernetes plugin/pkg/admission/limitranger limitRequestRatioConstraint",
        failing: RATIO_FAILING,
        passing: RATIO_PASSING,
    },
];

const MIN_FAILING: &str = "
apiVersion: v1
kind: LimitRange
metadata:
  name: at-least
spec:
  limits:
  - type: Container
    min:
      memory: 64Mi
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    resources:
      requests:
        memory: 32Mi
";

const MIN_PASSING: &str = "
apiVersion: v1
kind: LimitRange
metadata:
  name: at-least
spec:
  limits:
  - type: Container
    min:
      memory: 64Mi
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    resources:
      requests:
        memory: 64Mi
";

const MAX_FAILING: &str = "
apiVersion: v1
kind: LimitRange
metadata:
  name: at-most
spec:
  limits:
  - type: Pod
    max:
      cpu: \"1\"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    resources:
      limits:
        cpu: 800m
  - name: log
    image: registry.example/log:1
    resources:
      limits:
        cpu: 400m
";

const MAX_PASSING: &str = "
apiVersion: v1
kind: LimitRange
metadata:
  name: at-most
spec:
  limits:
  - type: Pod
    max:
      cpu: \"1\"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    resources:
      limits:
        cpu: 800m
  - name: log
    image: registry.example/log:1
    resources:
      limits:
        cpu: 200m
";

const RATIO_FAILING: &str = "
apiVersion: v1
kind: LimitRange
metadata:
  name: little-overcommit
spec:
  limits:
  - type: Container
    maxLimitRequestRatio:
      cpu: \"2\"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    resources:
      requests:
        cpu: 250m
      limits:
        cpu: \"1\"
";

const RATIO_PASSING: &str = "
apiVersion: v1
kind: LimitRange
metadata:
  name: little-overcommit
spec:
  limits:
  - type: Container
    maxLimitRequestRatio:
      cpu: \"2\"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    resources:
      requests:
        cpu: 500m
      limits:
        cpu: \"1\"
";
