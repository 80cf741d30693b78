//! What a request is about, read from its method and path alone, as upstream's request info factory reads it.

use super::query::Query;
use tollgate_api::value::CompactString;

/// Subresources of a namespace itself, which stand where resources inside the namespace do.
const NAMESPACE_SUBRESOURCES: [&str; 2] = ["status", "finalize"];
/// Verbs that old clients write into the path.
const PATH_VERBS: [&str; 2] = ["proxy", "watch"];

/// Subresources that are streams.
const LONG_RUNNING_SUBRESOURCES: [&str; 5] = ["attach", "exec", "portforward", "log", "proxy"];

/// What a request is about. Texts are as the client wrote them: nothing here is known to exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RequestInfo {
    /// Whether it is about a resource; else only the path counts.
    pub is_resource: bool,
    /// What is to be done: `get`, `list`, `watch`, `create`, ...; the method in lower case for other paths.
    pub verb: CompactString,
    /// The path without the query.
    pub path: String,
    /// The API group; empty is the core group.
    pub group: CompactString,
    /// The version.
    pub version: CompactString,
    /// The namespace, or empty.
    pub namespace: CompactString,
    /// The plural of the resource.
    pub resource: CompactString,
    /// The subresource, or empty.
    pub subresource: CompactString,
    /// The object's name, or empty.
    pub name: CompactString,
    /// The field selector of a collection, as it was written.
    pub field_selector: String,
    /// Whether the path names one object; a list may name one in its field selector.
    pub names_object: bool,
    /// Whether the path goes on behind the subresource, as only a proxy's may.
    pub goes_on: bool,
}

impl RequestInfo {
    /// Reads method, path (percent-decoded) and query.
    pub(super) fn new(method: &str, path: &str, query: &Query) -> Self {
        let mut info = Self {
            verb: method.to_ascii_lowercase().into(),
            path: path.to_owned(),
            ..Self::default()
        };
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => {
                info.read_resource(method, "", version, rest, query);
            }
            ["apis", group, version, rest @ ..] if !rest.is_empty() => {
                info.read_resource(method, group, version, rest, query);
            }
            _ => {}
        }
        info
    }

    fn read_resource(
        &mut self,
        method: &str,
        group: &str,
        version: &str,
        rest: &[&str],
        query: &Query,
    ) {
        self.is_resource = true;
        self.group = group.into();
        self.version = version.into();
        let mut rest = rest;
        let path_verb = rest.first().filter(|first| PATH_VERBS.contains(*first));
        self.verb = match path_verb {
            Some(verb) => {
                rest = rest.get(1..).unwrap_or_default();
                (*verb).into()
            }
            None => verb_of(method).into(),
        };
        if let ["namespaces", namespace, deeper @ ..] = rest {
            self.namespace = (*namespace).into();
            if let [first, ..] = deeper
                && !NAMESPACE_SUBRESOURCES.contains(first)
            {
                rest = deeper;
            }
        }
        let part = |place: usize| CompactString::from(rest.get(place).copied().unwrap_or_default());
        self.resource = part(0);
        self.name = part(1);
        self.names_object = rest.len() > 1;
        self.subresource = part(2);
        self.goes_on = rest.len() > 3;
        if !self.names_object {
            self.read_collection(query);
        }
    }

    fn read_collection(&mut self, query: &Query) {
        match self.verb.as_str() {
            "get" => {
                let watches = query.flag("watch");
                self.verb = if watches { "watch" } else { "list" }.into();
            }
            "delete" => self.verb = "deletecollection".into(),
            _ => {}
        }
        // A list of one object is authorized as a request for that object.
        let selector = query.first("fieldSelector").unwrap_or_default();
        selector.clone_into(&mut self.field_selector);
        let mut names = selector.split(',').filter_map(|term| {
            let name = term.strip_prefix("metadata.name=")?;
            Some(name.strip_prefix('=').unwrap_or(name))
        });
        if matches!(self.verb.as_str(), "list" | "watch" | "deletecollection")
            && let Some(name) = names.next_back()
            && tollgate_api::names::path_segment(name).is_empty()
        {
            self.name = name.into();
        }
    }
}

impl RequestInfo {
    /// Whether the answer goes on until somebody ends it, as far as upstream tells by the path: there is no deadline
    /// then.
    pub(super) fn is_long_running(&self) -> bool {
        let streams = LONG_RUNNING_SUBRESOURCES.contains(&self.subresource.as_str());
        self.is_resource && (streams || PATH_VERBS.contains(&self.verb.as_str()))
    }
}

fn verb_of(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(request: &str, expected: &str) {
        let (method, target) = request.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let info = RequestInfo::new(method, path, &Query::parse(query));
        let found = if info.is_resource {
            format!(
                "{} {}|{}|{}|{}|{}|{}",
                info.verb,
                info.group,
                info.version,
                info.namespace,
                info.resource,
                info.name,
                info.subresource
            )
        } else {
            format!("{} {}", info.verb, info.path)
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn reads_paths_as_upstream_does() {
        check("GET /", "get /");
        check("GET /api", "get /api");
        check("GET /api/v1", "get /api/v1");
        check("POST /apis/apps/v1", "post /apis/apps/v1");
        check("GET /api/v1/pods", "list |v1||pods||");
        check("GET /api/v1/pods?watch=1", "watch |v1||pods||");
        check("GET /api/v1/pods?watch=false", "list |v1||pods||");
        check("GET /api/v1/namespaces", "list |v1||namespaces||");
        check("PUT /api/v1/namespaces/a", "update |v1|a|namespaces|a|");
        check(
            "PUT /api/v1/namespaces/a/finalize",
            "update |v1|a|namespaces|a|finalize",
        );
        check("GET /api/v1/namespaces/a/pods/", "list |v1|a|pods||");
        check(
            "DELETE /apis/apps/v1/namespaces/a/deployments",
            "deletecollection apps|v1|a|deployments||",
        );
        check(
            "PATCH /apis/apps/v1/namespaces/a/deployments/d/scale",
            "patch apps|v1|a|deployments|d|scale",
        );
        check("GET /api/v1/watch/namespaces/a/pods", "watch |v1|a|pods||");
        check("OPTIONS /api/v1/nodes/n", " |v1||nodes|n|");
    }

    #[test]
    fn a_list_of_one_object_names_it() {
        check(
            "GET /api/v1/nodes?fieldSelector=metadata.name%3Dn1",
            "list |v1||nodes|n1|",
        );
        check(
            "GET /api/v1/nodes?fieldSelector=metadata.name%3Da/b",
            "list |v1||nodes||",
        );
    }

    proptest! {
        #[test]
        fn no_path_makes_a_panic(method in "[A-Z]{0,6}", path in "(/?[a-z%/.]{0,12}){0,6}", query in "\\PC{0,40}") {
            let _ = RequestInfo::new(&method, &path, &Query::parse(&query));
        }
    }
}
