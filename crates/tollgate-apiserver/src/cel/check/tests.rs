use super::Scope;
use crate::cel::{Expression, Wanted};
use proptest::prelude::*;
use tollgate_api::{GroupVersionKind, Value, json};
use tollgate_objects::schema::type_of;

const NAMES: &[&str] = &[
    "object",
    "oldObject",
    "request",
    "authorizer",
    "namespaceObject",
    "params",
];

/// A scope in which `object` is of that built-in kind.
fn scope_of(api_version: &str, kind: &str) -> Scope<'static> {
    let mut scope = Scope::new(NAMES);
    let of = type_of(&GroupVersionKind::new(api_version, kind)).expect("a built-in kind");
    for name in ["object", "oldObject"] {
        scope.set_kind(name, kind, of);
    }
    scope
}

fn deployments() -> Scope<'static> {
    scope_of("apps/v1", "Deployment")
}

/// What is wrong, without the places.
fn wrong(text: &str, scope: &Scope<'_>) -> Vec<String> {
    let issues = Expression::issues(text, scope).unwrap_or_default();
    let lines = issues.lines().filter_map(|line| {
        let rest = line.strip_prefix("ERROR: <input>:")?;
        Some(rest.splitn(3, ':').last()?.trim().to_owned())
    });
    lines.collect()
}

#[test]
fn a_field_that_is_not_there_is_shown_where_it_is_asked_for() {
    assert_eq!(
        Expression::issues("object.replicas > 1", &deployments()).unwrap(),
        "ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^"
    );
    assert_eq!(
        Expression::issues(
            "true &&\n  has(object.spec.x) || object.y == 1",
            &deployments()
        )
        .unwrap(),
        "ERROR: <input>:2:6: undefined field 'x'\n |   has(object.spec.x) || object.y == 1\n | .....^\n\
         ERROR: <input>:2:31: undefined field 'y'\n |   has(object.spec.x) || object.y == 1\n | ..............................^"
    );
}

/// Expressions, and something that is wrong with each.
const WRONG: &[(&str, &str)] = &[
    (
        "object.spec.replicas > '1'",
        "found no matching overload for '_>_' applied to '(int, string)'",
    ),
    (
        "'wants replicas > 1, got ' + object.spec.replicas",
        "found no matching overload for '_+_' applied to '(string, int)'",
    ),
    (
        "object.spec.template.spec.containers.all(c, c.image.startsWith(1))",
        "found no matching overload for 'startsWith' applied to 'string.(int)'",
    ),
    (
        "object.spec.template.spec.containers.all(c, c.images == '')",
        "undefined field 'images'",
    ),
    (
        "object.metadata.labels.app == 1",
        "found no matching overload for '_==_' applied to '(string, int)'",
    ),
    (
        "object.spec.replicas == null",
        "found no matching overload for '_==_' applied to '(int, null)'",
    ),
    (
        "authorizer.allowed()",
        "found no matching overload for 'allowed' applied to 'kubernetes.authorization.Authorizer.()'",
    ),
    ("request.userInfo.name == ''", "undefined field 'name'"),
    ("namespaceObject.spec.x", "undefined field 'x'"),
    (
        "variables.missing",
        "undeclared reference to 'variables' (in container '')",
    ),
    (
        "authorizer.requestResource.foo == 1",
        "unexpected failed resolution of 'kubernetes.authorization.ResourceCheck'",
    ),
    ("1 + 1 && true", "expected type 'bool' but found 'int'"),
    (
        "[dyn(1), 'a'] == [1]",
        "expected type 'dyn' but found 'string'",
    ),
    (
        "timestamp('x') < timestamp('y')",
        "invalid timestamp argument",
    ),
    (
        "duration('x') == duration('1h')",
        "invalid duration argument",
    ),
    ("object.kind.matches('[')", "invalid matches argument"),
    (
        "object.metadata.name.x",
        "type 'string' does not support field selection",
    ),
    (
        "object.spec.all(x, true)",
        "expression of type 'Deployment.spec' cannot be range of a comprehension (must be list, map, or dynamic)",
    ),
    (
        "object.metadata['name'] == ''",
        "found no matching overload for '_[_]' applied to '(Deployment.metadata, string)'",
    ),
    (
        "[1, 'a'].size() == 2",
        "expected type 'int' but found 'string'",
    ),
    (
        "{'a': 1, 'b': ''}.a == 1",
        "expected type 'int' but found 'string'",
    ),
    (
        "[] + 1 == [1]",
        "found no matching overload for '_+_' applied to '(list(dyn), int)'",
    ),
    (
        "object.spec.template.spec.containers.exists(i, c, c.name == i)",
        "found no matching overload for '_==_' applied to '(string, int)'",
    ),
    (
        "true ? 'a' : null",
        "found no matching overload for '_?_:_' applied to '(bool, string, null)'",
    ),
    (
        "object.spec.?replicas.orValue('') == ''",
        "found no matching overload for 'orValue' applied to 'optional_type(int).(string)'",
    ),
    (
        "jsonpatch.escapeKey('a') == 'a'",
        "undeclared reference to 'jsonpatch' (in container '')",
    ),
];

