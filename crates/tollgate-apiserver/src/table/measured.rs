//! Rows of what pods and nodes use, as metrics servers show them.

use super::{Column, Row, text};
use std::borrow::Cow;
use tollgate_api::{Quantity, Value};

const fn column(name: &'static str, format: &'static str, description: &'static str) -> Column {
    Column {
        name: Cow::Borrowed(name),
        kind: Cow::Borrowed("string"),
        format: Cow::Borrowed(format),
        description: Cow::Borrowed(description),
        priority: 0,
    }
}

static COLUMNS: [Column; 4] = [
    column("Name", "name", "Name of the resource"),
    column("cpu", "quantity", ""),
    column("memory", "quantity", ""),
    column("Window", "duration", ""),
];

/// The columns of both resources.
pub fn columns() -> &'static [Column] {
    &COLUMNS
}

/// The row of a node, or of a pod: there, what its containers use together.
pub fn row(object: &Value) -> Row {
    let usage = |name: &str| -> Value {
        let own = object.at(&["usage", name]);
        let of_containers = object.items("containers").iter();
        let amounts = own
            .into_iter()
            .chain(of_containers.filter_map(|container| container.at(&["usage", name])));
        let mut total: Option<Quantity> = None;
        for amount in amounts.filter_map(|amount| Quantity::from_value(amount).ok()) {
            match &mut total {
                Some(total) => total.add(&amount),
                None => total = Some(amount),
            }
        }
        total.unwrap_or_default().to_string().into()
    };
    Row {
        cells: vec![
            text::name(object),
            usage("cpu"),
            usage("memory"),
            object.str_or_empty("window").into(),
        ],
        conditions: &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_pod_uses_what_its_containers_do() {
        let pod = from_str(
            r#"{"metadata":{"name":"p"},"window":"30s","containers":[{"name":"a","usage":{"cpu":"900m","memory":"1Gi"}},
            {"name":"b","usage":{"cpu":"200m","memory":"512Mi"}}]}"#,
        );
        let cells = Value::Array(row(&pod.unwrap()).cells);
        assert_eq!(cells.to_string(), r#"["p","1100m","1536Mi","30s"]"#);
        let node = r#"{"metadata":{"name":"n"},"window":"30s","usage":{"cpu":"2"}}"#;
        let cells = Value::Array(row(&from_str(node).unwrap()).cells);
        assert_eq!(cells.to_string(), r#"["n","2","0","30s"]"#);
        assert_eq!(columns().len(), 4);
    }
}
