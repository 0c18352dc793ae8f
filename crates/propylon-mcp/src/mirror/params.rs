//! `Mcp-Param-*`: which arguments a tool asks to be mirrored, and whether they are mirrored truly.

use super::{Fault, Header, Lines, Mismatch, decode};
use crate::peek::members::{member, text};

/// One argument that a tool's `inputSchema` marks with `x-mcp-header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// What follows `Mcp-Param-` in the header's name.
    pub header: Box<str>,
    /// The names of the properties that lead to the argument, from the outermost.
    pub path: Box<[Box<str>]>,
    /// Whether the argument is an integer, and so compared as a number.
    pub is_integer: bool,
}

/// Holds the `Mcp-Param-*` headers of a call against its arguments, given as the JSON text of the object.
///
/// `lines` gives the lines of one header by what follows `Mcp-Param-` in its name. A header that is missing is left to the
/// server: the annotation may be of yesterday's tool.
///
/// # Errors
/// The first header that is malformed, repeated, or not its argument.
pub fn verify_params<'h>(
    annotations: &[Annotation],
    arguments: &str,
    lines: impl Fn(&str) -> Lines<'h>,
) -> Result<(), Mismatch> {
    for annotation in annotations {
        let Some(value) = lines(&annotation.header).one(Header::Param)? else {
            continue;
        };
        let Some(told) = decode(value) else {
            return Err(Mismatch::Header(Header::Param, Fault::Malformed));
        };
        if !is_mirrored(annotation, arguments, &told) {
            return Err(Mismatch::Header(Header::Param, Fault::Differs));
        }
    }
    Ok(())
}

fn is_mirrored(annotation: &Annotation, arguments: &str, told: &str) -> bool {
    let mut value = arguments;
    for name in &annotation.path {
        match member(value, name) {
            Some(inner) => value = inner,
            None => return false,
        }
    }
    match value.as_bytes().first() {
        Some(b'"') => text(value).is_some_and(|said| said == told),
        Some(b't' | b'f') => value == told,
        // An argument that is null has no header, and neither arrays nor objects can have one.
        Some(b'n' | b'[' | b'{') | None => false,
        Some(_) => value == told || annotation.is_integer && is_same_integer(value, told),
    }
}

/// Whether both are the same integer within the range that every JSON parser keeps apart.
fn is_same_integer(one: &str, other: &str) -> bool {
    const SAFE_MAX: f64 = 9_007_199_254_740_991.0;
    let is_number = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
    };
    if !is_number(one) || !is_number(other) {
        return false;
    }
    let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) else {
        return false;
    };
    one == other && one.abs() <= SAFE_MAX && one.fract() == 0.0
}
