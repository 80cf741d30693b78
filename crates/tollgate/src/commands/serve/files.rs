//! The files of a server: certificates and keys in its data directory, readable for their owner only.

use anyhow::{Context as _, Result};
use ring::rand::SystemRandom;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use tollgate_api::Timestamp;
use tollgate_apiserver::auth::token::SigningKey;
use tollgate_apiserver::http::certificates::{Certificates, Identity};

/// The certificates and keys of a server.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) certificates: Certificates,
    /// The key that signs tokens of service accounts (PEM).
    pub(super) service_accounts: String,
}

impl Keys {
    /// Reads what a former start made, or makes it.
    pub(super) fn load_or_make(
        directory: Option<&Path>,
        addresses: &[IpAddr],
        now: Timestamp,
    ) -> Result<Self> {
        let folder = directory.map(|directory| directory.join("pki"));
        if let Some(folder) = &folder
            && folder.join("admin.crt").exists()
        {
            return Ok(Self {
                certificates: Certificates {
                    authority: load(folder, "ca")?,
                    server: load(folder, "apiserver")?,
                    admin: load(folder, "admin")?,
                },
                service_accounts: read(&folder.join("sa.key"))?,
            });
        }
        let names: Vec<String> = addresses
            .iter()
            .filter(|address| !address.is_unspecified())
            .map(IpAddr::to_string)
            .collect();
        let certificates = Certificates::make(&names, now)?;
        let service_accounts = SigningKey::generate(&SystemRandom::new())?;
        if let Some(folder) = &folder {
            make_folder(folder)?;
            write_secret(&folder.join("sa.key"), &service_accounts)?;
            save(folder, "ca", &certificates.authority)?;
            save(folder, "apiserver", &certificates.server)?;
            // The last one: its file says that all are there.
            save(folder, "admin", &certificates.admin)?;
        }
        Ok(Self {
            certificates,
            service_accounts,
        })
    }
}

fn load(folder: &Path, name: &str) -> Result<Identity> {
    Ok(Identity {
        certificate: read(&folder.join(format!("{name}.crt")))?,
        key: read(&folder.join(format!("{name}.key")))?,
    })
}

fn save(folder: &Path, name: &str, identity: &Identity) -> Result<()> {
    write_secret(&folder.join(format!("{name}.key")), &identity.key)?;
    write_secret(&folder.join(format!("{name}.crt")), &identity.certificate)
}

/// Reads a text.
pub(super) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Makes a folder that only its owner can enter, if it is not there.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))
}

/// Writes a file that only its owner can read, whole or not at all.
pub(super) fn write_secret(path: &Path, text: &str) -> Result<()> {
    let context = || format!("cannot write `{}`", path.display());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_folder(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(context)?;
    file.write_all(text.as_bytes()).with_context(context)?;
    std::fs::rename(&temporary, path).with_context(context)
}
