//! `tls-certificate`: certificate does not hold.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "tls-certificate",
    title: "Certificate does not hold",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Tls,
    holds: "The certificate's chain, name and dates are good for clients that have no cached intermediates.",
    seen: Seen::Outside("Does a handshake with a fresh trust store and reads the chain."),
    consequence: "Browsers connect, and command-line clients and SDKs fail with a certificate error.",
    doc: include_str!("tls_certificate.md"),
};
