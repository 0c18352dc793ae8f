//! `session-open-to-others`: a session of one principal in the hands of another.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::options::Hidden;
use crate::outcome::{Checked, Outcome};
use crate::talk::Session;
use crate::wire::{Request, Trouble};

pub(super) const CHECK: Check = Check {
    id: "session-open-to-others",
    needs: &[Need::SecondPrincipal, Need::Legacy],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let session = Session::open(&lab).await?;
    let mut faults = Vec::new();
    let mut tried = 0;
    for (who, headers) in [
        ("another principal", lab.options.second_headers.as_slice()),
        ("nobody", &[]),
    ] {
        // DELETE comes last: if it is let through, nothing is left to ask.
        let ping = session.request(
            &lab,
            &json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"}),
        );
        for (method, request) in [
            ("POST", ping),
            ("GET", session.get(&lab)),
            ("DELETE", session.delete(&lab)),
        ] {
            let status = status_of(&lab, &in_the_name_of(&lab, request, headers)).await?;
            tried += 1;
            if !matches!(status, 401 | 403 | 404) {
                faults.push(Evidence::new(
                    format!("{method} in a session of somebody else, as {who}"),
                    "401, 403 or 404",
                    format!("HTTP {status}"),
                ));
            }
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "a session can be used with other credentials than its own",
        format!("{tried} requests in a session of somebody else were refused"),
    ))
}

/// The request without the first principal's headers, and with these.
fn in_the_name_of(lab: &Lab, request: Request, headers: &[(String, Hidden)]) -> Request {
    let bare = lab
        .options
        .headers
        .iter()
        .fold(request, |request, (name, _)| request.without(name));
    headers.iter().fold(bare, |request, (name, value)| {
        request.with(name, value.reveal())
    })
}

async fn status_of(lab: &Lab, request: &Request) -> Result<u16, Trouble> {
    let mut connection = lab.connect().await?;
    connection.send(request).await?;
    Ok(connection.head(&request.method, lab.soon()).await?.status)
}
