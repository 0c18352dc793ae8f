//! The Worker's modules: the same for every description, which is in wrangler.jsonc.

use crate::emission::Emission;
use crate::text::{MARKER, Text};

/// The modules, by name.
const MODULES: &[(&str, &str)] = &[
    ("affinity.js", include_str!("worker/affinity.js")),
    ("forward.js", include_str!("worker/forward.js")),
    ("index.js", include_str!("worker/index.js")),
    ("origin.js", include_str!("worker/origin.js")),
    ("refusal.js", include_str!("worker/refusal.js")),
    ("relay.js", include_str!("worker/relay.js")),
    ("route.js", include_str!("worker/route.js")),
];

pub(super) fn write(emission: &mut Emission) {
    for (name, body) in MODULES {
        let mut text = Text::new("//", "  ");
        text.line(format!("// {MARKER} cloudflare`."));
        let text = text.finish() + body;
        emission.file(format!("worker/src/{name}"), text);
    }
}
