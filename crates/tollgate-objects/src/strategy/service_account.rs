//! The strategy of ServiceAccounts: of the secrets of an account nothing but the name counts (`cleanSecretReferences`).

use tollgate_api::{Release, Value};

/// Prepares an account that is to be created.
pub(super) fn prepare_for_create(account: &mut Value, _release: Release) -> Vec<String> {
    clean_secret_references(account);
    Vec::new()
}

/// Prepares what an account becomes by an update.
pub(super) fn prepare_for_update(new: &mut Value, _old: &Value, _release: Release) {
    clean_secret_references(new);
}

fn clean_secret_references(account: &mut Value) {
    for secret in account.items_mut("secrets") {
        let name = secret.get("name").cloned();
        *secret = name.into_iter().map(|name| ("name", name)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn secrets_of_an_account_are_names() {
        let given = r#"{"secrets":[{"kind":"b","name":"a","uid":"c"},{},{"namespace":"e"}]}"#;
        let mut account = from_str(given).unwrap();
        prepare_for_create(&mut account, Release::default());
        assert_eq!(
            account,
            from_str(r#"{"secrets":[{"name":"a"},{},{}]}"#).unwrap()
        );
    }
}
