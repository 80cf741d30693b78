//! Taints of nodes and tolerations of pods.

use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// They are not put here.
    NoSchedule,
    /// They are rather put elsewhere.
    PreferNoSchedule,
    /// They are not put here and those here must go.
    NoExecute,
}

impl Effect {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "NoSchedule" => Some(Self::NoSchedule),
            "PreferNoSchedule" => Some(Self::PreferNoSchedule),
            "NoExecute" => Some(Self::NoExecute),
            _ => None,
        }
    }

    /// Whether it keeps pods away for certain.
    pub fn is_hard(self) -> bool {
        self != Self::PreferNoSchedule
    }
}

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its key.
    pub key: CompactString,
    /// Its value, or `""`.
    pub value: CompactString,
    /// What it does.
    pub effect: Effect,
}

impl Taint {
    /// Reads a taint; one without a known effect does nothing.
    pub fn read(taint: &Value) -> Option<Self> {
        Some(Self {
            key: taint.str_or_empty("key").into(),
            value: taint.str_or_empty("value").into(),
            effect: Effect::parse(taint.str_or_empty("effect"))?,
        })
    }

    /// The taint that a cordoned node counts as having.
    pub fn unschedulable() -> Self {
        Self {
            key: CompactString::const_new("node.kubernetes.io/unschedulable"),
            value: CompactString::const_new(""),
            effect: Effect::NoSchedule,
        }
    }
}

/// Taints that a pod bears.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Toleration {
    key: CompactString,
    value: CompactString,
    /// `Exists`; else the values must be equal.
    is_any_value: bool,
    /// An operator that is none of the two bears nothing.
    is_known: bool,
    /// All effects if there is none.
    effect: Option<CompactString>,
}

impl Toleration {
    /// Reads a toleration.
    pub fn read(toleration: &Value) -> Self {
        let operator = toleration.str_or_empty("operator");
        let effect = toleration.str("effect").filter(|effect| !effect.is_empty());
        Self {
            key: toleration.str_or_empty("key").into(),
            value: toleration.str_or_empty("value").into(),
            is_any_value: operator == "Exists",
            is_known: matches!(operator, "" | "Equal" | "Exists"),
            effect: effect.map(CompactString::from),
        }
    }

    /// Whether it bears a taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let effect = self.effect.as_deref();
        self.is_known
            && effect.is_none_or(|effect| Effect::parse(effect) == Some(taint.effect))
            && (self.key.is_empty() || self.key == taint.key)
            && (self.is_any_value || self.value == taint.value)
    }
}

/// The first hard taint that no toleration bears.
pub fn first_untolerated<'t>(taints: &'t [Taint], tolerations: &[Toleration]) -> Option<&'t Taint> {
    let is_tolerated = |taint: &Taint| tolerations.iter().any(|bears| bears.tolerates(taint));
    taints
        .iter()
        .find(|taint| taint.effect.is_hard() && !is_tolerated(taint))
}

/// How many soft taints no toleration bears.
pub fn count_disliked(taints: &[Taint], tolerations: &[Toleration]) -> i64 {
    let is_tolerated = |taint: &Taint| tolerations.iter().any(|bears| bears.tolerates(taint));
    let disliked = taints
        .iter()
        .filter(|taint| !taint.effect.is_hard() && !is_tolerated(taint));
    i64::try_from(disliked.count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(toleration: &str, expected: bool) {
        let toleration = Toleration::read(&json::from_str(toleration).unwrap());
        let taint = Taint {
            key: "k".into(),
            value: "v".into(),
            effect: Effect::NoSchedule,
        };
        assert_eq!(toleration.tolerates(&taint), expected);
    }

    #[test]
    fn tolerations_match_as_upstream_does() {
        check(r#"{"key":"k","value":"v"}"#, true);
        check(r#"{"key":"k","operator":"Equal","value":"w"}"#, false);
        check(r#"{"key":"k","operator":"Exists"}"#, true);
        check(r#"{"operator":"Exists"}"#, true);
        check(r#"{"operator":"Exists","effect":"NoExecute"}"#, false);
        check(r#"{"key":"j","operator":"Exists"}"#, false);
        check(r#"{"key":"k","operator":"Near","value":"v"}"#, false);
    }
}
