//! A sign that an answer gives away: counted, named in the request's log line, and explained the first time.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnosis::Sign;
use crate::phase::diagnose::{LOOK_BYTES, Suspicion};
use crate::record::Record;
use crate::relay::watch::Watch;
use crate::upstream::Upstream;

/// Where the log line finds what the body has shown, once it has passed.
pub(crate) type Found = Rc<Cell<Option<&'static Sign>>>;

/// Tells of what the head has shown, or watches for what the body will.
pub(crate) fn observe(
    suspicion: Suspicion,
    status: u16,
    upstream: &Arc<Upstream>,
    record: &mut Record,
) -> Option<Watch> {
    if suspicion.is_none() {
        return None;
    }
    let found = Found::default();
    record.sign = Some(Rc::clone(&found));
    let upstream = Arc::clone(upstream);
    let request_id = record.request_id().to_owned();
    let tell = move |sign: &'static Sign| {
        found.set(Some(sign));
        if upstream.diagnosed.note(sign) {
            explain(sign, &upstream.config.name, status, &request_id);
        }
    };
    if let Some(sign) = suspicion.settled() {
        tell(sign);
        return None;
    }
    Some(Watch::of_beginning(LOOK_BYTES, move |beginning| {
        if let Some(sign) = suspicion.settle(beginning) {
            tell(sign);
        }
    }))
}

fn explain(sign: &Sign, upstream: &str, status: u16, request_id: &str) {
    tracing::warn!(
        upstream,
        practice = sign.practice,
        sign = sign.id,
        status,
        request_id,
        setting = sign.key,
        "{}: {}",
        sign.words,
        sign.cure
    );
}
