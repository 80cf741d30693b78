//! Whether a request is one of those that a FlowSchema is about (upstream: `apiserver/pkg/util/flowcontrol/rule.go`).

use tollgate_api::{UserInfo, Value};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// Stands for every value where it is alone.
const ANY: &str = "*";
const ACCOUNT_PREFIX: &str = "system:serviceaccount:";

/// Subjects, and what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    subjects: Vec<Subject>,
    resources: Vec<ResourceRule>,
    paths: Vec<PathRule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Everybody,
    User(String),
    Group(String),
    /// Every account of a namespace.
    Accounts(String),
}

/// Some values, or any.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    Any,
    Of(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ResourceRule {
    verbs: Names,
    groups: Names,
    /// With a subresource as `pods/log`.
    resources: Names,
    /// Whether requests outside of namespaces are meant, too.
    cluster_scope: bool,
    namespaces: Names,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PathRule {
    verbs: Names,
    /// What a path is, or what it begins with, a slash at its end; empty: any path.
    paths: Vec<(String, String)>,
}

impl Rule {
    /// A rule of `spec.rules`.
    pub(super) fn read(rule: &Value) -> Self {
        let all = |key| rule.items(key).iter();
        Self {
            subjects: all("subjects").filter_map(Subject::read).collect(),
            resources: all("resourceRules").map(ResourceRule::read).collect(),
            paths: all("nonResourceRules").map(PathRule::read).collect(),
        }
    }

    /// Whether it is about what this user does.
    pub(super) fn matches(&self, user: &UserInfo, access: &Access<'_>) -> bool {
        self.subjects.iter().any(|subject| subject.is(user))
            && match access {
                Access::Resource(access) => self.resources.iter().any(|rule| rule.matches(access)),
                Access::NonResource { verb, path } => {
                    self.paths.iter().any(|rule| rule.matches(verb, path))
                }
            }
    }
}

impl Subject {
    fn read(subject: &Value) -> Option<Self> {
        let named = |key: &str| subject.get(key)?.str("name");
        Some(match subject.str("kind")? {
            "User" => match named("user")? {
                ANY => Self::Everybody,
                name => Self::User(name.to_owned()),
            },
            "Group" => match named("group")? {
                ANY => Self::Everybody,
                name => Self::Group(name.to_owned()),
            },
            "ServiceAccount" => {
                let namespace = subject.get("serviceAccount")?.str_or_empty("namespace");
                match named("serviceAccount")? {
                    ANY => Self::Accounts(format!("{ACCOUNT_PREFIX}{namespace}:")),
                    name => Self::User(format!("{ACCOUNT_PREFIX}{namespace}:{name}")),
                }
            }
            _ => return None,
        })
    }

    fn is(&self, user: &UserInfo) -> bool {
        match self {
            Self::Everybody => true,
            Self::User(name) => user.name == *name,
            Self::Group(name) => user.groups.iter().any(|group| group == name),
            Self::Accounts(prefix) => user.name.starts_with(prefix.as_str()),
        }
    }
}

impl Names {
    fn read(rule: &Value, key: &str) -> Self {
        let names: Vec<String> = rule
            .items(key)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        match names.as_slice() {
            [any] if any == ANY => Self::Any,
            _ => Self::Of(names),
        }
    }

    fn contain(&self, name: &str) -> bool {
        self.any(|known| known == name)
    }

    fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Of(names) => names.iter().any(|name| is(name)),
        }
    }
}

impl ResourceRule {
    fn read(rule: &Value) -> Self {
        Self {
            verbs: Names::read(rule, "verbs"),
            groups: Names::read(rule, "apiGroups"),
            resources: Names::read(rule, "resources"),
            cluster_scope: rule.bool("clusterScope") == Some(true),
            namespaces: Names::read(rule, "namespaces"),
        }
    }

    fn matches(&self, access: &ResourceAccess<'_>) -> bool {
        let is_resource = |name: &str| match name.split_once('/') {
            Some((resource, subresource)) => {
                resource == access.resource && subresource == access.subresource
            }
            None => name == access.resource && access.subresource.is_empty(),
        };
        self.verbs.contain(access.verb)
            && self.resources.any(is_resource)
            && self.groups.contain(access.group)
            && if access.namespace.is_empty() {
                self.cluster_scope
            } else {
                self.namespaces.contain(access.namespace)
            }
    }
}

impl PathRule {
    fn read(rule: &Value) -> Self {
        let paths = rule.items("nonResourceURLs").iter();
        let paths = paths.filter_map(Value::as_str).map(|path| {
            let start = path.strip_suffix('*').unwrap_or(path);
            let start = start.strip_suffix('/').unwrap_or(start);
            (path.to_owned(), format!("{start}/"))
        });
        Self {
            verbs: Names::read(rule, "verbs"),
            paths: paths.collect(),
        }
    }