#[test]
fn types_that_do_not_go_together_are_named() {
    for (text, why) in WRONG {
        let found = wrong(text, &deployments());
        assert!(found.iter().any(|line| line == why), "{text}: {found:?}");
    }
}

#[test]
fn what_is_right_is_right() {
    for text in [
        "object.spec.replicas > 1 && object.spec.replicas < 1.5",
        "object.metadata.namespace == 'a' || object.metadata.__namespace__ == 'a'",
        "object.metadata.labels['a'] == 'b' && 'a' in object.metadata.labels",
        "has(object.metadata.labels) && object.metadata.labels.all(k, k != 'x')",
        "object.metadata.labels.all(k, v, k == v)",
        "object.metadata.labels.transformList(k, v, k + v).size() == 1",
        "object.metadata.labels.transformMap(k, v, size(v)).size() == 1",
        "object.spec.template.spec.containers.map(c, c.name).exists(n, n.matches('^a'))",
        "object.spec.template.spec.containers.filter(c, has(c.resources)).size() == 0",
        "object.spec.template.spec.containers.all(i, c, i < 3 && c.name != '')",
        "object.spec.template.spec.containers[0].ports[0].containerPort == 80",
        "object.spec.template.spec.containers[0].resources.limits['cpu'] == '1'",
        "quantity(object.spec.template.spec.containers[0].resources.limits.cpu).isLessThan(quantity('1'))",
        "object.spec.strategy.rollingUpdate.maxSurge == 1 || object.spec.strategy.rollingUpdate.maxSurge == '25%'",
        "object.metadata.creationTimestamp < timestamp('2026-01-01T00:00:00Z')",
        "object.spec.?template.?metadata.?labels['a'].orValue('') == ''",
        "object.?spec.?replicas.optMap(n, n + 1).orValue(0) == 1",
        "[1, 2].isSorted() && [1, 2].sum() == 3 && [[1]].flatten() == [1]",
        "type(object.spec.replicas) == int && type('a') == string",
        "authorizer.group('').resource('pods').namespace('a').check('get').allowed()",
        "authorizer.requestResource.check('create').allowed()",
        "request.operation == 'CREATE' && request.userInfo.groups.exists(g, g == 'a')",
        "request.options.anything.at.all == 1 && params.x == params.y",
        "namespaceObject.metadata.labels['a'] == 'b'",
        "object == oldObject && object != null",
        "ip('10.0.0.1').family() == 4 && cidr('10.0.0.0/8').containsIP('10.0.0.1')",
        "sets.contains(['a'], object.spec.template.spec.containers.map(c, c.name))",
        "!format.dns1123Label().validate(object.metadata.name).hasValue()",
        "url('https://a').getHost() == 'a' && semver('1.0.0').major() == 1",
        "lists.range(3).map(i, i * 2) == [0, 2, 4]",
        "'%s %d'.format([object.metadata.name, 1]) == ''",
        "duration('1h').getHours() == 1 && google.protobuf.Duration == type(duration('1h'))",
        "'a,b'.split(',').join('-').lowerAscii().replace('a', 'b').substring(1) == ''",
        "object.spec.template.spec.containers.exists_one(c, c.name == 'a')",
    ] {
        assert_eq!(wrong(text, &deployments()), [] as [&str; 0], "{text}");
    }
}

