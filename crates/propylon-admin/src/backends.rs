//! The API that servers are registered with, over a store that survives whatever happens to the process.

mod answer;
mod document;
mod pages;
mod problem;
mod store;
mod tokens;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::body::Incoming;
use propylon_config::{
    Backends, Deployment, InvalidKeys, SealKeys, SecretFileError, read_secret_file,
};
use propylon_proxy::Keyring;
use propylon_proxy::backends::{Registry, State};

use crate::server::{Server, ServerError};
use answer::Desk;
use store::Store;
pub use store::StoreError;
pub use tokens::InvalidTokens;
use tokens::Tokens;

/// What is registered, loaded from its store and ready to be served.
pub struct Backbone {
    registry: Arc<Registry>,
    store: Store,
    tokens: Tokens,
}

/// A running API.
pub struct Api {
    server: Server,
    tokens: Arc<ArcSwap<Tokens>>,
}

/// Why registered servers cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BackendsError {
    /// A file of secrets that is not taken.
    #[error("backends: {}: the file {cause}", .file.display())]
    Secret {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: SecretFileError,
    },
    /// A key file without usable keys.
    #[error("backends.key_file: {}: {cause}; write one key a line; `openssl rand -hex 32` makes one", .file.display())]
    Keys {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: InvalidKeys,
    },
    /// A token file without usable tokens.
    #[error("backends.token_file: {}: {cause}; `openssl rand -hex 32` makes one", .file.display())]
    Tokens {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: InvalidTokens,
    },
    /// The store.
    #[error("backends.store: {0}")]
    Store(#[from] StoreError),
    /// The listener.
    #[error("backends.address: {0}")]
    Listen(#[from] ServerError),
}

/// Reads the files of secrets, to say what is wrong with them before anything starts.
///
/// # Errors
/// The first that cannot be used.
pub fn check(description: &Backends) -> Result<(), BackendsError> {
    keys(description)?;
    tokens(description).map(drop)
}

impl Backbone {
    /// Opens the store and takes in what is registered; `None` where the description has no `backends`.
    ///
    /// # Errors
    /// See [`BackendsError`].
    pub fn open(deployment: &Deployment) -> Result<Option<Self>, BackendsError> {
        let Some((description, registry)) =
            deployment.backends.as_ref().zip(Registry::new(deployment))
        else {
            return Ok(None);
        };
        let store = Store::open(&description.store, Keyring::new(&keys(description)?))?;
        let tokens = tokens(description)?;
        for spec in store.all()? {
            registry.put(spec, State::Unused);
        }
        tracing::info!(count = registry.len(), "backends loaded");
        Ok(Some(Self {
            registry: Arc::new(registry),
            store,
            tokens,
        }))
    }

    /// What the proxy serves.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// Answers on `address`.
    ///
    /// # Errors
    /// When it cannot be listened on.
    pub fn serve(self, address: SocketAddr) -> Result<Api, BackendsError> {
        let tokens = Arc::new(ArcSwap::from_pointee(self.tokens));
        let desk = Arc::new(Desk::new(self.registry, self.store, Arc::clone(&tokens)));
        let answer = move |request: http::Request<Incoming>| {
            let desk = Arc::clone(&desk);
            async move { desk.answer(request).await }
        };
        let server = Server::start(address, "backends", answer)?;
        Ok(Api { server, tokens })
    }
}

impl Api {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Reads the tokens again.
    ///
    /// # Errors
    /// A file that cannot be used; the old tokens stay.
    pub fn renew(&self, description: &Backends) -> Result<(), BackendsError> {
        self.tokens.store(Arc::new(tokens(description)?));
        Ok(())
    }

    /// Ends it.
    pub fn end(self) {
        self.server.end();
    }
}

fn keys(description: &Backends) -> Result<SealKeys, BackendsError> {
    let file = description.key_file.clone();
    let text = secret(&file)?;
    SealKeys::parse(&text).map_err(|cause| BackendsError::Keys { file, cause })
}

fn tokens(description: &Backends) -> Result<Tokens, BackendsError> {
    let file = description.token_file.clone();
    let text = secret(&file)?;
    Tokens::parse(&text).map_err(|cause| BackendsError::Tokens { file, cause })
}

fn secret(file: &Path) -> Result<String, BackendsError> {
    let read = read_secret_file(file).map_err(|cause| BackendsError::Secret {
        file: file.to_owned(),
        cause,
    })?;
    if read.is_readable_by_all {
        tracing::warn!(file = %file.display(), "every user of this machine may read it; chmod 0600 it");
    }
    Ok(read.text)
}
