//! `tls-certificate`: the chain, name and dates, as a client sees them that has no intermediates of its own.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;
use rustls::version::{TLS12, TLS13};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "tls-certificate",
    needs: &[Need::Tls],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// A certificate that ends sooner should have been renewed by now.
const MARGIN: Duration = Duration::from_secs(14 * 86_400);

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for (name, version) in [("1.2", &TLS12), ("1.3", &TLS13)] {
        // A version that is not offered is tls-old-version's matter.
        let handshake = match lab
            .dialer()
            .inspect(lab.endpoint(), &[version], MARGIN)
            .await
        {
            Ok(handshake) => handshake,
            Err(Trouble::Tls { .. }) => continue,
            Err(error) => return Err(error),
        };
        let what = format!(
            "certificate over TLS {name}, a chain of {}",
            handshake.chain_length
        );
        match (&handshake.fault, &handshake.fault_later) {
            (Some(fault), _) => faults.push(Evidence::new(
                what,
                fault.wanted.clone(),
                fault.found.clone(),
            )),
            (None, Some(later)) => faults.push(Evidence::new(
                what,
                "good for another 14 days",
                later.found.clone(),
            )),
            (None, None) => evidence.push(Evidence::new(
                what,
                "good for this name and another 14 days",
                "good",
            )),
        }
    }
    if faults.is_empty() && evidence.is_empty() {
        return Ok(Outcome::not_seen(
            "no handshake came about",
            "TLS 1.2 or 1.3",
        ));
    }
    Ok(Outcome::of_faults(
        faults,
        "the certificate is not good, or not for long",
        "chain, name and dates are good",
    )
    .with(evidence))
}
