//! Which page of the list is asked for.

use super::problem::Problem;

/// The question behind `GET /v1/backends`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) tenant: Option<String>,
    pub(super) after: Option<String>,
    pub(super) limit: usize,
}

const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1000;

impl Asked {
    /// Reads a query.
    ///
    /// # Errors
    /// A parameter that is none, or says nothing.
    pub(super) fn of(query: &str) -> Result<Self, Problem> {
        let mut asked = Self {
            limit: LIMIT,
            ..Self::default()
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Ids are written as they are; some clients encode the slash.
            let value = value.replace("%2F", "/").replace("%2f", "/");
            match name {
                "tenant" => asked.tenant = Some(value),
                "after" => asked.after = Some(value),
                "limit" => {
                    let limit = value.parse().ok();
                    asked.limit = limit
                        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                        .ok_or_else(|| Problem::malformed(format!("limit is 1 to {LIMIT_MAX}")))?;
                }
                _ => {
                    let detail = format!("there is no parameter {name}: tenant, after, limit");
                    return Err(Problem::malformed(detail));
                }
            }
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn a_query_is_read_whole_or_not_at_all() {
        let asked = Asked::of("tenant=acme&limit=7&after=acme%2Fa").unwrap();
        assert_eq!(asked.tenant.as_deref(), Some("acme"));
        assert_eq!((asked.after.as_deref(), asked.limit), (Some("acme/a"), 7));
        assert_eq!(Asked::of("").unwrap().limit, 100);
        for query in ["limit=0", "limit=1001", "limit=x", "page=2"] {
            assert!(Asked::of(query).is_err(), "{query}");
        }
    }
}
