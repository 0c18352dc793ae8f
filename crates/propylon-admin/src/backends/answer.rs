//! What is asked of the API, and what is done.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use propylon_net::dial::judge::Site;
use propylon_proxy::backends::{BackendId, BackendSpec, Registry, State, url_of};
use serde::Serialize;

use super::document::{Page, Shown, Wanted};
use super::pages::Asked;
use super::problem::Problem;
use super::store::{Store, Stored};
use super::tokens::{Scope, Tokens};

/// Where backends are registered.
pub(super) struct Desk {
    registry: Arc<Registry>,
    store: Store,
    tokens: Arc<ArcSwap<Tokens>>,
}

type Answer = Response<Full<Bytes>>;

const OPENAPI: &str = include_str!("openapi.json");
const BACKENDS: &str = "/v1/backends";
const BODY_BYTES_MAX: usize = 256 * 1024;
/// A name that takes longer is not resolved.
const JUDGE_TIME_MAX: Duration = Duration::from_secs(6);

impl Desk {
    pub(super) fn new(registry: Arc<Registry>, store: Store, tokens: Arc<ArcSwap<Tokens>>) -> Self {
        Self {
            registry,
            store,
            tokens,
        }
    }

    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        self.decide(request)
            .await
            .unwrap_or_else(|problem| problem.response())
    }

    async fn decide(&self, request: Request<Incoming>) -> Result<Answer, Problem> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        if path == "/v1/openapi.json" {
            return match head.method {
                Method::GET | Method::HEAD => Ok(document(OPENAPI.as_bytes().to_vec())),
                _ => Err(Problem::method("GET")),
            };
        }
        let scope = self.scope(&head.headers)?;
        if path == BACKENDS {
            return match head.method {
                Method::GET | Method::HEAD => self.list(&scope, head.uri.query()),
                _ => Err(Problem::method("GET")),
            };
        }
        let named = path
            .strip_prefix(BACKENDS)
            .and_then(|rest| rest.strip_prefix('/'));
        let named = named.ok_or_else(Problem::no_such_path)?;
        let (tenant, name) = named.split_once('/').ok_or_else(Problem::no_such_path)?;
        // Said before anything is said of what exists.
        if !scope.covers(tenant) {
            return Err(Problem::forbidden());
        }
        let id = BackendId::new(tenant, name)
            .map_err(|wrong| Problem::invalid(format!("{named}: {wrong}")))?;
        match head.method {
            Method::GET | Method::HEAD => self.show(&id),
            Method::PUT => self.put(id, &head, body).await,
            Method::DELETE => self.delete(&id, &head.headers),
            _ => Err(Problem::method("GET, PUT, DELETE")),
        }
    }

    fn scope(&self, headers: &HeaderMap) -> Result<Scope, Problem> {
        let sent = headers.get(header::AUTHORIZATION);
        let tokens = self.tokens.load();
        let scope = sent.and_then(|sent| tokens.scope(sent.as_bytes()));
        scope.cloned().ok_or_else(Problem::unauthorized)
    }

    fn list(&self, scope: &Scope, query: Option<&str>) -> Result<Answer, Problem> {
        let mut asked = Asked::of(query.unwrap_or_default())?;
        if let Scope::Tenant(own) = scope {
            let other = asked.tenant.replace(own.clone());
            if other.is_some_and(|other| other != *own) {
                return Err(Problem::forbidden());
            }
        }
        let (tenant, after) = (asked.tenant.as_deref(), asked.after.as_deref());
        let mut rows = self.store.page(tenant, after, asked.limit + 1)?;
        let has_more = rows.len() > asked.limit;
        rows.truncate(asked.limit);
        let last = rows.last().filter(|_| has_more);
        let next = last.map(|row| row.spec.id.to_string());
        let backends = rows.into_iter().map(|row| self.shown(row)).collect();
        Ok(json(StatusCode::OK, &Page { backends, next }))
    }

    fn show(&self, id: &BackendId) -> Result<Answer, Problem> {
        let found = self.store.get(id)?;
        let found = found.ok_or_else(|| Problem::no_such_backend(id))?;
        Ok(self.answer_with(StatusCode::OK, found))
    }

    async fn put(&self, id: BackendId, head: &Parts, body: Incoming) -> Result<Answer, Problem> {
        let wanted = read(body).await?;
        let site = self.judge(&wanted.url).await?;
        let url = url_of(&site).map_err(|wrong| Problem::invalid(format!("url: {wrong}")))?;
        let spec = wanted.spec(id, url).map_err(Problem::invalid)?;
        self.registry
            .verify(&spec)
            .map_err(|wrong| Problem::invalid(format!("tls: {wrong}")))?;
        // Nothing is waited for from here on, so no other request comes between.
        self.keep(spec, &head.headers)
    }

    fn keep(&self, spec: BackendSpec, headers: &HeaderMap) -> Result<Answer, Problem> {
        let known = self.store.get(&spec.id)?;
        compare(known.as_ref(), headers)?;
        let (tenant, max) = (spec.id.tenant(), self.registry.quotas().backends);
        if known.is_none() && self.registry.count_of(tenant) >= max {
            return Err(Problem::quota(tenant, max));
        }
        let status = match known {
            Some(_) => StatusCode::OK,
            None => StatusCode::CREATED,
        };
        let stored = self.store.put(spec, known.map(|known| known.created))?;
        let at = SystemTime::now();
        self.registry
            .put(stored.spec.clone(), State::Allowed { at });
        tracing::info!(backend = %stored.spec.id, url = %stored.spec.url, "backend registered");
        Ok(self.answer_with(status, stored))
    }

    fn delete(&self, id: &BackendId, headers: &HeaderMap) -> Result<Answer, Problem> {
        let known = self.store.get(id)?;
        compare(known.as_ref(), headers)?;
        if known.is_none() {
            return Err(Problem::no_such_backend(id));
        }
        self.store.remove(id)?;
        self.registry.remove(id);
        tracing::info!(backend = %id, "backend removed");
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    /// Where a URL leads, if it may be dialled now.
    async fn judge(&self, url: &str) -> Result<Site, Problem> {
        let guard = self.registry.guard();
        let guard = guard.map_err(|wrong| Problem::invalid(format!("url: {wrong}")))?;
        let judged = tokio::time::timeout(JUDGE_TIME_MAX, guard.inspect(url)).await;
        let judged = judged
            .map_err(|_elapsed| Problem::invalid("url: its name was not resolved in time"))?;
        match (judged.refusal, judged.site) {
            (Some(refusal), _) => Err(Problem::refused(refusal)),
            (None, Some(site)) => Ok(site),
            (None, None) => Err(Problem::invalid("url: it leads nowhere")),
        }
    }

    fn shown(&self, stored: Stored) -> Shown {
        let state = self.registry.state(&stored.spec.id);
        Shown::of(stored, state.unwrap_or(State::Unused))
    }

    fn answer_with(&self, status: StatusCode, stored: Stored) -> Answer {
        let tag = HeaderValue::from_str(&tag(&stored));
        let mut response = json(status, &self.shown(stored));
        if let Ok(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

async fn read(body: Incoming) -> Result<Wanted, Problem> {
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            Problem::too_large()
        } else {
            Problem::malformed("the body did not arrive whole")
        }
    })?;
    serde_json::from_slice(&body.to_bytes())
        .map_err(|wrong| Problem::malformed(format!("the body is not a backend: {wrong}")))
}

fn tag(stored: &Stored) -> String {
    format!("\"{}\"", stored.version)
}

/// Holds a request to what it says the backend has to be (RFC 9110, 13.1).
fn compare(known: Option<&Stored>, headers: &HeaderMap) -> Result<(), Problem> {
    let named = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        let is_any = text.trim() == "*";
        known.is_some_and(|known| is_any || text.split(',').any(|one| one.trim() == tag(known)))
    };
    let must = headers.get(header::IF_MATCH).is_none_or(named);
    let must_not = headers.get(header::IF_NONE_MATCH).is_some_and(named);
    if must && !must_not {
        Ok(())
    } else {
        Err(Problem::changed())
    }
}

fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    // Texts and numbers: writing them cannot fail.
    let mut response = document(serde_json::to_vec_pretty(value).unwrap_or_default());
    *response.status_mut() = status;
    response
}

fn document(body: Vec<u8>) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
