//! Reads what a route says of browsers.

use crate::kind::Kind;
use crate::model::cors::{Cors, InvalidOrigin, Origin};
use crate::section::{Refusal, Section};

/// The section `cors` of a route.
pub(super) fn cors(section: Section<'_>) -> Cors {
    if section.entry("origins").is_none() {
        section.missing("origins");
    }
    let origins = section.read_list("origins", origin).unwrap_or_default();
    let mut cors = Cors::of(origins.into_iter().map(|origin| origin.value).collect());
    section.duration("max_age", &mut cors.max_age);
    section.finish();
    cors
}

fn origin(text: &str, _: Kind) -> Result<Origin, Refusal> {
    text.parse().map_err(|invalid| {
        let refusal = Refusal::because(format!("`{text}` is not an origin: {invalid}"));
        match invalid {
            InvalidOrigin::Scheme => near(&format!("https://{text}"), refusal),
            InvalidOrigin::Site => {
                let (scheme, rest) = text.split_once("://").unwrap_or_default();
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                near(&format!("{scheme}://{authority}"), refusal)
            }
            InvalidOrigin::Wildcard => refusal.suggest("write each origin, or `*` for every page"),
        }
    })
}

/// Suggests what is an origin.
fn near(text: &str, refusal: Refusal) -> Refusal {
    match text.parse::<Origin>() {
        Ok(origin) => refusal.suggest(format!("write `{origin}`")),
        Err(_) => refusal,
    }
}
