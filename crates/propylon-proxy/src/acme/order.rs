//! One certificate: ordered, shown to be deserved, and taken.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use propylon_config::Challenge;
use propylon_net::tls::ListenerTls;

use super::tokens::{ShownToken, State};
use super::trouble::Trouble;

/// Where it can be shown that a domain is ours.
pub(super) struct Stage<'a> {
    pub(super) challenge: Challenge,
    pub(super) tls: &'a Arc<ListenerTls>,
    pub(super) state: &'a Arc<State>,
}

/// Something that is shown until this is dropped.
enum Shown {
    Token(#[expect(dead_code, reason = "it is shown as long as it is held")] ShownToken),
    Certificate {
        tls: Arc<ListenerTls>,
        domain: String,
    },
}

/// How long a directory may take to look at what is shown, and again to issue.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .timeout(Duration::from_secs(90));

/// Orders a certificate for a domain; the key and the chain as one PEM text.
pub(super) async fn issue(
    account: &Account,
    domain: &str,
    stage: &Stage<'_>,
) -> Result<String, Trouble> {
    let identifiers = [Identifier::Dns(domain.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let shown = prove(&mut order, domain, stage).await?;
    let ready = order.poll_ready(&PATIENCE).await;
    if !matches!(ready, Ok(OrderStatus::Ready)) {
        // What the order says is less than what was found wrong with the challenge.
        let found = found_wrong(&mut order).await;
        return Err(found.map_or_else(
            || match ready {
                Ok(status) => Trouble::Refused(format!("the order is {status:?}")),
                Err(error) => error.into(),
            },
            Trouble::Refused,
        ));
    }
    drop(shown);
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(format!("{key}{chain}"))
}

/// Shows what the directory wants to see, and asks it to look.
async fn prove(order: &mut Order, domain: &str, stage: &Stage<'_>) -> Result<Vec<Shown>, Trouble> {
    let kind = match stage.challenge {
        Challenge::Http01 => ChallengeType::Http01,
        Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
    };
    let mut all = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status => {
                return Err(Trouble::Refused(format!("the authorization is {status:?}")));
            }
        }
        let Some(mut challenge) = authorization.challenge(kind.clone()) else {
            return Err(Trouble::Refused(format!("it offers no {kind:?} challenge")));
        };
        let answer = challenge.key_authorization();
        all.push(match stage.challenge {
            Challenge::Http01 => {
                let token = challenge.token.clone();
                Shown::Token(stage.state.show(token, answer.as_str().to_owned()))
            }
            Challenge::TlsAlpn01 => {
                let shown = stage.tls.show_challenge(domain, answer.digest().as_ref());
                shown.map_err(|error| Trouble::Local(error.to_string()))?;
                Shown::Certificate {
                    tls: Arc::clone(stage.tls),
                    domain: domain.to_owned(),
                }
            }
        });
        challenge.set_ready().await?;
    }
    Ok(all)
}

/// What the directory found when it looked.
async fn found_wrong(order: &mut Order) -> Option<String> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let state = authorization.refresh().await.ok()?;
        let mut problems = state.challenges.iter().filter_map(|all| all.error.as_ref());
        if let Some(problem) = problems.next() {
            return Some(problem.to_string());
        }
    }
    None
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Self::Certificate { tls, domain } = self {
            tls.hide_challenge(domain);
        }
    }
}
