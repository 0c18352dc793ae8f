//! `Mcp-Param-*`: whether the arguments that a tool asks to be mirrored are mirrored truly.

use super::{Annotation, Fault, Header, Lines, Mismatch, decode};
use crate::peek::members::{member, text};

/// Holds the `Mcp-Param-*` headers of a call against its arguments, given as the JSON text of the object; `None` where
/// that was not seen, so that only the headers' own form can be judged.
///
/// `lines` gives the lines of one header by what follows `Mcp-Param-` in its name.
///
/// # Errors
/// The first header that is malformed, repeated, not its argument, or missing beside an argument that has one.
pub fn verify_params<'h>(
    annotations: &[Annotation],
    arguments: Option<&str>,
    lines: impl Fn(&str) -> Lines<'h>,
) -> Result<(), Mismatch> {
    let fault = |fault| Err(Mismatch::Header(Header::Param, fault));
    for annotation in annotations {
        let told = match lines(&annotation.header).one(Header::Param)?.map(decode) {
            Some(None) => return fault(Fault::Malformed),
            Some(Some(told)) => Some(told),
            None => None,
        };
        let Some(arguments) = arguments else { continue };
        match (told, annotation.argument(arguments)) {
            (None, Some(_)) => return fault(Fault::Missing),
            (Some(_), None) => return fault(Fault::Differs),
            (Some(told), Some(argument)) if !annotation.is_told_by(&told, argument) => {
                return fault(Fault::Differs);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    Ok(())
}

impl Annotation {
    /// The JSON text of the argument, where there is one that can have a header: neither null nor an array nor an object.
    fn argument<'a>(&self, arguments: &'a str) -> Option<&'a str> {
        let mut path = self.path.iter();
        let value = path.try_fold(arguments, |value, name| member(value, name))?;
        let is_scalar = !value.starts_with(['n', '[', '{']);
        is_scalar.then_some(value)
    }

    /// Whether a header's decoded value is the argument.
    fn is_told_by(&self, told: &str, argument: &str) -> bool {
        match argument.as_bytes().first() {
            Some(b'"') => text(argument).is_some_and(|said| said == told),
            Some(b't' | b'f') => argument == told,
            _ => argument == told || self.is_integer && is_same_integer(argument, told),
        }
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
