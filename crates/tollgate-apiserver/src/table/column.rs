//! The columns of every built-in resource.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tollgate_api::{Value, json};

/// A column of a Table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub name: Cow<'static, str>,
    /// The type of its cells: `string`, `integer`, `number`, `boolean`, `date`.
    pub kind: Cow<'static, str>,
    /// `name` in the column that names the object, or empty.
    pub format: Cow<'static, str>,
    /// What the cells mean.
    pub description: Cow<'static, str>,
    /// 0 if the column is always shown, more if only where there is room.
    pub priority: i64,
}

/// What every Table says of the names and the ages of objects, and the columns by resource and group.
struct Catalog {
    name: String,
    creation_timestamp: String,
    by_resource: BTreeMap<String, Vec<Column>>,
    fallback: Vec<Column>,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    // A test holds that the text can be read.
    catalog(&json::from_str(include_str!("../../data/table-columns.json")).unwrap_or_default())
});

fn catalog(data: &Value) -> Catalog {
    let text = |key: &str| data.str_or_empty(key).to_owned();
    let (name, creation_timestamp) = (text("name"), text("creationTimestamp"));
    let column = |entry: &Value| {
        let title = entry.str_or_empty("name").to_owned();
        let common = if title == "Name" {
            &name
        } else {
            &creation_timestamp
        };
        Column {
            kind: entry.str("type").unwrap_or("string").to_owned().into(),
            format: entry.str_or_empty("format").to_owned().into(),
            description: entry.str("description").unwrap_or(common).to_owned().into(),
            priority: entry.int("priority").unwrap_or_default(),
            name: title.into(),
        }
    };
    let columns = |entries: &[Value]| entries.iter().map(column).collect();
    let by_resource = data
        .entries("resources")
        .map(|(resource, entries)| {
            (
                resource.to_owned(),
                columns(entries.as_array().unwrap_or_default()),
            )
        })
        .collect();
    let created_at = Column {
        name: "Created At".into(),
        kind: "date".into(),
        format: "".into(),
        description: creation_timestamp.clone().into(),
        priority: 0,
    };
    Catalog {
        fallback: vec![name_column_with(&name), created_at],
        by_resource,
        name,
        creation_timestamp,
    }
}

fn name_column_with(description: &str) -> Column {
    Column {
        name: "Name".into(),
        kind: "string".into(),
        format: "name".into(),
        description: description.to_owned().into(),
        priority: 0,
    }
}

/// The column of names, first in every Table.
pub(super) fn name_column() -> Column {
    name_column_with(&CATALOG.name)
}

/// What Tables say of the time at which an object was made.
pub(super) fn creation_timestamp_description() -> &'static str {
    &CATALOG.creation_timestamp
}

/// The columns of a built-in resource; its versions have the same. A resource for which upstream has no printer shows when
/// its objects were made. `resource` may name a subresource: `deployments/scale`.
pub fn columns(group: &str, _version: &str, resource: &str) -> &'static [Column] {
    let (group, resource) = printed_as(group, resource);
    let key = if group.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}.{group}")
    };
    CATALOG.by_resource.get(&key).unwrap_or(&CATALOG.fallback)
}

/// The group and resource whose printer shows a resource or subresource.
pub(super) fn printed_as<'r>(group: &'r str, resource: &'r str) -> (&'r str, &'r str) {
    match (group, resource.split_once('/')) {
        (_, Some((_, "scale"))) => ("autoscaling", "scale"),
        (_, Some((parent, "status" | "resize" | "ephemeralcontainers" | "approval"))) => {
            (group, parent)
        }
        // The same objects under two names.
        ("events.k8s.io", None) => ("", resource),
        ("extensions", None) if resource == "podsecuritypolicies" => ("policy", resource),
        _ => (group, resource),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_can_be_read_and_says_something_of_every_column() {
        assert!(CATALOG.by_resource.len() > 50);
        for (resource, columns) in &CATALOG.by_resource {
            assert_eq!(
                columns.first().map(|column| &*column.name),
                Some(first_of(resource))
            );
            for column in columns {
                assert!(!column.description.is_empty(), "{resource} {}", column.name);
            }
        }
    }

    fn first_of(resource: &str) -> &str {
        if resource == "events" {
            "Last Seen"
        } else {
            "Name"
        }
    }

    #[test]
    fn subresources_are_shown_as_what_they_are() {
        let names = |resource| {
            let columns = columns("apps", "v1", resource).iter();
            columns.map(|column| &*column.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names("deployments/scale"),
            ["Name", "Desired", "Available", "Age"]
        );
        assert_eq!(names("deployments/status"), names("deployments"));
        assert_eq!(names("widgets"), ["Name", "Created At"]);
    }
}
