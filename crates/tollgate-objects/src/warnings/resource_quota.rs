//! Quotas: more is asked for than may be used.

use super::Subject;
use tollgate_api::Quantity;

/// What requests may be called, the name that counts first, and the limits that should be above them.
const PAIRS: [(&[&str], &str); 3] = [
    (&["requests.cpu", "cpu"], "limits.cpu"),
    (&["requests.memory", "memory"], "limits.memory"),
    (&["requests.ephemeral-storage"], "limits.ephemeral-storage"),
];

/// Warns of requests above their limits in a new quota.
pub(super) fn collect(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    if subject.old.is_some() || !subject.is_since(34) {
        return;
    }
    let Some(hard) = subject.object.at(&["spec", "hard"]) else {
        return;
    };
    let amount = |name: &str| Quantity::from_value(hard.get(name)?).ok();
    for (requests, limits) in PAIRS {
        let found = requests
            .iter()
            .find_map(|name| amount(name).map(|amount| (name, amount)));
        if let (Some((name, requested)), Some(limit)) = (found, amount(limits))
            && requested > limit
        {
            warnings.push(format!(
                "ResourceQuota {name} ({requested}) should be less than {limits} ({limit})"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::warnings::on_create;
    use tollgate_api::json::from_str;
    use tollgate_api::{GroupVersionKind, Release};

    #[track_caller]
    fn check(hard: &str, expected: &[&str]) {
        let object = from_str(&format!(r#"{{"spec":{{"hard":{hard}}}}}"#)).unwrap();
        let kind = GroupVersionKind::new("v1", "ResourceQuota");
        assert_eq!(on_create(&kind, &object, Release::default()), expected);
    }

    #[test]
    fn requests_should_not_be_above_limits() {
        check(
            r#"{"requests.memory":"1Gi","limits.memory":"512Mi","cpu":"4","limits.cpu":"1"}"#,
            &[
                "ResourceQuota cpu (4) should be less than limits.cpu (1)",
                "ResourceQuota requests.memory (1Gi) should be less than limits.memory (512Mi)",
            ],
        );
        check(
            r#"{"cpu":"4","requests.cpu":"3","limits.cpu":"1"}"#,
            &["ResourceQuota requests.cpu (3) should be less than limits.cpu (1)"],
        );
        check(r#"{"cpu":"1","limits.cpu":"1"}"#, &[]);
        check(
            r#"{"ephemeral-storage":"4","limits.ephemeral-storage":"1"}"#,
            &[],
        );
    }
}
