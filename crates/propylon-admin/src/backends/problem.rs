//! What is said when something cannot be done: problem details (RFC 9457), the same shape for all.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use propylon_net::dial::judge::Refusal;
use serde::{Serialize, Serializer};

use super::store::StoreError;

/// One problem.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type", serialize_with = "urn")]
    id: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// The guard's rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    /// Where the rule comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip)]
    allow: Option<&'static str>,
}

impl Problem {
    fn new(
        id: &'static str,
        status: StatusCode,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            id,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            rule: None,
            source: None,
            allow: None,
        }
    }

    pub(super) fn unauthorized() -> Self {
        let detail = "send one of the tokens of backends.token_file: Authorization: Bearer TOKEN";
        let title = "No token, or none that is known";
        Self::new("unauthorized", StatusCode::UNAUTHORIZED, title, detail)
    }

    pub(super) fn forbidden() -> Self {
        let title = "The token is not good for this tenant";
        let detail = "its line in backends.token_file names another tenant";
        Self::new("forbidden", StatusCode::FORBIDDEN, title, detail)
    }

    pub(super) fn no_such_path() -> Self {
        let title = "There is nothing at this path";
        let detail = "here are /v1/backends, /v1/backends/{tenant}/{name} and /v1/openapi.json";
        Self::new("not-found", StatusCode::NOT_FOUND, title, detail)
    }

    pub(super) fn no_such_backend(id: impl std::fmt::Display) -> Self {
        let title = "There is no such backend";
        let detail = format!("{id} is not registered");
        Self::new("not-found", StatusCode::NOT_FOUND, title, detail)
    }

    pub(super) fn method(allow: &'static str) -> Self {
        let title = "This cannot be done here";
        let detail = format!("the methods are {allow}");
        let problem = Self::new(
            "method-not-allowed",
            StatusCode::METHOD_NOT_ALLOWED,
            title,
            detail,
        );
        Self {
            allow: Some(allow),
            ..problem
        }
    }

    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        let title = "The request cannot be read";
        Self::new("malformed", StatusCode::BAD_REQUEST, title, detail)
    }

    pub(super) fn too_large() -> Self {
        let title = "The body is too large";
        let detail = "a backend is described in at most 256 KiB";
        Self::new("too-large", StatusCode::PAYLOAD_TOO_LARGE, title, detail)
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        let title = "The backend is not described in a way that can be used";
        Self::new("invalid", StatusCode::UNPROCESSABLE_ENTITY, title, detail)
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        let title = "The guard refuses the URL";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self {
            rule: Some(refusal.rule.id()),
            source: Some(refusal.source_text),
            ..Self::new("refused", status, title, refusal.what)
        }
    }

    pub(super) fn quota(tenant: &str, max: usize) -> Self {
        let title = "The tenant has as many backends as it may";
        let detail = format!("{tenant} has {max} (backends.quotas.backends); remove one first");
        Self::new("quota", StatusCode::FORBIDDEN, title, detail)
    }

    pub(super) fn changed() -> Self {
        let title = "The backend is not the one the request is about";
        let detail = "it has changed since, or exists though it must not: read it, and try again";
        Self::new("changed", StatusCode::PRECONDITION_FAILED, title, detail)
    }

    /// The answer.
    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        // Texts and numbers: writing them cannot fail.
        let body = serde_json::to_vec_pretty(self).unwrap_or_default();
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

fn urn<S: Serializer>(id: &&'static str, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("urn:propylon:problem:{id}"))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store of backends failed");
        let title = "The store failed";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new("store", status, title, error.to_string())
    }
}
