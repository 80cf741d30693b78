//! The administrator's kubeconfig.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_apiserver::http::certificates::Certificates;

/// The text of a kubeconfig for the administrator of the server at `url`.
pub(super) fn write(url: &str, certificates: &Certificates) -> String {
    let authority = STANDARD.encode(&certificates.authority.certificate);
    let certificate = STANDARD.encode(&certificates.admin.certificate);
    let key = STANDARD.encode(&certificates.admin.key);
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: tollgate
  cluster:
    server: {url}
    certificate-authority-data: {authority}
users:
- name: admin
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: tollgate
  context:
    cluster: tollgate
    user: admin
current-context: tollgate
"
    )
}
