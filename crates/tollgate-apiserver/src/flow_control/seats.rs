//! How many requests of each level there would be at a time (upstream: `apiserver/pkg/util/flowcontrol/apf_controller.go`).

use tollgate_api::Value;

/// What kube-apiserver lets in by default at a time: 400 requests that read and 200 that write.
const SERVER_SEATS: i64 = 600;
/// The shares of a level that says nothing of them.
const DEFAULT_SHARES: i64 = 30;

/// The shares of a level.
pub(super) fn shares(spec: Option<&Value>) -> i64 {
    let is_exempt = spec.and_then(|spec| spec.str("type")) == Some("Exempt");
    let (of_type, default) = if is_exempt {
        ("exempt", 0)
    } else {
        ("limited", DEFAULT_SHARES)
    };
    let said = spec.and_then(|spec| spec.get(of_type)?.int("nominalConcurrencyShares"));
    said.unwrap_or(default).max(0)
}

/// The seats of a level that has so many of all shares.
pub(super) fn nominal(shares: i64, of_all: i64) -> i64 {
    let seats = SERVER_SEATS.saturating_mul(shares);
    let of_all = of_all.max(1);
    seats
        .saturating_add(of_all.saturating_sub(1))
        .div_euclid(of_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn shares_are_those_of_the_type() {
        let check = |spec: &str, expected| {
            let spec = json::from_str(spec).unwrap();
            assert_eq!(shares(Some(&spec)), expected, "{spec}");
        };
        check(
            r#"{"type":"Limited","limited":{"nominalConcurrencyShares":5}}"#,
            5,
        );
        check(r#"{"type":"Limited","limited":{}}"#, 30);
        check(
            r#"{"type":"Exempt","exempt":{"nominalConcurrencyShares":7}}"#,
            7,
        );
        check(r#"{"type":"Exempt"}"#, 0);
        check(
            r#"{"type":"Limited","limited":{"nominalConcurrencyShares":-5}}"#,
            0,
        );
        assert_eq!(shares(None), 30);
    }

    #[test]
    fn a_level_has_its_part_rounded_up() {
        assert_eq!(nominal(5, 245), 13);
        assert_eq!(nominal(245, 245), 600);
        assert_eq!(nominal(0, 0), 0);
        assert!(nominal(i64::MAX, 1) > 0);
    }
}
