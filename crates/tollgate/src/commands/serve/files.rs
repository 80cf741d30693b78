//! The files of a server: certificates and keys in its data directory, readable for their owner only.
//!
//! The key that signs tokens takes longer to make than all the rest of a start, so it is made beside it.

use anyhow::{Context as _, Result};
use ring::rand::SystemRandom;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tollgate_api::Timestamp;
use tollgate_apiserver::auth::token::SigningKey;
use tollgate_apiserver::http::certificates::{Certificates, Identity};

/// Reads the certificates that a former start made, or makes them.
pub(super) fn certificates(
    directory: Option<&Path>,
    addresses: &[IpAddr],
    now: Timestamp,
) -> Result<Certificates> {
    let folder = directory.map(folder_of_keys);
    if let Some(folder) = &folder
        && folder.join("admin.crt").exists()
    {
        return Ok(Certificates {
            authority: load(folder, "ca")?,
            server: load(folder, "apiserver")?,
            admin: load(folder, "admin")?,
        });
    }
    let names: Vec<String> = addresses
        .iter()
        .filter(|address| !address.is_unspecified())
        .map(IpAddr::to_string)
        .collect();
    let certificates = Certificates::make(&names, now)?;
    if let Some(folder) = &folder {
        save(folder, "ca", &certificates.authority)?;
        save(folder, "apiserver", &certificates.server)?;
        // The last one: its file says that all are there.
        save(folder, "admin", &certificates.admin)?;
    }
    Ok(certificates)
}

/// Reads the key that signs tokens of service accounts, if a former start made it.
pub(super) fn known_token_key(directory: Option<&Path>) -> Result<Option<SigningKey>> {
    let Some(file) = directory
        .map(file_of_token_key)
        .filter(|file| file.exists())
    else {
        return Ok(None);
    };
    let key = SigningKey::from_pem(&read(&file)?, &SystemRandom::new());
    key.map(Some)
        .context("cannot sign with the key for tokens of service accounts")
}

/// Makes the key that signs tokens. It is kept before anybody can use it, so every token outlives the process.
pub(super) fn make_token_key(directory: Option<&Path>) -> Result<SigningKey> {
    let random = SystemRandom::new();
    let text = SigningKey::generate(&random)?;
    if let Some(directory) = directory {
        write_secret(&file_of_token_key(directory), &text)?;
    }
    Ok(SigningKey::from_pem(&text, &random)?)
}

fn folder_of_keys(directory: &Path) -> PathBuf {
    directory.join("pki")
}

fn file_of_token_key(directory: &Path) -> PathBuf {
    folder_of_keys(directory).join("sa.key")
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
