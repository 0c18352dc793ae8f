//! `tls-old-version`: a handshake at each version of TLS.

use std::rc::Rc;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::wire::{OldVersion, Trouble};

pub(super) const CHECK: Check = Check {
    id: "tls-old-version",
    needs: &[Need::Tls],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut seen = Vec::new();
    for version in [OldVersion::Tls10, OldVersion::Tls11] {
        let accepted = lab.dialer().offers(lab.endpoint(), version).await?;
        seen.push((version.as_str(), false, accepted));
    }
    for (name, version) in [("TLS 1.2", &TLS12), ("TLS 1.3", &TLS13)] {
        let accepted = match lab
            .dialer()
            .inspect(lab.endpoint(), &[version], Duration::ZERO)
            .await
        {
            Ok(_) => true,
            Err(Trouble::Tls { .. }) => false,
            Err(error) => return Err(error),
        };
        seen.push((name, true, accepted));
    }
    Ok(judge(&seen))
}

/// Versions, whether each should be accepted, and whether it was. A server that has only 1.3 is no worse for it.
fn judge(seen: &[(&'static str, bool, bool)]) -> Outcome {
    let word = |accepted: bool| if accepted { "accepted" } else { "refused" };
    let is_good = seen
        .iter()
        .all(|(name, wanted, accepted)| wanted == accepted || *name == "TLS 1.2");
    let outcome = if is_good {
        Outcome::pass("old versions of TLS are refused, and TLS 1.3 is offered")
    } else {
        Outcome::fail("old versions of TLS are accepted, or TLS 1.3 is not")
    };
    seen.iter()
        .fold(outcome, |outcome, (name, wanted, accepted)| {
            outcome.saw(*name, word(*wanted), word(*accepted))
        })
}

#[cfg(test)]
mod tests {
    use propylon_practices::Verdict;

    use super::judge;

    #[test]
    fn old_versions_are_refused_and_new_ones_offered() {
        let check = |accepted: [bool; 4], expected: Verdict| {
            let [tls10, tls11, tls12, tls13] = accepted;
            let seen = [
                ("TLS 1.0", false, tls10),
                ("TLS 1.1", false, tls11),
                ("TLS 1.2", true, tls12),
                ("TLS 1.3", true, tls13),
            ];
            assert_eq!(judge(&seen).verdict, expected);
        };
        check([false, false, true, true], Verdict::Pass);
        check([false, false, false, true], Verdict::Pass);
        check([false, false, true, false], Verdict::Fail);
        check([true, true, true, true], Verdict::Fail);
    }
}
