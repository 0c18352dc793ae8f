//! `session-resumed-elsewhere`: dropped streams of sessions on several instances, and who takes them up again.

use std::collections::BTreeSet;
use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Session, Stream, Voice};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "session-resumed-elsewhere",
    needs: &[Need::Probe, Need::Legacy, Need::Instances],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

const SESSIONS: usize = 30;
const AT_ONCE: usize = 10;

async fn run(lab: Rc<Lab>) -> Checked {
    let mut resumed = Vec::new();
    for _ in 0..SESSIONS / AT_ONCE {
        let mut running = Vec::new();
        for _ in 0..AT_ONCE {
            let lab = Rc::clone(&lab);
            running.push(tokio::task::spawn_local(async move { resume(&lab).await }));
        }
        for session in running {
            resumed.push(
                session
                    .await
                    .unwrap_or_else(|error| Err(Trouble::unexpected(error.to_string()))),
            );
        }
    }
    judge(&resumed)
}

/// A resumption: the instance of the session, and what came instead of the next event.
struct Resumed {
    instance: String,
    fault: Option<String>,
}

async fn resume(lab: &Lab) -> Result<Resumed, Trouble> {
    let session = Session::open(lab).await?;
    let instance = session.instance.clone().unwrap_or_else(|| "?".into());
    let voice = Voice::Legacy(session.clone());
    let mut stream = lab
        .stream(&voice.streaming_tool(lab, "stream", json!({"events": 6, "interval_ms": 80})))
        .await?;
    let mut seen = 0;
    while seen < 2 {
        match stream.emission(lab.soon()).await? {
            Some((emission, _)) => seen = emission.n,
            None => return Err(Trouble::unexpected("a stream ended before it was dropped")),
        }
    }
    let id = stream
        .last_id
        .clone()
        .ok_or_else(|| Trouble::unexpected("events have no ids"))?;
    drop(stream);
    let request = session.get(lab).with("Last-Event-ID", &id);
    let opened = Stream::open(lab.connect().await?, &request, lab.soon()).await;
    let fault = match opened {
        Err(Trouble::Unexpected(text)) => Some(text),
        Err(error) => return Err(error),
        Ok(mut again) => {
            let by = again.head.instance().unwrap_or_else(|| instance.clone());
            match again.emission(lab.soon()).await? {
                Some((next, _)) if next.n == seen + 1 && by == instance => None,
                Some((next, _)) => Some(format!("event {} from {by}", next.n)),
                None => Some(format!("no event from {by}")),
            }
        }
    };
    Ok(Resumed { instance, fault })
}

fn judge(resumed: &[Result<Resumed, Trouble>]) -> Checked {
    let done: Vec<&Resumed> = resumed
        .iter()
        .filter_map(|each| each.as_ref().ok())
        .collect();
    let Some(first) = done.first() else {
        return match resumed.iter().find_map(|each| each.as_ref().err()) {
            Some(error) => Err(error.clone()),
            None => Err(Trouble::unexpected("no stream was opened")),
        };
    };
    let instances: BTreeSet<&str> = done.iter().map(|each| each.instance.as_str()).collect();
    if instances.len() < 2 {
        let summary = format!("all sessions were made by {}", first.instance);
        return Ok(Outcome::not_seen(
            summary,
            "two or more instances behind the chain",
        ));
    }
    let faults: Vec<Evidence> = done
        .iter()
        .filter_map(|each| {
            let fault = each.fault.as_ref()?;
            Some(Evidence::new(
                format!("resumption of a stream held by {}", each.instance),
                format!("event 3 from {}", each.instance),
                fault.clone(),
            ))
        })
        .collect();
    let summary = format!(
        "{} of {} dropped streams were not resumed where they are",
        faults.len(),
        done.len()
    );
    Ok(Outcome::of_faults(
        faults.into_iter().take(5).collect(),
        summary,
        format!(
            "{} dropped streams on {} instances were resumed",
            done.len(),
            instances.len()
        ),
    ))
}
