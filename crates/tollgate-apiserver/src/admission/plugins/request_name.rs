//! Names that no client asks an API server for: plugins look objects up as clients do.

use tollgate_api::go_format::quote;
use tollgate_api::names;

/// Why a client refuses to ask for an object of this name (`rest.Request.Name`), if it does.
pub(super) fn refusal(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("resource name may not be empty".to_owned());
    }
    let messages = names::path_segment(name);
    (!messages.is_empty()).then(|| {
        format!(
            "invalid resource name {}: [{}]",
            quote(name),
            messages.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_segment_of_a_path_are_not_asked_for() {
        assert_eq!(refusal("A_b"), None);
        for (name, expected) in [
            ("", "resource name may not be empty"),
            ("..", "invalid resource name \"..\": [may not be '..']"),
            (
                "a/%b",
                "invalid resource name \"a/%b\": [may not contain '/' may not contain '%']",
            ),
        ] {
            assert_eq!(refusal(name).as_deref(), Some(expected));
        }
    }
}
