//! What the functions answer.

use crate::cel::{Bindings, Expression, Scope, Wanted};
use ::cel::Value as CelValue;
use tollgate_api::json;

fn evaluate(text: &str) -> Result<CelValue, String> {
    let mut bindings = Bindings::default();
    let object = json::from_str(
        r#"{"l":[1,2,4],"m":{"a":1,"b":2},"s":"a1b22","d":{"x":{"n":3}},"hosts":["b.example","a.example"]}"#,
    )
    .unwrap();
    bindings.bind("object", Some(&object));
    Expression::compile(text, &Scope::new(&["object"]), Wanted::Anything)?.evaluate(&bindings)
}

#[track_caller]
fn holds(texts: &[&str]) {
    for text in texts {
        assert_eq!(evaluate(text), Ok(CelValue::Bool(true)), "{text}");
    }
}

#[track_caller]
fn fails(text: &str, why: &str) {
    let error = evaluate(text).unwrap_err();
    let (_, found) = error
        .split_once(" resulted in error: ")
        .unwrap_or(("", &error));
    assert_eq!(found, why, "{text}");
}

#[test]
fn urls_are_taken_apart() {
    holds(&[
        "url('https://user@example.com:80/a%20b?x=1&x=2&y').getHost() == 'example.com:80'",
        "url('https://example.com:80/').getHostname() == 'example.com'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'",
        "url('https://example.com/').getPort() == '' && url('HTTPS://a').getScheme() == 'https'",
        "url('https://e/a%20b?x').getEscapedPath() == '/a%20b'",
        "url('https://e/a b').getEscapedPath() == '/a%20b'",
        "url('/p?x=1&x=2&y=a+b').getQuery() == {'x': ['1', '2'], 'y': ['a b']}",
        "isURL('/absolute') && isURL('https://a') && !isURL('relative') && !isURL('') && !isURL('https://a:b/')",
    ]);
    fails(
        "url('x').getHost()",
        "URL parse error during conversion from string: parse \"x\": invalid URI for request",
    );
}

#[test]
fn addresses_and_networks_are_known() {
    holds(&[
        "ip('10.0.0.1').family() == 4 && ip('::1').family() == 6 && ip('::1').isLoopback()",
        "isIP('1.2.3.4') && !isIP('1.2.3') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')",
        "ip.isCanonical('127.0.0.1') && !ip.isCanonical('2001:DB8::1')",
        "string(ip('2001:DB8::1')) == '2001:db8::1'",
        "ip('224.0.0.1').isLinkLocalMulticast() && ip('169.254.1.1').isLinkLocalUnicast()",
        "ip('8.8.8.8').isGlobalUnicast() && !ip('127.0.0.1').isGlobalUnicast() && ip('0.0.0.0').isUnspecified()",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsIP(ip('10.1.2.3'))",
        "!cidr('10.0.0.0/8').containsIP('11.0.0.1') && !cidr('::/0').containsIP('10.0.0.1')",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.1.2.3/8').prefixLength() == 8",
        "string(cidr('10.1.2.3/8').ip()) == '10.1.2.3' && string(cidr('10.1.2.3/8')) == '10.1.2.3/8'",
        "isCIDR('::/128') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0/08') && !isCIDR('10.0.0.0')",
        "ip('10.0.0.1') == ip('10.0.0.1') && ip('10.0.0.1') != ip('10.0.0.2')",
    ]);
    fails(
        "ip('x') == ip('y')",
        "IP Address \"x\" parse error during conversion from string: ParseAddr(\"x\"): unable to parse IP",
    );
}

#[test]
fn formats_say_what_is_wrong_with_a_text() {
    holds(&[
        "!format.dns1123Label().validate('abc').hasValue()",
        "format.dns1123Label().validate('A').value()[0].startsWith('a lowercase RFC 1123 label')",
        "!format.dns1123LabelPrefix().validate('abc-').hasValue()",
        "format.named('uuid').value().validate('x').value() == ['does not match the UUID format']",
        "!format.named('nothing').hasValue()",
        "!format.uri().validate('https://a').hasValue() && format.uri().validate('a').hasValue()",
        "!format.byte().validate('YQ==').hasValue() && format.byte().validate('%').hasValue()",
        "!format.date().validate('2026-01-31').hasValue() && !format.datetime().validate('2026-01-31T00:00:00Z').hasValue()",
        "!format.qualifiedName().validate('a.example/b').hasValue() && format.labelValue().validate('-').hasValue()",
        "'%s is %d'.format(['one', 1]) == 'one is 1'",
    ]);
}

