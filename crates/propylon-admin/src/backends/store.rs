//! What is registered, kept in one file: each change is whole and on disk before it is acknowledged.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use propylon_config::SpkiPin;
use propylon_proxy::Keyring;
use propylon_proxy::backends::{BackendId, BackendSpec, SecretHeader};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError};
use serde::{Deserialize, Serialize};

/// `TENANT/NAME` to a row in JSON.
const BACKENDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("backends");
/// The number of the last change.
const CHANGES: TableDefinition<'_, &str, u64> = TableDefinition::new("changes");
const LAST: &str = "last";

/// The store. Secrets are sealed in it, each for its server and name alone.
pub(super) struct Store {
    database: Database,
    keys: Keyring,
}

/// What is known of a registered server beside what its user said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) spec: BackendSpec,
    /// The number of the change that made it what it is: no other has it.
    pub(super) version: u64,
    pub(super) created: String,
    pub(super) updated: String,
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file.
    #[error("{}: {cause}", .file.display())]
    Open {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: String,
    },
    /// A row that cannot be read.
    #[error("the row of {0} cannot be read: {1}")]
    Row(String, String),
    /// A secret that no key opens.
    #[error(
        "the secrets of {0} cannot be opened with any key of `key_file`; put the key that sealed them back into it"
    )]
    Sealed(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] redb::Error),
}

#[derive(Serialize, Deserialize)]
struct Row {
    url: String,
    /// Names, each with what it says, sealed and in Base64.
    headers: Vec<(String, String)>,
    tools: Option<BTreeSet<String>>,
    ca: Option<String>,
    pins: Vec<String>,
    version: u64,
    created: String,
    updated: String,
}

impl Store {
    /// Opens the file, or makes it. One process has it at a time.
    pub(super) fn open(file: &Path, keys: Keyring) -> Result<Self, StoreError> {
        let error = |cause: String| StoreError::Open {
            file: file.to_owned(),
            cause,
        };
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(file)
            .map_err(|cause| error(cause.to_string()))?;
        let database = Database::builder()
            .create_with_backend(
                redb::backends::FileBackend::new(opened)
                    .map_err(|cause| error(cause.to_string()))?,
            )
            .map_err(|cause| error(cause.to_string()))?;
        Ok(Self { database, keys })
    }

    /// Every server.
    pub(super) fn all(&self) -> Result<Vec<BackendSpec>, StoreError> {
        let page = self.page(None, None, usize::MAX)?;
        Ok(page.into_iter().map(|stored| stored.spec).collect())
    }

    /// Up to `limit` servers behind `after`, of one tenant or of all, in the order of their ids.
    pub(super) fn page(
        &self,
        tenant: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let Some(table) = self.table()? else {
            return Ok(Vec::new());
        };
        let prefix = tenant.map_or(String::new(), |tenant| format!("{tenant}/"));
        let from = match after {
            Some(after) if after >= prefix.as_str() => Bound::Excluded(after),
            _ => Bound::Included(prefix.as_str()),
        };
        let mut found = Vec::new();
        let range = table
            .range::<&str>((from, Bound::Unbounded))
            .map_err(redb::Error::from)?;
        for row in range.take(limit) {
            let (id, row) = row.map_err(redb::Error::from)?;
            if !id.value().starts_with(&prefix) {
                break;
            }
            found.push(self.read(id.value(), row.value())?);
        }
        Ok(found)
    }

    /// One server.
    pub(super) fn get(&self, id: &BackendId) -> Result<Option<Stored>, StoreError> {
        let Some(table) = self.table()? else {
            return Ok(None);
        };
        let row = table.get(id.as_str()).map_err(redb::Error::from)?;
        row.map(|row| self.read(id.as_str(), row.value()))
            .transpose()
    }

    /// Keeps a server; it is on disk when this returns.
    pub(super) fn put(
        &self,
        spec: BackendSpec,
        created: Option<String>,
    ) -> Result<Stored, StoreError> {
        let now = Timestamp::now().to_string();
        let mut stored = Stored {
            created: created.unwrap_or_else(|| now.clone()),
            updated: now,
            version: 0,
            spec,
        };
        let write = self.database.begin_write().map_err(redb::Error::from)?;
        {
            let mut changes = write.open_table(CHANGES).map_err(redb::Error::from)?;
            let last = changes.get(LAST).map_err(redb::Error::from)?;
            stored.version = last.map_or(0, |last| last.value()) + 1;
            changes
                .insert(LAST, stored.version)
                .map_err(redb::Error::from)?;
            let mut table = write.open_table(BACKENDS).map_err(redb::Error::from)?;
            let row = self.row(&stored)?;
            table
                .insert(stored.spec.id.as_str(), row.as_slice())
                .map_err(redb::Error::from)?;
        }
        write.commit().map_err(redb::Error::from)?;
        Ok(stored)
    }

    /// Forgets a server; it is gone from disk when this returns.
    pub(super) fn remove(&self, id: &BackendId) -> Result<(), StoreError> {
        let write = self.database.begin_write().map_err(redb::Error::from)?;
        {
            let mut table = write.open_table(BACKENDS).map_err(redb::Error::from)?;
            table.remove(id.as_str()).map_err(redb::Error::from)?;
        }
        write.commit().map_err(redb::Error::from)?;
        Ok(())
    }

