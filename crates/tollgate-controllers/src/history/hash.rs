//! The hash in the names of revisions, in upstream's alphabet.

use tollgate_api::names;

/// The longest name of an owner that leaves room for a hash.
const PREFIX_BYTES_MAX: usize = 223;

/// FNV-1 of 32 bits.
fn fnv(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0x811c_9dc5, |hash, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte)
    })
}

/// The hash of a revision's data. `collisions` keeps different data with one hash apart.
pub(super) fn of(data: &str, collisions: i64) -> String {
    let number = fnv(&[data.as_bytes(), collisions.to_string().as_bytes()]);
    names::safe_encode(&number.to_string())
}

/// The name of the revision of an owner with that hash.
pub(super) fn name(owner: &str, hash: &str) -> String {
    let end = (0..=owner.len().min(PREFIX_BYTES_MAX))
        .rev()
        .find(|end| owner.is_char_boundary(*end))
        .unwrap_or_default();
    format!("{}-{hash}", owner.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_is_the_one_that_multiplies_first() {
        assert_eq!(fnv(&[b""]), 0x811c_9dc5);
        assert_eq!(fnv(&[b"a"]), 0x050c_5d7e);
        assert_eq!(fnv(&[b"foo", b"bar"]), 0x31f0_b262);
    }

    #[test]
    fn hashes_are_those_that_upstream_gives() {
        let data = r#"{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"labels":{"app":"foo"}},"spec":{"containers":[{"image":"test","imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}"#;
        assert_eq!(of(data, 0), "776999688b");
    }

    #[test]
    fn collisions_change_the_hash() {
        assert_ne!(of("{}", 0), of("{}", 1));
        assert!(
            of("{}", 0)
                .bytes()
                .all(|byte| names::GENERATED_LETTERS.contains(&byte))
        );
    }

    #[test]
    fn long_owners_are_cut() {
        assert_eq!(name("web", "bcdf"), "web-bcdf");
        assert_eq!(name(&"a".repeat(240), "bcdf").len(), PREFIX_BYTES_MAX + 5);
    }
}
