//! Web pages: which may call a route, and what their browsers are told of it.

use propylon_config::Deployment;

use super::word::quoted;
use crate::origin::{ALLOWED, EXPOSED, Pages};
use crate::text::Text;
use crate::way::Way;

const HIDDEN: &[&str] = &["cors-headers-hidden"];

/// What is refused to foreign pages of a route, and what is told to the browsers of those let in.
pub(super) fn write(deployment: &Deployment, way: &Way<'_>, text: &mut Text) {
    let pages = Pages::of(deployment, way);
    if !pages.is_anyone {
        refuse(&pages, text);
    }
    let Some(cors) = &way.route.cors else {
        return;
    };
    let shown = if pages.is_anyone {
        "*"
    } else {
        "{header.Origin}"
    };
    text.block("@preflight {", "}", |text| {
        text.line("method OPTIONS");
        text.line("header Origin *");
        text.line("header Access-Control-Request-Method *");
    });
    text.block("route @preflight {", "}", |text| {
        text.held(format!("header Access-Control-Allow-Origin {shown}"), HIDDEN);
        text.line("header Access-Control-Allow-Methods \"GET, POST, DELETE, OPTIONS\"");
        text.held(
            format!("header Access-Control-Allow-Headers \"{ALLOWED}, {{header.Access-Control-Request-Headers}}\""),
            HIDDEN,
        );
        text.line(format!("header Access-Control-Max-Age {}", cors.max_age.as_secs()));
        text.line("header Vary Origin");
        text.line("respond 204");
    });
    text.line("@page header Origin *");
    text.block("header @page {", "}", |text| {
        text.why("`defer` replaces what the server set.");
        text.line("defer");
        text.line("-Access-Control-Allow-Credentials");
        text.held(format!("Access-Control-Allow-Origin {shown}"), HIDDEN);
        text.held(
            format!("Access-Control-Expose-Headers \"{EXPOSED}\""),
            HIDDEN,
        );
        text.line("+Vary Origin");
    });
}

fn refuse(pages: &Pages, text: &mut Text) {
    text.why("Programs send no Origin; web pages may be of these.");
    text.block("@foreign {", "}", |text| {
        text.line("header Origin *");
        for origin in &pages.origins {
            text.line(format!("not header Origin {}", quoted(origin)));
        }
    });
    text.held("respond @foreign 403", &["origin-unchecked"]);
}
