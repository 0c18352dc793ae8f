//! `authorization-lost`: a bearer token of realistic length, byte by byte.

use std::rc::Rc;

use super::{Check, Need, Stage};
use crate::judge::crossed_exactly;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "authorization-lost",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// Bytes of the canary.
const TOKEN_BYTES: usize = 1_500;

async fn run(lab: Rc<Lab>) -> Checked {
    let own = lab
        .options
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if own {
        return Ok(Outcome::not_seen(
            "your own credentials are not sent to an echo, and a made-up token would be refused",
            "a route to the probe that asks for no credentials",
        ));
    }
    let canary = canary();
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        let report = lab
            .echo(&voice, |request| request.with("Authorization", &canary))
            .await?;
        let what = format!("Authorization ({})", voice.era());
        faults.extend(crossed_exactly(
            &what,
            &canary,
            &report.header("authorization"),
        ));
    }
    Ok(Outcome::of_faults(
        faults,
        "`Authorization` does not reach the server as it was sent",
        format!("a bearer token of {TOKEN_BYTES} bytes arrived unchanged"),
    ))
}

/// A made-up token in the alphabet of a JWT.
fn canary() -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    let token: String = alphabet.chars().cycle().take(TOKEN_BYTES).collect();
    format!("Bearer {token}")
}
