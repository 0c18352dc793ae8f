//! The report as JSON; the shape is described in `report/README.md`.

use super::RunReport;

/// The report as indented JSON with a last line end.
///
/// # Errors
/// Never for a report made by a run: nothing in it can fail to serialise.
pub fn render(report: &RunReport) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
