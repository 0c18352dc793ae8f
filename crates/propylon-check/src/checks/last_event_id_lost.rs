//! `last-event-id-lost`: the id a client resumes after, on GET and in its exact form.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::judge::{crossed_exactly, shown};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Session, Voice};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "last-event-id-lost",
    needs: &[Need::Probe, Need::Legacy],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let unasked = lab.echo(&lab.voice().await?, |request| request).await?;
    if let Some(gained) = unasked.header("last-event-id").first() {
        return Ok(
            Outcome::fail("a request that resumes nothing arrives with `Last-Event-ID`").saw(
                "Last-Event-ID, not sent",
                "no such line",
                format!("a line with {gained:?}"),
            ),
        );
    }
    let session = lab.session().await?;
    let voice = Voice::Legacy(session.clone());
    let long = "L".repeat(500);
    let forms = [
        "42",
        "0a1b2c3d-0000-4000-8000-0123456789ab",
        "c3RyZWFtLzE=+/==",
        "a:b;c=d/e",
        long.as_str(),
    ];
    let mut faults = Vec::new();
    for id in forms {
        let report = lab
            .echo(&voice, |request| request.with("Last-Event-ID", id))
            .await?;
        faults.extend(crossed_exactly(
            "Last-Event-ID as it arrived",
            id,
            &report.header("last-event-id"),
        ));
        faults.extend(on_get(&lab, &session, id).await?);
    }
    Ok(Outcome::of_faults(
        faults,
        "`Last-Event-ID` does not reach the server as it was sent",
        format!(
            "ids of {} forms arrived unchanged, and a GET carries them",
            forms.len()
        ),
    ))
}

/// The probe refuses to resume after an id it never gave; a stream that opens instead did not ask to resume.
async fn on_get(lab: &Lab, session: &Session, id: &str) -> Result<Option<Evidence>, Trouble> {
    let request = session.get(lab).with("Last-Event-ID", id);
    for _ in 0..24 {
        let mut connection = lab.connect().await?;
        connection.send(&request).await?;
        let head = connection.head("GET", lab.soon()).await?;
        let opened = head.status == 200 && head.is_event_stream();
        if opened {
            let what = format!("answer to a GET that resumes after {}", shown(id));
            return Ok(Some(Evidence::new(
                what,
                "the probe's refusal of an unknown id",
                "a new stream, as if no id had come",
            )));
        }
        if head.status != 404 {
            return Ok(None);
        }
    }
    Err(Trouble::unexpected(
        "no GET of the session reached its instance",
    ))
}
