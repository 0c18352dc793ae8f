//! A request on its way out: sent to the instance it belongs to, its session begun anew first where that is lost.

use crate::error::ProxyError;
use crate::http1::head::RequestHead;
use crate::phase::answer::Encoding;
use crate::phase::bond::Bond;
use crate::phase::forward::Forward;
use crate::phase::place;
use crate::phase::route::{Routed, Wanted};
use crate::pipeline::Context;
use crate::reach::{Reached, reach};
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::body::Body;
use crate::renew;

/// What a request is written from, for whichever instance takes it.
pub(crate) struct Outgoing<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) routed: &'a Routed,
    pub(crate) request: &'a RequestHead,
    pub(crate) wanted: Wanted<'a>,
    pub(crate) body: &'a Body,
    /// The answer is to be read, so it must come without a content coding.
    pub(crate) wants_plain: bool,
}

impl Outgoing<'_> {
    /// Sends the first bytes. Where nothing has left because the session's instance is gone, and its upstream wants
    /// that, the session begins anew, and the bytes go where it did.
    pub(crate) async fn send(
        &self,
        mut bond: Bond,
        record: &mut Record,
    ) -> Result<(Bond, Reached), ProxyError> {
        let upstream = &self.routed.route.upstream;
        if bond.is_lost() {
            bond = self.mend(bond, record).await?;
        }
        record.placed(&bond.place);
        let error = match self.try_send(&bond, record).await {
            Ok(reached) => return Ok((bond, reached)),
            Err(error) => error,
        };
        if bond.handshake.is_none() || !self.is_gone(&bond, error.reason) {
            return Err(place::lose(upstream, &record.facts, &bond.place, error));
        }
        bond.lose();
        bond = self.mend(bond, record).await?;
        record.placed(&bond.place);
        let sent = self.try_send(&bond, record).await;
        let reached =
            sent.map_err(|error| place::lose(upstream, &record.facts, &bond.place, error))?;
        Ok((bond, reached))
    }

    /// What is written, with the session under this name.
    pub(crate) fn forward<'f>(
        &'f self,
        session: Option<&'f [u8]>,
        record: &'f Record,
    ) -> Forward<'f> {
        Forward {
            request: self.request,
            client: &self.context.who,
            wanted: self.wanted,
            target: &self.routed.target,
            body: self.body,
            wants_plain: self.wants_plain,
            record,
            session,
            can_resume: true,
        }
    }

    async fn try_send(&self, bond: &Bond, record: &Record) -> Result<Reached, ProxyError> {
        let upstream = &self.routed.route.upstream;
        let session = bond.alias.as_ref().map(|alias| &*alias.server);
        let forward = Forward {
            can_resume: bond.can_resume(),
            ..self.forward(session, record)
        };
        reach(
            self.context.worker,
            upstream,
            &bond.place,
            |instance, version, out| {
                forward.write(upstream, instance, out);
                let encoding = Encoding::of(self.body.framing(), version);
                self.body.write(encoding, out);
            },
        )
        .await
    }

    /// Whether nobody will ever serve the session there: its instance refuses, or cannot be reached and is no longer
    /// listed.
    fn is_gone(&self, bond: &Bond, reason: Reason) -> bool {
        let instances = self.routed.route.upstream.instances();
        let is_listed = bond
            .place
            .instance()
            .is_none_or(|instance| instances.contains(instance));
        reason == Reason::SessionLost || reason == Reason::UpstreamUnreachable && !is_listed
    }

    /// Begins a lost session anew; one that its client ends is over.
    async fn mend(&self, bond: Bond, record: &mut Record) -> Result<Bond, ProxyError> {
        let Some(handshake) = bond.handshake else {
            return Err(Reason::SessionLost.into());
        };
        if self.request.method() != "DELETE" {
            return renew::begin_anew(self, handshake, record).await;
        }
        let kept = self.routed.route.upstream.handshakes();
        if let Some((kept, session)) = kept.zip(record.facts.session.as_ref()) {
            kept.forget(session, &handshake);
        }
        Err(Reason::SessionLost.into())
    }
}
