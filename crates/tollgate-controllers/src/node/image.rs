//! What well-known images do when a container gives no command: some serve until they are stopped.
//!
//! The name of an image is its last part, wherever it comes from and whatever its tag is.

/// Images that serve as they are, without a configuration of any sort. Other arguments take the place of that.
const SERVERS: [&str; 13] = [
    "caddy",
    "httpd",
    "kitten",
    "memcached",
    "mongo",
    "nautilus",
    "nginx",
    "rabbitmq",
    "redis",
    "registry",
    "resource-consumer",
    "sample-apiserver",
    "traefik",
];

/// What Kubernetes' own test image does when it is told to, as far as that goes on for ever.
const AGNHOST_SERVERS: [&str; 16] = [
    "audit-proxy",
    "crd-conversion-webhook",
    "grpc-health-checking",
    "guestbook",
    "inclusterclient",
    "liveness",
    "netexec",
    "nettest",
    "no-snat-test",
    "no-snat-test-proxy",
    "pause",
    "porter",
    "resource-consumer-controller",
    "serve-hostname",
    "test-webserver",
    "webhook",
];

/// Whether an image goes on for ever that is started with these arguments and no command.
pub(super) fn serves(image: &str, arguments: &[&str]) -> bool {
    match (name(image), arguments) {
        ("pause", _) | ("agnhost", []) => true,
        ("agnhost", [first, ..]) => AGNHOST_SERVERS.contains(first),
        (name, []) => SERVERS.contains(&name),
        _ => false,
    }
}

fn name(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let end = name.find([':', '@']).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_last_name() {
        for image in [
            "nginx",
            "nginx:1.27",
            "a:5/b/nginx@sha256:00",
            "registry.k8s.io/pause:3.10",
            "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
        ] {
            assert!(serves(image, &[]), "{image}");
        }
        for image in ["", "busybox", "nginx-not:1", "nginx/tool", "pause-not:1"] {
            assert!(!serves(image, &[]), "{image}");
        }
    }

    #[test]
    fn arguments_say_what_an_image_does_instead() {
        assert!(serves("agnhost", &["netexec", "--http-port=80"]));
        assert!(!serves("agnhost", &["entrypoint-tester", "a"]));
        assert!(!serves("nginx", &["-v"]));
        assert!(serves("pause", &["-x"]));
    }
}
