//! The access log: the path without its query, and nothing of headers or bodies.

use propylon_config::{AccessLog, Deployment, LogFormat};

use super::word::kind;
use crate::quote::json;
use crate::text::Text;

/// What is written of a request, in order.
const FIELDS: &[(&str, &str)] = &[
    ("time", "%START_TIME%"),
    ("client", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%PATH(NQ:PATH)%"),
    ("status", "%RESPONSE_CODE%"),
    ("bytes", "%BYTES_SENT%"),
    ("ms", "%DURATION%"),
    ("instance", "%UPSTREAM_CLUSTER%/%UPSTREAM_HOST%"),
    ("why", "%RESPONSE_CODE_DETAILS%"),
];

/// The loggers; an empty list where nothing is to be written.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    let (name, own, place) = match &deployment.log.access {
        AccessLog::Off => {
            text.line("[]");
            return;
        }
        AccessLog::Stdout => (
            "stdout",
            "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            None,
        ),
        AccessLog::File(path) => (
            "file",
            "envoy.extensions.access_loggers.file.v3.FileAccessLog",
            Some(json(&path.to_string_lossy())),
        ),
    };
    text.line(format!("- name: envoy.access_loggers.{name}"));
    text.deeper(|text| {
        text.line("typed_config:");
        text.deeper(|text| {
            text.line(kind(own));
            if let Some(place) = place {
                text.line(format!("path: {place}"));
            }
            text.line("log_format:");
            text.deeper(|text| format(deployment.log.format, text));
        });
    });
}

fn format(format: LogFormat, text: &mut Text) {
    let secrets = &["log-credentials", "log-payload", "log-session-id"];
    match format {
        LogFormat::Json => {
            let fields = FIELDS
                .iter()
                .map(|(name, word)| format!("{name}: \"{word}\""));
            let fields: Vec<String> = fields.collect();
            text.held(format!("json_format: {{ {} }}", fields.join(", ")), secrets);
        }
        LogFormat::Pretty => {
            let words: Vec<&str> = FIELDS.iter().map(|(_, word)| *word).collect();
            let line = json(&words.join(" ")).replace("\"\\", "\"");
            let line = format!("{}\\n\"", line.trim_end_matches('"'));
            text.held(
                format!("text_format_source: {{ inline_string: {line} }}"),
                secrets,
            );
        }
    }
}