#[test]
fn versions_are_compared_as_they_mean() {
    holds(&[
        "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
        "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0').isGreaterThan(semver('1.0.0-rc.1'))",
        "semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))",
        "semver('1.0.0+a') == semver('1.0.0+b') && semver('1.0.0').compareTo(semver('2.0.0')) == -1",
        "isSemver('1.0.0') && !isSemver('1.0') && !isSemver('v1.0.0') && !isSemver('01.0.0')",
        "isSemver('v01.1', true) && semver('v01.1', true) == semver('1.1.0')",
    ]);
    fails("semver('1.0')", "No Major.Minor.Patch elements found");
}

#[test]
fn quantities_and_versions_share_names() {
    holds(&[
        "quantity('1Gi').isGreaterThan(quantity('1G')) && semver('2.0.0').isGreaterThan(semver('1.0.0'))",
        "quantity('1.5').isInteger() == false && quantity('50k').asInteger() == 50000",
        "quantity('1').add(1) == quantity('2') && quantity('1').sub(quantity('2')).sign() == -1",
    ]);
    fails(
        "quantity('1.5').asInteger()",
        "cannot convert value to integer",
    );
    fails(
        "quantity('1').compareTo(semver('1.0.0'))",
        "compilation failed: ERROR: <input>:1:24: found no matching overload for 'compareTo' applied to 'kubernetes.Quantity.(kubernetes.Semver)'\n | quantity('1').compareTo(semver('1.0.0'))\n | .......................^",
    );
    fails(
        "quantity('1').compareTo(dyn(semver('1.0.0')))",
        "no such overload",
    );
}

#[test]
fn lists_and_sets_are_looked_at_as_wholes() {
    holds(&[
        "object.l.isSorted() && object.l.sum() == 7 && object.l.min() == 1 && object.l.max() == 4",
        "object.l.indexOf(2) == 1 && object.l.lastIndexOf(9) == -1 && [].sum() == 0",
        "[duration('1s'), duration('2s')].sum() == duration('3s')",
        "sets.contains([1, 2], [1]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])",
        "object.hosts.sort() == ['a.example', 'b.example'] && [1, 1, 2].distinct() == [1, 2]",
        "object.s.find('[0-9]+') == '1' && object.s.findAll('[0-9]+', 1) == ['1']",
        "lists.range(3) == [0, 1, 2] && strings.quote('a') == '\"a\"'",
    ]);
    fails("[].min()", "min called on empty list");
}

#[test]
fn loops_may_have_two_variables() {
    holds(&[
        "object.l.all(i, x, x > i)",
        "object.l.exists(i, x, i == 2 && x == 4) && !object.l.exists(i, x, i == x && x == 4)",
        "object.m.existsOne(k, v, v == 2) && !object.m.existsOne(k, v, v > 0)",
        "object.l.transformList(i, x, x * i) == [0, 2, 8]",
        "object.l.transformList(i, x, i > 0, x) == [2, 4]",
        "object.m.transformList(k, v, k) == ['a', 'b']",
        "object.m.transformMap(k, v, v + 1) == {'a': 2, 'b': 3}",
        "object.m.transformMap(k, v, k == 'b', v) == {'b': 2}",
        "object.m.transformMapEntry(k, v, {v: k}) == {1: 'a', 2: 'b'}",
        "object.l.all(i, x, object.m.exists(k, v, v + 3 > x))",
    ]);
    fails(
        "object.m.transformMapEntry(k, v, {'x': v})",
        "insert failed: key x already exists",
    );
    assert!(
        evaluate("object.l.all(1, x, true)")
            .unwrap_err()
            .contains("argument must be a simple name")
    );
}