    fn matches(&self, verb: &str, path: &str) -> bool {
        let is_path = |(whole, start): &(String, String)| {
            whole == ANY || whole == path || path.starts_with(start.as_str())
        };
        self.verbs.contain(verb) && self.paths.iter().any(is_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn user(name: &str) -> UserInfo {
        UserInfo {
            name: name.into(),
            groups: vec!["g".into()],
            ..UserInfo::default()
        }
    }

    /// `verb path`, or `verb group/resource[/subresource] namespace`, `-` where there is none.
    fn access(text: &str) -> Access<'_> {
        let words: Vec<&str> = text.split(' ').collect();
        let [verb, what, namespace] = words.as_slice() else {
            return Access::NonResource {
                verb: words[0],
                path: words[1],
            };
        };
        let parts: Vec<&str> = what.split('/').collect();
        Access::Resource(ResourceAccess {
            verb,
            group: parts[0],
            resource: parts[1],
            subresource: parts.get(2).copied().unwrap_or_default(),
            namespace: if *namespace == "-" { "" } else { namespace },
            ..ResourceAccess::default()
        })
    }

    #[track_caller]
    fn check(rule: &str, user_name: &str, yes: &[&str], no: &[&str]) {
        let rule = Rule::read(&json::from_str(rule).unwrap());
        let user = user(user_name);
        for text in yes {
            assert!(rule.matches(&user, &access(text)), "{text}");
        }
        for text in no {
            assert!(!rule.matches(&user, &access(text)), "{text}");
        }
    }

    #[test]
    fn subjects_are_users_groups_and_service_accounts() {
        let account = "system:serviceaccount:ns:sam";
        let cases = [
            (r#"{"kind":"User","user":{"name":"sam"}}"#, "sam", true),
            (r#"{"kind":"User","user":{"name":"*"}}"#, "sam", true),
            (r#"{"kind":"User","user":{"name":"sam"}}"#, "ann", false),
            (r#"{"kind":"User"}"#, "sam", false),
            (r#"{"kind":"Group","group":{"name":"g"}}"#, "sam", true),
            (r#"{"kind":"Group","group":{"name":"*"}}"#, "sam", true),
            (r#"{"kind":"Group","group":{"name":"h"}}"#, "sam", false),
            (
                r#"{"kind":"ServiceAccount","serviceAccount":{"namespace":"ns","name":"sam"}}"#,
                account,
                true,
            ),
            (
                r#"{"kind":"ServiceAccount","serviceAccount":{"namespace":"ns","name":"*"}}"#,
                account,
                true,
            ),
            (
                r#"{"kind":"ServiceAccount","serviceAccount":{"namespace":"n","name":"*"}}"#,
                account,
                false,
            ),
            (
                r#"{"kind":"ServiceAccount","serviceAccount":{"namespace":"ns","name":"ann"}}"#,
                account,
                false,
            ),
            (r#"{"kind":"Other"}"#, "sam", false),
        ];
        for (subject, name, expected) in cases {
            let rule = format!(
                r#"{{"subjects":[{subject}],"nonResourceRules":[{{"verbs":["*"],"nonResourceURLs":["*"]}}]}}"#
            );
            let rule = Rule::read(&json::from_str(&rule).unwrap());
            assert_eq!(
                rule.matches(&user(name), &access("get /version")),
                expected,
                "{subject}"
            );
        }
    }

    #[test]
    fn resources_are_matched_with_their_subresource_group_and_place() {
        check(
            r#"{"subjects":[{"kind":"User","user":{"name":"*"}}],"resourceRules":[
                {"verbs":["get","list"],"apiGroups":["apps"],"resources":["deployments","deployments/scale"],"namespaces":["a"]},
                {"verbs":["*"],"apiGroups":["*"],"resources":["nodes"],"clusterScope":true}]}"#,
            "sam",
            &[
                "get apps/deployments a",
                "list apps/deployments/scale a",
                "delete /nodes -",
            ],
            &[
                "update apps/deployments a",
                "get /deployments a",
                "get apps/deployments/status a",
                "get apps/deployments b",
                "get apps/deployments -",
                "get /nodes/status -",
                "get /nodes a",
                "get /version",
            ],
        );
        let nobody = r#"{"subjects":[],"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"],"namespaces":["*"]}]}"#;
        check(nobody, "sam", &[], &["get /pods a"]);
    }

    #[test]
    fn paths_are_matched_with_all_that_is_below_them() {
        check(
            r#"{"subjects":[{"kind":"User","user":{"name":"*"}}],"nonResourceRules":[
                {"verbs":["get"],"nonResourceURLs":["/healthz","/apis/*"]}]}"#,
            "sam",
            &["get /healthz", "get /healthz/ping", "get /apis/apps"],
            &["get /healthzz", "post /healthz", "get /apis", "get /pods a"],
        );
    }
}
