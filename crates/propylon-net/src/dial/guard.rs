//! The guard for hosts that users choose: look up once, judge every address, dial only what was judged.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::judge::{Policy, Refusal, Rule, Site, SiteHost, judge_address, judge_url};
use super::{DialTarget, Resolver};

/// How long a look-up may take before the name counts as unresolved.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(10);

/// A resolver and the policy that its answers are judged by.
pub struct Guard {
    resolver: Resolver,
    policy: Arc<ArcSwap<Policy>>,
}

/// One address of a site, and what the judge said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedAddress {
    /// The address.
    pub address: IpAddr,
    /// The rule that refuses it, if one does.
    pub refusal: Option<Refusal>,
}

/// All that the guard found out about a URL.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Where it points, if its text is let through.
    pub site: Option<Site>,
    /// Every address of its host.
    pub addresses: Vec<JudgedAddress>,
    /// Why it may not be dialled; the first address that is refused speaks for all.
    pub refusal: Option<Refusal>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guard")
    }
}

impl Guard {
    /// A guard with this policy, which asks this resolver.
    pub fn new(resolver: Resolver, policy: Policy) -> Self {
        Self::following(resolver, Arc::new(ArcSwap::from_pointee(policy)))
    }

    /// A guard whose policy others may replace; each look-up is judged by the one it finds.
    pub fn following(resolver: Resolver, policy: Arc<ArcSwap<Policy>>) -> Self {
        Self { resolver, policy }
    }

    /// Judges a URL, its name, and every address its name has now.
    pub async fn inspect(&self, url: &str) -> Inspection {
        let policy = self.policy.load_full();
        match judge_url(url, &policy) {
            Ok(site) => self.inspect_site(site, &policy).await,
            Err(refusal) => Inspection::refused(None, refusal),
        }
    }

    /// The addresses that may be dialled for a URL. To be asked for each new connection: the name may have moved,
    /// and the policy changed.
    ///
    /// # Errors
    /// When the URL is refused, its name does not resolve, or any address of the answer is refused: an answer that
    /// mixes good and bad addresses is how rebinding begins.
    pub async fn vet(&self, url: &str) -> Result<Vec<DialTarget>, Refusal> {
        let found = self.inspect(url).await;
        if let Some(refusal) = found.refusal {
            return Err(refusal);
        }
        let port = found.site.map_or(0, |site| site.port);
        let targets = found
            .addresses
            .iter()
            .map(|judged| DialTarget::judged(SocketAddr::new(judged.address, port)));
        Ok(targets.collect())
    }

    async fn inspect_site(&self, site: Site, policy: &Policy) -> Inspection {
        let addresses = match self.look_up(&site).await {
            Ok(found) => found,
            Err(refusal) => return Inspection::refused(Some(site), refusal),
        };
        let judge = |address: IpAddr| JudgedAddress {
            address,
            refusal: judge_address(address, site.port, site.is_name_allowed, policy).err(),
        };
        let addresses: Vec<_> = addresses.into_iter().map(judge).collect();
        let refusal = addresses.iter().find_map(|judged| judged.refusal.clone());
        Inspection {
            site: Some(site),
            addresses,
            refusal,
        }
    }

    async fn look_up(&self, site: &Site) -> Result<Vec<IpAddr>, Refusal> {
        let name = match &site.host {
            SiteHost::Ip(address) => return Ok(vec![*address]),
            SiteHost::Name(name) => name,
        };
        let unresolved = |what: String| Refusal::new(Rule::Unresolved, what, "DNS");
        // With the final dot no search list is tried: it would lead into the operator's own domains.
        let asked = format!("{name}.");
        let answer = tokio::time::timeout(LOOKUP_TIME_MAX, self.resolver.look_up(&asked)).await;
        let (addresses, _) = answer
            .map_err(|_elapsed| {
                unresolved(format!("{name} was not resolved in {LOOKUP_TIME_MAX:?}"))
            })?
            .map_err(|error| unresolved(error.to_string()))?;
        if addresses.is_empty() {
            return Err(unresolved(format!("{name} has no address")));
        }
        Ok(addresses)
    }
}

impl Inspection {
    fn refused(site: Option<Site>, refusal: Refusal) -> Self {
        Self {
            site,
            addresses: Vec::new(),
            refusal: Some(refusal),
        }
    }
}

/// The addresses of this host's interfaces; none where the system does not tell.
pub fn own_addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.iter().map(if_addrs::Interface::ip).collect()
}

#[cfg(test)]
mod tests;
