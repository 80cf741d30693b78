//! Requests and limits: `validateResourceRequirements`.

use super::{Scope, resource_claims};
use crate::validation::numbers::NEGATIVE;
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names, resource_list, resource_name};

pub(in crate::validation) type NameRule = fn(&str, &Path<'_>, &mut Errors);

/// Validates `resources` of a container.
pub(super) fn validate_container(
    container: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if let Some(resources) = container.get("resources") {
        requirements(resources, container_resource_name, path, errors);
        let path = path.child("claims");
        resource_claims::validate_names(resources, scope, &path, errors);
    }
}

/// Validates `overhead`, which upstream takes for limits.
pub(super) fn overhead(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    if let Some(overhead) = scope.spec.get("overhead") {
        let limits: Value = [("limits", overhead.clone())].into_iter().collect();
        requirements(&limits, container_resource_name, path, errors);
    }
}

/// Validates `requests` and `limits` with a rule for the names of resources.
pub(in crate::validation) fn requirements(
    resources: &Value,
    name_rule: NameRule,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let limits_path = path.child("limits");
    let limits = resources.get("limits");
    for (name, limit) in resource_list::amounts(limits) {
        let path = limits_path.key(name);
        name_rule(name, &path, errors);
        quantity(name, &limit, &path, errors);
        huge_pages(name, &limit, &path, errors);
    }
    let requests_path = path.child("requests");
    let requests = resources.get("requests");
    for (name, request) in resource_list::amounts(requests) {
        let path = requests_path.key(name);
        name_rule(name, &path, errors);
        quantity(name, &request, &path, errors);
        let limit = limits
            .and_then(|limits| limits.get(name))
            .and_then(|limit| Quantity::from_value(limit).ok());
        match limit {
            Some(limit) => request_within(name, &request, &limit, &requests_path, errors),
            None if !resource_name::is_overcommit_allowed(name) => errors.push(Error::required(
                &limits_path,
                "Limit must be set for non overcommitable resources",
            )),
            None => {}
        }
        huge_pages(name, &request, &path, errors);
    }
    let any = |wanted: fn(&str) -> bool| {
        ["limits", "requests"]
            .into_iter()
            .any(|list| resources.entries(list).any(|(name, _)| wanted(name)))
    };
    if any(resource_name::is_huge_pages) && !any(|name| matches!(name, "cpu" | "memory")) {
        errors.push(Error::forbidden(path, "HugePages require cpu or memory"));
    }
}

fn request_within(
    name: &str,
    request: &Quantity,
    limit: &Quantity,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let order = request.compare(limit);
    let relation = if order.is_ne() && !resource_name::is_overcommit_allowed(name) {
        "must be equal to"
    } else if order.is_gt() {
        "must be less than or equal to"
    } else {
        return;
    };
    errors.push(Error::invalid(
        path,
        request.to_string(),
        format!("{relation} {name} limit of {limit}"),
    ));
}

fn huge_pages(name: &str, amount: &Quantity, path: &Path<'_>, errors: &mut Errors) {
    let Some(size) = name.strip_prefix(resource_name::HUGE_PAGES_PREFIX) else {
        return;
    };
    if !is_divisible(size, amount) {
        errors.push(Error::invalid(
            path,
            amount.to_string(),
            format!("{amount} is not positive integer multiple of {name}"),
        ));
    }
}

fn is_divisible(page_size: &str, amount: &Quantity) -> bool {
    let Ok(size) = Quantity::parse(page_size) else {
        return false;
    };
    size.sign() > 0
        && size.milli_value().wrapping_rem(1000) == 0
        && amount.value().checked_rem(size.value()) == Some(0)
}

/// An amount that is not negative, and whole where the resource is counted: `ValidateResourceQuantityValue`.
pub(in crate::validation) fn quantity(
    resource: &str,
    amount: &Quantity,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if amount.sign() < 0 {
        errors.push(Error::invalid(path, amount.to_string(), NEGATIVE));
    }
    if amount.milli_value().wrapping_rem(1000) != 0 && resource_name::is_integer(resource) {
        errors.push(Error::invalid(
            path,
            amount.to_string(),
            "must be an integer",
        ));
    }
}

/// A name of a resource that exists or has a domain: `validateResourceName`. Tells whether it is good.
pub(in crate::validation) fn any_resource_name(
    name: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) -> bool {
    let messages = names::qualified_name(name);
    if !messages.is_empty() {
        invalid_each(messages, name, path, errors);
        return false;
    }
    if !name.contains('/') && !resource_name::is_standard(name) {
        errors.push(Error::invalid(
            path,
            name,
            "must be a standard resource type or fully qualified",
        ));
        return false;
    }
    true
}

/// A name of a resource that a container can ask for: `validateContainerResourceName`.
pub(in crate::validation) fn container_resource_name(
    name: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if resource_name::is_standard_for_containers(name) && names::qualified_name(name).is_empty() {
        return;
    }
    any_resource_name(name, path, errors);
    let why = if !name.contains('/') {
        if resource_name::is_standard_for_containers(name) {
            return;
        }
        "must be a standard resource for containers"
    } else if !resource_name::is_native(name) && !resource_name::is_extended(name) {
        "doesn't follow extended resource name standard"
    } else {
        return;
    };
    errors.push(Error::invalid(path, name, why));
}