    /// The table as it is now; `None` before the first change.
    fn table(
        &self,
    ) -> Result<Option<redb::ReadOnlyTable<&'static str, &'static [u8]>>, StoreError> {
        let read = self.database.begin_read().map_err(redb::Error::from)?;
        match read.open_table(BACKENDS) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(redb::Error::from(error).into()),
        }
    }

    fn row(&self, stored: &Stored) -> Result<Vec<u8>, StoreError> {
        let Stored { spec, .. } = stored;
        let error = |what: &str| StoreError::Row(spec.id.to_string(), what.to_owned());
        let seal = |header: &SecretHeader| {
            let secret = header.reveal().as_bytes().to_vec();
            let sealed = self
                .keys
                .seal(&purpose(spec.id.as_str(), header.name()), secret)?;
            Some((header.name().to_owned(), STANDARD.encode(sealed)))
        };
        let headers = spec.headers.iter().map(seal).collect::<Option<_>>();
        let row = Row {
            url: spec.url.to_string(),
            headers: headers.ok_or_else(|| error("a secret cannot be sealed"))?,
            tools: spec.tools.clone(),
            ca: spec.ca.clone(),
            pins: spec.pins.iter().map(SpkiPin::to_string).collect(),
            version: stored.version,
            created: stored.created.clone(),
            updated: stored.updated.clone(),
        };
        serde_json::to_vec(&row).map_err(|cause| error(&cause.to_string()))
    }

    fn read(&self, id: &str, row: &[u8]) -> Result<Stored, StoreError> {
        let error = |what: String| StoreError::Row(id.to_owned(), what);
        let row: Row = serde_json::from_slice(row).map_err(|cause| error(cause.to_string()))?;
        let open = |(name, sealed): &(String, String)| {
            let sealed = STANDARD.decode(sealed).ok()?;
            let secret = self.keys.open(&purpose(id, name), sealed)?;
            SecretHeader::new(name, std::str::from_utf8(&secret).ok()?).ok()
        };
        let headers = row.headers.iter().map(open).collect::<Option<_>>();
        let pins = row
            .pins
            .iter()
            .map(|pin| pin.parse())
            .collect::<Result<_, _>>();
        let spec = BackendSpec {
            id: id.parse().map_err(|_| error("its id is none".to_owned()))?,
            url: row
                .url
                .parse()
                .map_err(|cause| error(format!("its URL: {cause}")))?,
            headers: headers.ok_or_else(|| StoreError::Sealed(id.to_owned()))?,
            tools: row.tools,
            ca: row.ca,
            pins: pins.map_err(|cause| error(format!("its pins: {cause}")))?,
        };
        Ok(Stored {
            spec,
            version: row.version,
            created: row.created,
            updated: row.updated,
        })
    }
}

/// What a secret is sealed for: a row copied over another opens nothing.
fn purpose(id: &str, header: &str) -> Vec<u8> {
    format!("propylon backend\0{id}\0{header}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(key: &str) -> Keyring {
        Keyring::new(&propylon_config::SealKeys::parse(&format!("{key}\n")).unwrap())
    }

    fn spec(id: &str) -> BackendSpec {
        BackendSpec {
            id: id.parse().unwrap(),
            url: "https://mcp.example.com/mcp".parse().unwrap(),
            headers: vec![SecretHeader::new("Authorization", "Bearer s3cret-canary").unwrap()],
            tools: Some(BTreeSet::from(["echo".to_owned()])),
            ca: None,
            pins: vec![
                "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
                    .parse()
                    .unwrap(),
            ],
        }
    }

    #[test]
    fn what_is_kept_comes_back_and_its_secrets_are_not_in_the_file() {
        let folder = propylon_testkit::Scratch::new();
        let file = folder.path().join("backends.redb");
        let key = "0123456789abcdef".repeat(4);
        let store = Store::open(&file, keyring(&key)).unwrap();
        assert!(store.all().unwrap().is_empty());
        for id in ["acme/b", "acme/a", "acme-2/a", "zeta/a"] {
            store.put(spec(id), None).unwrap();
        }
        let first = store.get(&"acme/a".parse().unwrap()).unwrap().unwrap();
        let again = store
            .put(spec("acme/a"), Some(first.created.clone()))
            .unwrap();
        assert_eq!((again.created, again.version), (first.created, 5));
        store.remove(&"zeta/a".parse().unwrap()).unwrap();
        let ids = |tenant, after, limit| {
            let page = store.page(tenant, after, limit).unwrap();
            page.iter()
                .map(|row| row.spec.id.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(None, None, 9), ["acme-2/a", "acme/a", "acme/b"]);
        assert_eq!(ids(Some("acme"), None, 9), ["acme/a", "acme/b"]);
        assert_eq!(ids(Some("acme"), Some("acme/a"), 9), ["acme/b"]);
        assert_eq!(ids(Some("acme"), Some("aaa/x"), 1), ["acme/a"]);
        assert!(ids(Some("nobody"), None, 9).is_empty());
        assert!(
            Store::open(&file, keyring(&key)).is_err(),
            "one process at a time"
        );
        drop(store);
        let bytes = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("s3cret-canary"));
        let store = Store::open(&file, keyring(&key)).unwrap();
        let found = store.get(&"acme/b".parse().unwrap()).unwrap().unwrap();
        assert_eq!(found.spec.headers, spec("acme/b").headers);
        assert_eq!(found.spec.pins, spec("acme/b").pins);
        drop(store);
        let store = Store::open(&file, keyring(&"fedcba9876543210".repeat(4))).unwrap();
        assert!(matches!(store.all(), Err(StoreError::Sealed(_))));
    }
}
