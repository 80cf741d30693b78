//! What the server tells of itself in `kube-system`: who certifies its clients, since when it tracks tokens, and that it
//! is alive.

use super::wanted::Writer;
use super::{Surroundings, Wanted};
use crate::storage::{Key, Snapshot, Write};
use crate::verbs::record;
use tollgate_api::{Timestamp, Value};

/// How long a lease lasts that is not renewed.
pub(super) const LEASE_SECONDS: i64 = 3_600;
/// The letters of an identity.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// How many bytes of the digest of a host's name make an identity.
const IDENTITY_BYTES: usize = 16;
const LABEL: &str = "apiserver.kubernetes.io/identity";

/// The name of the lease of a server on this host.
pub(super) fn lease_name(hostname: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, hostname.as_bytes());
    let bytes = digest.as_ref().get(..IDENTITY_BYTES).unwrap_or_default();
    let mut name = "apiserver-".to_owned();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits = bits.saturating_add(8);
        while bits >= 5 {
            bits = bits.saturating_sub(5);
            name.push(letter(held >> bits));
            held &= (1_u32 << bits).saturating_sub(1);
        }
    }
    if bits > 0 {
        name.push(letter(held << 5_u32.saturating_sub(bits)));
    }
    name
}

fn letter(number: u32) -> char {
    let place = usize::try_from(number & 31).unwrap_or_default();
    char::from(LETTERS.get(place).copied().unwrap_or(b'a'))
}

/// The lease of a server that has just started.
pub(super) fn lease(surroundings: &Surroundings, writer: &Writer<'_>) -> Value {
    let name = lease_name(&surroundings.hostname);
    let mut lease = Value::object();
    let metadata = lease.child_mut("metadata");
    metadata.set("name", name.as_str());
    metadata.set("namespace", "kube-system");
    let labels = metadata.child_mut("labels");
    labels.set(LABEL, "kube-apiserver");
    labels.set("kubernetes.io/hostname", surroundings.hostname.as_str());
    let address = surroundings.reached.to_string();
    let annotations = metadata.child_mut("annotations");
    annotations.set("kubernetes.io/peer-advertise-address", address);
    let spec = lease.child_mut("spec");
    spec.set(
        "holderIdentity",
        format!("{name}_{}", writer.environment.uid()),
    );
    spec.set("leaseDurationSeconds", LEASE_SECONDS);
    spec.set("renewTime", writer.now.as_str());
    lease
}

/// All of them.
pub(super) fn objects(surroundings: &Surroundings, writer: &Writer<'_>) -> Vec<Wanted> {
    let named = |name: &str| {
        let mut object = Value::object();
        let metadata = object.child_mut("metadata");
        metadata.set("name", name);
        metadata.set("namespace", "kube-system");
        object
    };
    let mut authentication = named("extension-apiserver-authentication");
    let authorities = surroundings.client_authorities.as_str();
    authentication
        .child_mut("data")
        .set("client-ca-file", authorities);
    let mut tracking = named("kube-apiserver-legacy-service-account-token-tracking");
    let today = writer.now.split('T').next().unwrap_or_default();
    tracking.child_mut("data").set("since", today);
    let config_maps = ("", "v1", "configmaps");
    let leases = ("coordination.k8s.io", "v1", "leases");
    vec![
        Wanted::new(config_maps, authentication).owning(&[&["data", "client-ca-file"]]),
        Wanted::new(config_maps, tracking),
        Wanted::new(leases, lease(surroundings, writer)).owning(&[
            &["metadata", "annotations"],
            &["metadata", "labels"],
            &["spec"],
        ]),
    ]
}

/// The leases of other servers that are long gone.
pub(super) fn expired(writer: &Writer<'_>, head: &Snapshot, hostname: &str) -> Vec<Write> {
    let own = lease_name(hostname);
    let Some(now) = Timestamp::parse(&writer.now) else {
        return Vec::new();
    };
    let prefix = Key::prefix("coordination.k8s.io", "leases", Some("kube-system"));
    let found = head.range(&prefix);
    let gone = found.filter(|(key, found)| {
        key.name() != own
            && record::parse(&found.value, 0).is_ok_and(|lease| is_expired(&lease, now))
    });
    gone.map(|(key, _)| Write::Delete { key: key.clone() })
        .collect()
}

fn is_expired(lease: &Value, now: Timestamp) -> bool {
    let label = lease.at(&["metadata", "labels", LABEL]);
    let spec = lease.get("spec").unwrap_or(&Value::Null);
    let Some(renewed) = Timestamp::parse(spec.str_or_empty("renewTime")) else {
        return false;
    };
    let lasts = spec.int("leaseDurationSeconds").unwrap_or(LEASE_SECONDS);
    let ends = renewed.unix_seconds().saturating_add(lasts);
    label.and_then(Value::as_str) == Some("kube-apiserver") && ends < now.unix_seconds()
}
