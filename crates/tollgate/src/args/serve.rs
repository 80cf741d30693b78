//! The flags of `tollgate serve`: kube-apiserver's own where it has them.

use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `tollgate serve`
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "Every flag can stand in the file of --config, too, as `name: value`; the command line wins.\n\n\
                  Examples:\n  tollgate serve\n  tollgate serve --data-dir :memory: --secure-port 0 --write-kubeconfig kubeconfig\n  \
                  tollgate serve --data-dir /var/lib/tollgate --bind-address 0.0.0.0"
)]
pub struct ServeArgs {
    /// Read flags from this file (YAML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where everything is kept; `:memory:` keeps nothing
    #[arg(
        long,
        value_name = "DIR",
        default_value = "tollgate-data",
        help_heading = "Server"
    )]
    pub data_dir: PathBuf,

    /// The address to listen on
    #[arg(
        long,
        value_name = "IP",
        default_value = "127.0.0.1",
        help_heading = "Server"
    )]
    pub bind_address: IpAddr,

    /// The address under which clients reach the server, if it is not --bind-address
    #[arg(long, value_name = "IP", help_heading = "Server")]
    pub advertise_address: Option<IpAddr>,

    /// The port to listen on; 0 takes any that is free
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 6443,
        help_heading = "Server"
    )]
    pub secure_port: u16,

    /// Write the administrator's kubeconfig to this file, too
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    pub write_kubeconfig: Option<PathBuf>,

    /// How long a request may take that is no watch, such as `1m0s`
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1m0s",
        help_heading = "Server"
    )]
    pub request_timeout: String,

    /// How often states of the past are forgotten, from which lists go on (`continue`), such as `5m0s`
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "5m0s",
        help_heading = "Server"
    )]
    pub etcd_compaction_interval: String,

    /// How many connections one client may have at a time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Server"
    )]
    pub max_connections_per_client: u32,

    /// What an acknowledged write survives
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value_t = DurabilityArg::Full,
        help_heading = "Server"
    )]
    pub durability: DurabilityArg,

    /// Accept client certificates of these authorities beside those of our own (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Security")]
    pub client_ca_file: Option<PathBuf>,

    /// Serve with this certificate instead of our own (PEM)
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_private_key_file",
        help_heading = "Security"
    )]
    pub tls_cert_file: Option<PathBuf>,

    /// The key of --tls-cert-file (PEM)
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_cert_file",
        help_heading = "Security"
    )]
    pub tls_private_key_file: Option<PathBuf>,

    /// Static tokens: lines of `token,user,uid,"group,group"`
    #[arg(long, value_name = "FILE", help_heading = "Security")]
    pub token_auth_file: Option<PathBuf>,

    /// Who is asked who may do what, in this order
    #[arg(
        long,
        value_name = "MODE,…",
        value_delimiter = ',',
        default_value = "Node,RBAC",
        help_heading = "Security"
    )]
    pub authorization_mode: Vec<String>,

    /// Let requests without credentials in as `system:anonymous`
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true",
        help_heading = "Security"
    )]
    pub anonymous_auth: bool,

    /// The issuer that tokens of service accounts name
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://kubernetes.default.svc",
        help_heading = "Security"
    )]
    pub service_account_issuer: String,

    /// How long certificates may count that controllers sign
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "8760h0m0s",
        help_heading = "Security"
    )]
    pub cluster_signing_duration: String,

    /// What is told of which request: an `audit.k8s.io/v1` Policy
    #[arg(
        long,
        value_name = "FILE",
        requires = "audit_log_path",
        help_heading = "Audit"
    )]
    pub audit_policy_file: Option<PathBuf>,

    /// Where it is told: a file, or `-` for standard output
    #[arg(
        long,
        value_name = "FILE",
        requires = "audit_policy_file",
        help_heading = "Audit"
    )]
    pub audit_log_path: Option<PathBuf>,

    /// How large the file may become before another is begun, in megabytes; 0 is 100
    #[arg(long, value_name = "MB", default_value_t = 100, help_heading = "Audit")]
    pub audit_log_maxsize: u32,

    /// For how many days old files are kept; 0 is for ever
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 366,
        help_heading = "Audit"
    )]
    pub audit_log_maxage: u32,

    /// How many old files are kept; 0 is all
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = "Audit")]
    pub audit_log_maxbackup: u32,

    /// How it is told
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t = AuditFormatArg::Json,
        help_heading = "Audit"
    )]
    pub audit_log_format: AuditFormatArg,

    /// What happens when the file cannot keep up
    #[arg(
        long,
        value_enum,
        value_name = "MODE",
        default_value_t = AuditModeArg::Blocking,
        help_heading = "Audit"
    )]
    pub audit_log_mode: AuditModeArg,

    /// Admission plugins to enable beside the default ones
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub enable_admission_plugins: Vec<String>,

    /// Admission plugins to disable
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub disable_admission_plugins: Vec<String>,

    /// kube-apiserver's `AdmissionConfiguration` file (`PodSecurity` and `ResourceQuota` are read)
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub admission_control_config_file: Option<PathBuf>,

    /// How long events are kept after their last change; `0s` keeps them for ever
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1h0m0s",
        value_parser = super::duration::parse,
        help_heading = "Cluster"
    )]
    pub event_ttl: Duration,

    /// Which release to be: 1.20 to 1.37
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "1.36",
        help_heading = "Cluster"
    )]
    pub emulated_version: String,

    /// How many equal nodes to simulate, `node-0` and so on; 3 if nothing is said, 0 for none
    #[arg(long, value_name = "N", help_heading = "Cluster")]
    pub nodes: Option<u32>,

    /// What each simulated node has; what is not named is as by default
    #[arg(
        long,
        value_name = "RESOURCE=AMOUNT,…",
        default_value = tollgate_controllers::node::config::CAPACITY_DEFAULT,
        help_heading = "Cluster"
    )]
    pub node_capacity: String,

    /// Simulate the groups of nodes of this file (YAML) instead of equal ones
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub node_config: Option<PathBuf>,

    /// Which controllers to run: `*` for all, `name` for one, `-name` for all but one, `-*` for none
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        default_value = "*",
        allow_hyphen_values = true,
        help_heading = "Cluster"
    )]
    pub controllers: Vec<String>,
}

/// `--audit-log-format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormatArg {
    /// An event a line, as an object
    Json,
    /// An event a line, with less in it
    Legacy,
}

/// `--audit-log-mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditModeArg {
    /// Requests wait: no event is lost
    Blocking,
    /// Events are lost: no request waits
    Batch,
}

/// `--durability`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DurabilityArg {
    /// Loss of power
    Full,
    /// The end of the process, but not of the system: for tests
    None,
}
