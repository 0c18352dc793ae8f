//! The account with a directory: made once, kept on disk.

use std::io;
use std::path::PathBuf;

use instant_acme::{Account, AccountCredentials, NewAccount};
use propylon_config::Acme;

use super::courier::Courier;
use super::storage;
use super::trouble::Trouble;

/// Restores the account from its file, or makes one.
pub(super) async fn open(acme: &Acme, courier: &Courier) -> Result<Account, Trouble> {
    let builder = Account::builder_with_http(Box::new(courier.clone()));
    if let Some(credentials) = read(acme)? {
        return Ok(builder.from_credentials(credentials).await?);
    }
    let contact = acme.contact.iter().map(|mail| format!("mailto:{mail}"));
    let contact: Vec<_> = contact.collect();
    let contact: Vec<_> = contact.iter().map(String::as_str).collect();
    let wanted = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, credentials) = builder
        .create(&wanted, acme.directory.clone(), None)
        .await?;
    let text = serde_json::to_vec(&credentials)
        .map_err(|error| Trouble::Local(format!("the account cannot be written: {error}")))?;
    storage::write_private(&file(acme), &text)?;
    Ok(account)
}

/// Puts the file of an account aside that the directory does not know.
pub(super) fn forget(acme: &Acme) {
    let file = file(acme);
    // Without it the next attempt fails in the same way, and says so.
    let _ = std::fs::rename(&file, file.with_extension("unknown"));
}

fn file(acme: &Acme) -> PathBuf {
    acme.folder().join("account.json")
}

fn read(acme: &Acme) -> Result<Option<AccountCredentials>, Trouble> {
    let file = file(acme);
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Trouble::file(&file, &error)),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let cause = "remove the file to make another account";
        Trouble::Local(format!("{}: no account: {error}; {cause}", file.display()))
    })
}
