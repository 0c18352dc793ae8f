//! What one tenant takes, over all its servers, and how much it may.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use propylon_config::Quotas;

use crate::reason::Reason;

/// One tenant's use, and its limits.
#[derive(Debug)]
pub(crate) struct Tenant {
    requests: ArcSwap<DefaultDirectRateLimiter>,
    streams: AtomicUsize,
    streams_max: AtomicUsize,
}

/// One stream of a tenant; it stops counting when it is dropped.
#[derive(Debug)]
pub(crate) struct TenantStream(Arc<Tenant>);

impl Tenant {
    pub(crate) fn new(quotas: Quotas) -> Self {
        Self {
            requests: ArcSwap::from_pointee(limiter(quotas)),
            streams: AtomicUsize::new(0),
            streams_max: AtomicUsize::new(quotas.streams),
        }
    }

    pub(crate) fn renew(&self, quotas: Quotas) {
        self.requests.store(Arc::new(limiter(quotas)));
        self.streams_max.store(quotas.streams, Ordering::Relaxed);
    }

    /// Counts a request, or says why it is one too many.
    pub(crate) fn admit(&self, wants_stream: bool) -> Result<(), Reason> {
        if self.requests.load().check().is_err() {
            return Err(Reason::TenantRateLimit);
        }
        let open = self.streams.load(Ordering::Relaxed);
        if wants_stream && open >= self.streams_max.load(Ordering::Relaxed) {
            return Err(Reason::TenantStreamLimit);
        }
        Ok(())
    }

    /// Counts a stream that stays open, unless it is one too many.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<TenantStream, Reason> {
        let before = self.streams.fetch_add(1, Ordering::Relaxed);
        let stream = TenantStream(Arc::clone(self));
        if before < self.streams_max.load(Ordering::Relaxed) {
            Ok(stream)
        } else {
            Err(Reason::TenantStreamLimit)
        }
    }
}

impl Drop for TenantStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

fn limiter(quotas: Quotas) -> DefaultDirectRateLimiter {
    let rate = NonZeroU32::new(quotas.requests_per_second).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_held_to_its_quotas() {
        let quotas = Quotas {
            backends: 1,
            streams: 2,
            requests_per_second: 3,
        };
        let tenant = Arc::new(Tenant::new(quotas));
        let admitted = (0..50).filter(|_| tenant.admit(false).is_ok()).count();
        assert!((3..50).contains(&admitted), "{admitted}");
        assert_eq!(tenant.admit(false), Err(Reason::TenantRateLimit));
        let first = tenant.begin().unwrap();
        let second = tenant.begin();
        assert!(second.is_ok() && tenant.begin().is_err());
        drop(first);
        assert!(tenant.begin().is_ok());
        tenant.renew(Quotas {
            streams: 1,
            requests_per_second: 100,
            ..quotas
        });
        assert_eq!(tenant.admit(true), Err(Reason::TenantStreamLimit));
        assert_eq!(tenant.admit(false), Ok(()));
    }
}
