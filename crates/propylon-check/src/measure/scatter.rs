//! Many sessions without cookies, each request over a connection of its own: who made them, and who answered.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::talk::{Session, rpc_error};
use crate::timeline::SessionLine;
use crate::wire::{Head, Response, Trouble};

/// How many sessions are opened.
const SESSIONS: usize = 60;
/// How many at a time.
const AT_ONCE: usize = 6;

/// One request of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) method: &'static str,
    /// Who answered; `None` when the answer names no instance.
    pub(crate) answered_by: Option<String>,
    pub(crate) status: u16,
    /// The answer says that it does not know the session.
    pub(crate) is_stranger: bool,
}

/// One session, and what became of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visited {
    pub(crate) minted_by: String,
    pub(crate) visits: Vec<Visit>,
}

/// All sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scatter {
    pub(crate) sessions: Vec<Visited>,
    /// Requests that got no answer.
    pub(crate) troubles: Vec<String>,
}

/// The measurement, made once.
pub(crate) async fn scatter(lab: &Rc<Lab>) -> Result<&Scatter, Trouble> {
    let cell = &lab.measured.scatter;
    cell.get_or_init(|| measure(lab))
        .await
        .as_ref()
        .map_err(Clone::clone)
}

async fn measure(lab: &Rc<Lab>) -> Result<Scatter, Trouble> {
    let mut lanes = Vec::new();
    for lane in 0..AT_ONCE {
        let lab = Rc::clone(lab);
        lanes.push(tokio::task::spawn_local(async move {
            let mut scatter = Scatter::default();
            for turn in 0..SESSIONS / AT_ONCE {
                match visit(&lab, (lane + turn) % 3).await {
                    Ok(visited) => scatter.sessions.push(visited),
                    Err(error) => scatter.troubles.push(error.to_string()),
                }
            }
            scatter
        }));
    }
    let mut scatter = Scatter::default();
    for lane in lanes {
        match lane.await {
            Ok(lane) => {
                scatter.sessions.extend(lane.sessions);
                scatter.troubles.extend(lane.troubles);
            }
            Err(error) => scatter.troubles.push(error.to_string()),
        }
    }
    if let (true, Some(trouble)) = (scatter.sessions.is_empty(), scatter.troubles.first()) {
        return Err(Trouble::unexpected(trouble.clone()));
    }
    record(lab, &scatter);
    Ok(scatter)
}

/// Opens a session and sends its requests, in one of three orders.
async fn visit(lab: &Lab, order: usize) -> Result<Visited, Trouble> {
    let session = Session::open(lab).await?;
    let orders: [[&'static str; 4]; 3] = [
        ["POST", "GET", "POST", "DELETE"],
        ["GET", "POST", "POST", "DELETE"],
        ["POST", "POST", "GET", "DELETE"],
    ];
    let mut visits = Vec::new();
    for method in orders.get(order).copied().unwrap_or_default() {
        visits.push(one(lab, &session, method).await?);
    }
    Ok(Visited {
        minted_by: session.instance.unwrap_or_else(|| "?".into()),
        visits,
    })
}

async fn one(lab: &Lab, session: &Session, method: &'static str) -> Result<Visit, Trouble> {
    let request = match method {
        "GET" => session.get(lab),
        "DELETE" => session.delete(lab),
        _ => session.request(
            lab,
            &json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"}),
        ),
    };
    let mut connection = lab.connect().await?;
    let sent = connection.send(&request).await?;
    if method == "GET" {
        let head = connection.head("GET", lab.soon()).await?;
        return Ok(read(method, &head, None));
    }
    let response = Response::read(&mut connection, method, sent, lab.soon()).await?;
    Ok(read(method, &response.head, response.message().as_ref()))
}

fn read(method: &'static str, head: &Head, message: Option<&Value>) -> Visit {
    let code = message.and_then(rpc_error).map(|(code, _)| code);
    Visit {
        method,
        answered_by: head.instance(),
        status: head.status,
        is_stranger: head.status == 404 || code == Some(-32_001),
    }
}

fn record(lab: &Lab, scatter: &Scatter) {
    let lines = scatter.sessions.iter().map(|session| SessionLine {
        instance: session.minted_by.clone(),
        answered_by: session
            .visits
            .iter()
            .map(|visit| visit.answered_by.clone().unwrap_or_else(|| "-".into()))
            .collect(),
    });
    lab.timeline.borrow_mut().sessions.extend(lines);
}
