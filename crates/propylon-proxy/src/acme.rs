//! Certificates obtained and renewed by ACME (RFC 8555), on the control thread: no start and no request waits for it.

mod account;
mod courier;
mod order;
mod schedule;
mod storage;
mod tokens;
mod trouble;

pub(crate) use tokens::State;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use instant_acme::Account;
use propylon_config::{Acme, CertificateFiles};
use propylon_net::tls::{self, ListenerTls};

use courier::Courier;
use order::Stage;
use trouble::Trouble;

/// One listener's certificates, and who issues them.
pub(crate) struct Agent {
    acme: Acme,
    tls: Arc<ListenerTls>,
    state: Arc<State>,
    courier: Result<Courier, Trouble>,
    account: Option<Account>,
}

/// A domain, and when its certificate is to be asked for.
#[derive(Debug)]
struct Due {
    domain: String,
    at: SystemTime,
    failures: u32,
    /// Where in the span of its renewal it is renewed, from -1 to 1.
    spread: f64,
}

/// However soon a new certificate is due again, the directory is left in peace for this long.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// A clock can be set, and a machine can sleep: the time is looked at again.
const NAP: Duration = Duration::from_secs(60);

impl Agent {
    /// For what a listener wants.
    pub(crate) fn new(
        acme: Acme,
        tls: Arc<ListenerTls>,
        state: Arc<State>,
        dns_servers: &[SocketAddr],
    ) -> Self {
        Self {
            courier: Courier::new(dns_servers, acme.ca.clone()),
            account: None,
            acme,
            tls,
            state,
        }
    }

    /// Keeps the certificates for ever, one after the other.
    pub(crate) async fn run(mut self) {
        let mut all: Vec<Due> = self
            .acme
            .domains
            .iter()
            .map(|domain| self.first_due(domain))
            .collect();
        while let Some(next) = all.iter_mut().min_by_key(|due| due.at) {
            wait_until(next.at).await;
            // Another propylon with the same folder may have been first.
            let renewed = self.renewal_of(next).filter(|at| *at > SystemTime::now());
            if let Some(at) = renewed {
                self.tls.reload();
                next.at = at;
                continue;
            }
            self.attend_to(next).await;
        }
    }

    fn first_due(&self, domain: &str) -> Due {
        let mut due = Due {
            domain: domain.to_owned(),
            at: SystemTime::now(),
            failures: 0,
            spread: schedule::spread(),
        };
        due.at = self.renewal_of(&due).unwrap_or(due.at);
        due
    }

    /// When a domain's certificate is to be renewed; `None` where there is no good one.
    fn renewal_of(&self, due: &Due) -> Option<SystemTime> {
        let file = self.acme.file(&due.domain);
        let known = tls::inspect(&CertificateFiles {
            certificate: file.clone(),
            key: file,
        });
        let known = known
            .ok()
            .filter(|known| known.names.contains(&due.domain))?;
        Some(schedule::renewal(
            known.not_before,
            known.not_after,
            due.spread,
        ))
    }

    /// Asks for a certificate, and says when to ask again.
    async fn attend_to(&mut self, due: &mut Due) {
        let (domain, directory) = (due.domain.clone(), self.acme.directory.clone());
        let outcome = self.obtain(&domain).await;
        match outcome.map_err(|trouble| self.as_told(trouble)) {
            Ok(()) => {
                self.state.issued.fetch_add(1, Ordering::Relaxed);
                due.failures = 0;
                let soonest = SystemTime::now() + PAUSE_MIN;
                due.at = self.renewal_of(due).unwrap_or(soonest).max(soonest);
                let renewal = schedule::stamp(due.at);
                tracing::info!(%domain, %renewal, "a certificate was issued");
            }
            Err(trouble) => {
                self.state.failed.fetch_add(1, Ordering::Relaxed);
                let pause = schedule::pause(&trouble, due.failures, schedule::spread());
                due.failures += 1;
                due.at = SystemTime::now() + pause;
                let again_in =
                    propylon_config::format_duration(Duration::from_secs(pause.as_secs()));
                tracing::error!(%domain, %directory, %again_in, "no certificate was issued: {trouble}");
            }
        }
    }

    async fn obtain(&mut self, domain: &str) -> Result<(), Trouble> {
        storage::check(&self.acme.folder())?;
        let account = self.account().await?;
        let stage = Stage {
            challenge: self.acme.challenge,
            tls: &self.tls,
            state: &self.state,
        };
        let pem = order::issue(&account, domain, &stage).await;
        if matches!(pem, Err(Trouble::AccountUnknown)) {
            self.account = None;
            account::forget(&self.acme);
        }
        let pem = pem?;
        storage::write_private(&self.acme.file(domain), pem.as_bytes())?;
        self.tls.reload();
        Ok(())
    }

    /// With how long the directory asked to be left alone, if it did.
    fn as_told(&self, trouble: Trouble) -> Trouble {
        match (trouble, &self.courier) {
            (Trouble::Limited { cause, .. }, Ok(courier)) => Trouble::Limited {
                cause,
                retry_after: courier.retry_after(),
            },
            (trouble, _) => trouble,
        }
    }

    /// The account, restored or made.
    async fn account(&mut self) -> Result<Account, Trouble> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let courier = self.courier.as_ref().map_err(Trouble::clone)?;
        let account = account::open(&self.acme, courier).await?;
        self.account = Some(account.clone());
        Ok(account)
    }
}

async fn wait_until(at: SystemTime) {
    while let Ok(left) = at.duration_since(SystemTime::now()) {
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(NAP)).await;
    }
}
