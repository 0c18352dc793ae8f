//! What was found, as JSON for `cargo xtask matrix`, which makes a document of it.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::case::Found;

/// Writes `target/check-faults-NAME.json`.
pub(crate) fn write(name: &str, found: &[Found], took: Duration) {
    let runs = found.iter().map(|found| {
        json!({
            "id": found.id,
            "judged": found.judged,
            "is_missed": found.is_missed,
            "alarms": found.alarms,
            "is_second": found.is_second,
        })
    });
    let report = json!({"runs": runs.collect::<Vec<_>>(), "seconds": took.as_secs()});
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let file = folder.join(format!("check-faults-{name}.json"));
    std::fs::write(file, format!("{report:#}\n")).unwrap();
}