#[test]
fn variables_have_the_types_of_their_expressions() {
    let mut scope = deployments();
    for (name, text) in [
        ("name", "'something'"),
        (
            "names",
            "object.spec.template.spec.containers.map(c, c.name)",
        ),
        ("more", "variables.names + [variables.name]"),
        ("broken", "object.x"),
    ] {
        let compiled = Expression::variable(name, text, &mut scope);
        assert_eq!(compiled.is_ok(), name != "broken", "{name}");
    }
    assert_eq!(
        wrong("variables.name == object.spec.replicas", &scope),
        ["found no matching overload for '_==_' applied to '(string, int)'"]
    );
    assert_eq!(
        wrong("variables.more[0] == 1", &scope),
        ["found no matching overload for '_==_' applied to '(string, int)'"]
    );
    assert_eq!(wrong("variables.broken == 1", &scope), [] as [&str; 0]);
    assert_eq!(
        wrong("variables.other == 1", &scope),
        ["undefined field 'other'"]
    );
}

#[test]
fn custom_kinds_have_the_fields_of_their_schema_and_those_of_every_object() {
    let schema = json::from_str(
        r#"{"type":"object","properties":{
            "spec":{"type":"object","properties":{
                "replicas":{"type":"integer"},"any":{"x-kubernetes-int-or-string":true},
                "hidden":{"x-kubernetes-preserve-unknown-fields":true},
                "when":{"type":"string","format":"date-time"},
                "by-name":{"type":"object","additionalProperties":{"type":"string"}},
                "pod":{"type":"object","x-kubernetes-embedded-resource":true}}}}}"#,
    );
    let schema: Value = schema.unwrap();
    let mut scope = Scope::new(NAMES);
    scope.set_definition("object", "CronTab", &schema);
    for (text, expected) in [
        ("object.spec.replicas > 1", &[] as &[&str]),
        (
            "object.spec.replicas > '1'",
            &["found no matching overload for '_>_' applied to '(int, string)'"],
        ),
        ("object.spec.any == 1 || object.spec.any == 'a'", &[]),
        ("object.spec.hidden == 1", &["undefined field 'hidden'"]),
        ("object.spec.when < timestamp('2026-01-01T00:00:00Z')", &[]),
        ("object.spec.by__dash__name.a == 'b'", &[]),
        ("object.spec.pod.metadata.name == object.spec.pod.kind", &[]),
        (
            "object.spec.pod.metadata.labels == {}",
            &["undefined field 'labels'"],
        ),
        ("object.metadata.labels.a == object.kind", &[]),
        ("object.status == 1", &["undefined field 'status'"]),
    ] {
        assert_eq!(wrong(text, &scope), expected, "{text}");
    }
}

#[test]
fn the_value_of_an_expression_must_be_of_the_very_type() {
    let scope = Scope::new(NAMES);
    let refusal = |text: &str, wanted| Expression::compile(text, &scope, wanted).err();
    for (text, wanted, why) in [
        (
            "object.spec.paused",
            Wanted::Bool,
            "must evaluate to bool but got dyn",
        ),
        ("1", Wanted::String, "must evaluate to string but got int"),
        (
            "true",
            Wanted::StringOrNull,
            "must evaluate to one of [string null_type] but got bool",
        ),
        (
            "{'a': [1]}",
            Wanted::Bool,
            "must evaluate to bool but got map(string, list(int))",
        ),
        (
            "duration('1s')",
            Wanted::Bool,
            "must evaluate to bool but got google.protobuf.Duration",
        ),
        (
            "[JSONPatch{op: 1}]",
            Wanted::Patch,
            "compilation failed: ERROR: <input>:1:14: expected type of field 'op' is 'string' but provided type is 'int'\n | [JSONPatch{op: 1}]\n | .............^",
        ),
        (
            "[JSONPatch{foo: 1}]",
            Wanted::Patch,
            "compilation failed: ERROR: <input>:1:15: expected type of field 'foo' is '' but provided type is 'int'\n | [JSONPatch{foo: 1}]\n | ..............^",
        ),
        (
            "[]",
            Wanted::Patch,
            "must evaluate to list(JSONPatch) but got list(dyn)",
        ),
    ] {
        assert_eq!(refusal(text, wanted).as_deref(), Some(why), "{text}");
    }
    for (text, wanted) in [
        ("object.a == object.b", Wanted::Bool),
        ("null", Wanted::StringOrNull),
        ("'a' + object.b", Wanted::String),
        ("Object{spec: Object.spec{a: 1}}", Wanted::Object),
        (
            "object.a ? [JSONPatch{op: 'remove', path: '/a'}] : []",
            Wanted::Patch,
        ),
        (
            "object.l.map(x, JSONPatch{op: 'remove', path: jsonpatch.escapeKey(x)})",
            Wanted::Patch,
        ),
    ] {
        assert_eq!(refusal(text, wanted), None, "{text}");
    }
}

