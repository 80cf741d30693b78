//! The service `kubernetes`: how pods and clients find the server.

use super::Wanted;
use std::net::SocketAddr;
use tollgate_api::Status;

/// The service, its address, and where it leads.
pub(super) fn objects(reached: SocketAddr) -> Result<Vec<Wanted>, Status> {
    let (ip, port) = (reached.ip(), reached.port());
    let family = if ip.is_ipv4() { "IPv4" } else { "IPv6" };
    let service = format!(
        r#"{{"metadata":{{"name":"kubernetes","namespace":"default","labels":{{"component":"apiserver","provider":"kubernetes"}}}},
            "spec":{{"ports":[{{"name":"https","protocol":"TCP","port":443,"targetPort":{port}}}],
            "clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"type":"ClusterIP","sessionAffinity":"None",
            "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}},
            "status":{{"loadBalancer":{{}}}}}}"#
    );
    let address = r#"{"metadata":{"name":"10.0.0.1","labels":{"ipaddress.kubernetes.io/ip-family":"IPv4",
        "ipaddress.kubernetes.io/managed-by":"ipallocator.k8s.io"}},
        "spec":{"parentRef":{"resource":"services","namespace":"default","name":"kubernetes"}}}"#;
    let endpoints = format!(
        r#"{{"metadata":{{"name":"kubernetes","namespace":"default",
            "labels":{{"endpointslice.kubernetes.io/skip-mirror":"true"}}}},
            "subsets":[{{"addresses":[{{"ip":"{ip}"}}],"ports":[{{"name":"https","port":{port},"protocol":"TCP"}}]}}]}}"#
    );
    let slice = format!(
        r#"{{"metadata":{{"name":"kubernetes","namespace":"default","generation":1,
            "labels":{{"kubernetes.io/service-name":"kubernetes"}}}},"addressType":"{family}",
            "endpoints":[{{"addresses":["{ip}"],"conditions":{{"ready":true}}}}],
            "ports":[{{"name":"https","port":{port},"protocol":"TCP"}}]}}"#
    );
    Ok(vec![
        Wanted::read(("", "v1", "services"), &service)?.owning(&[&["spec", "ports"]]),
        Wanted::read(("networking.k8s.io", "v1", "ipaddresses"), address)?,
        Wanted::read(("", "v1", "endpoints"), &endpoints)?.owning(&[&["subsets"]]),
        Wanted::read(("discovery.k8s.io", "v1", "endpointslices"), &slice)?.owning(&[
            &["addressType"],
            &["endpoints"],
            &["ports"],
        ]),
    ])
}
