//! Requests and limits of a pod as a whole: `validatePodResources`.

use super::resources::{any_resource_name, requirements};
use super::{Scope, resource_claims};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, resource_list, resource_name};

/// Validates `resources` of the pod spec, if they are set.
pub(super) fn validate(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let Some(resources) = scope.spec.get("resources") else {
        return;
    };
    let path = path.child("resources");
    if scope.operating_system() == Some("windows") {
        errors.push(Error::forbidden(&path, "may not be set for a windows pod"));
        return;
    }
    if resources.get("claims").is_some() {
        errors.push(Error::forbidden(
            &path.child("claims"),
            "claims may not be set for Resources at pod-level",
        ));
    }
    requirements(resources, pod_resource_name, &path, errors);
    let claims_path = path.child("claims");
    resource_claims::validate_names(resources, scope, &claims_path, errors);
    consistency(scope.spec, resources, &path, errors);
}

fn pod_resource_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if any_resource_name(name, path, errors) && !resource_name::is_pod_level(name) {
        errors.push(Error::not_supported(
            path,
            name,
            &["cpu", "hugepages-", "memory"],
        ));
    }
}

/// The containers must fit into what the pod has: `validatePodResourceConsistency`.
fn consistency(spec: &Value, resources: &Value, path: &Path<'_>, errors: &mut Errors) {
    let amount_of_pod = |list: &str, name: &str| {
        let amount = resources.get(list)?.get(name)?;
        Quantity::from_value(amount).ok()
    };
    let too_small = |list: &'static str, name: &str, pod: &Quantity, sum: &Quantity| {
        Error::invalid(
            &path.child(list).key(name),
            pod.to_string(),
            format!("must be greater than or equal to aggregate container {list} of {sum}"),
        )
    };
    for (name, sum) in aggregate(spec, "requests") {
        if let Some(request) = amount_of_pod("requests", name)
            && sum.compare(&request).is_gt()
        {
            errors.push(too_small("requests", name, &request, &sum));
        }
    }
    for (name, sum) in aggregate(spec, "limits") {
        if resource_name::is_huge_pages(name)
            && let Some(limit) = amount_of_pod("limits", name)
            && sum.compare(&limit).is_gt()
        {
            errors.push(too_small("limits", name, &limit, &sum));
        }
    }
    let path = path.child("containers");
    for (index, container) in spec.items("containers").iter().enumerate() {
        let limits = container.at(&["resources", "limits"]);
        for (name, limit) in resource_list::amounts(limits) {
            if let Some(of_pod) = amount_of_pod("limits", name)
                && limit.compare(&of_pod).is_gt()
            {
                errors.push(Error::invalid(
                    &path.index(index).key(name).child("limits"),
                    limit.to_string(),
                    format!("must be less than or equal to pod limits of {of_pod}"),
                ));
            }
        }
    }
}

type Amounts<'v> = Vec<(&'v str, Quantity)>;

/// What all containers need together, init containers being done before the others start while sidecars go on:
/// `AggregateContainerRequests`, `AggregateContainerLimits`.
fn aggregate<'v>(spec: &'v Value, list: &str) -> Amounts<'v> {
    let mut sum = Amounts::new();
    for container in spec.items("containers") {
        add(&mut sum, amounts(container, list));
    }
    let mut sidecars = Amounts::new();
    let mut init = Amounts::new();
    for container in spec.items("initContainers") {
        let mut now = Amounts::new();
        if container.str_or_empty("restartPolicy") == "Always" {
            add(&mut sum, amounts(container, list));
            add(&mut sidecars, amounts(container, list));
        } else {
            add(&mut now, amounts(container, list));
        }
        add(&mut now, sidecars.iter().cloned());
        raise(&mut init, now);
    }
    raise(&mut sum, init);
    sum
}

fn amounts<'v>(container: &'v Value, list: &str) -> impl Iterator<Item = (&'v str, Quantity)> {
    resource_list::amounts(container.at(&["resources", list]))
}

fn add<'v>(sum: &mut Amounts<'v>, amounts: impl Iterator<Item = (&'v str, Quantity)>) {
    for (name, amount) in amounts {
        match sum.iter_mut().find(|(other, _)| *other == name) {
            Some((_, sum)) => sum.add(&amount),
            None => sum.push((name, amount)),
        }
    }
}

fn raise<'v>(highest: &mut Amounts<'v>, amounts: Amounts<'v>) {
    for (name, amount) in amounts {
        match highest.iter_mut().find(|(other, _)| *other == name) {
            Some((_, high)) if amount.compare(high).is_gt() => *high = amount,
            Some(_) => {}
            None => highest.push((name, amount)),
        }
    }
}