#[test]
fn types_that_grow_without_an_end_take_no_time() {
    with_room(grow);
}

fn grow() {
    let mut text = "[1]".to_owned();
    for _ in 0..60 {
        text = format!("{text}.map(a, {{'x': [a, a]}})");
    }
    let _ = Expression::issues(&text, &deployments());
    let lists = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    let _ = Expression::issues(&lists, &deployments());
    let sum = vec!["[]"; 900].join(" + ");
    let _ = Expression::issues(&sum, &deployments());
}

/// Pieces of expressions, which together are mostly none.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "object",
        "oldObject",
        "variables",
        "request",
        "params",
        ".",
        ".?",
        "spec",
        "metadata",
        "name",
        "(",
        ")",
        "[",
        "]",
        "[?",
        "{",
        "}",
        ",",
        ":",
        "?",
        " + ",
        " == ",
        " && ",
        " in ",
        "!",
        "-",
        "1",
        "1u",
        "1.5",
        "'a'",
        "null",
        "true",
        "x",
        "y",
        ".all(x, ",
        ".map(x, ",
        ".exists(x, y, ",
        ".filter(x, ",
        ".optMap(x, ",
        "has(",
        "size(",
        "dyn(",
        "type(",
        ".orValue(",
        "optional.of(",
        "[x, x]",
        "{x: x}",
        "Object{",
        "lists.range(",
        "é",
        "\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Expressions that can be read, of any types.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "1u",
        "'a'",
        "null",
        "true",
        "[]",
        "{}",
        "x",
        "y",
        "object",
        "object.spec",
        "object.metadata.labels",
        "variables",
        "request.userInfo",
        "params",
        "optional.none()",
        "object.spec.template.spec.containers",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(8, 64, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            let shapes = prop::sample::select(vec![
                "[A, B]",
                "{A: B}",
                "A + B",
                "A == B",
                "A < B",
                "A ? B : A",
                "A[B]",
                "A.map(x, B)",
                "A.all(x, B)",
                "A.all(x, y, B)",
                "A.transformMap(x, y, B)",
                "A.filter(x, B)",
                "A.?b.orValue(B)",
                "A.name",
                "has(A.name)",
                "optional.of(A).optMap(x, B)",
                "A in B",
                "sets.contains(A, B)",
                "A.indexOf(B)",
                "type(A) == B",
                "[A].map(x, [x]).map(y, B)",
            ]);
            (two, shapes).prop_map(|((a, b), shape)| {
                let mut text = String::new();
                for letter in shape.chars() {
                    match letter {
                        'A' => text.push_str(&format!("({a})")),
                        'B' => text.push_str(&format!("({b})")),
                        letter => text.push(letter),
                    }
                }
                text
            })
        })
}

/// Runs on a stack that has room for what is not optimized.
fn with_room(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    thread.expect("a thread").join().expect("no panic");
}

#[test]
fn no_text_makes_a_panic() {
    with_room(|| {
        proptest!(|(text in pieces())| {
            let _ = Expression::issues(&text, &deployments());
            let _ = Expression::compile(&text, &Scope::new(NAMES), Wanted::Object);
        });
    });
}

#[test]
fn no_expression_makes_a_panic() {
    with_room(|| {
        proptest!(|(text in expressions())| {
            let _ = Expression::issues(&text, &deployments());
            let _ = Expression::compile(&text, &Scope::new(NAMES), Wanted::Patch);
        });
    });
}
