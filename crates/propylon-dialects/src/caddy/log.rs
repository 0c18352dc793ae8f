//! What Caddy writes of a request: the path without its query, and no header.

use propylon_config::{AccessLog, Deployment, Level, Log, LogFormat};

use super::word::quoted;
use crate::text::Text;

const SECRETS: &[&str] = &["log-credentials", "log-payload", "log-session-id"];

/// The log of Caddy itself, whose lines name requests too.
pub(super) fn own(log: &Log, text: &mut Text) {
    text.block("log {", "}", |text| {
        text.line("output stderr");
        text.line(format!("level {}", level(log.level)));
        format(log.format, text);
    });
}

/// The log of a site's requests.
pub(super) fn access(deployment: &Deployment, text: &mut Text) {
    let output = match &deployment.log.access {
        AccessLog::Off => return,
        AccessLog::Stdout => "output stdout".to_owned(),
        AccessLog::File(path) => format!("output file {}", quoted(&path.to_string_lossy())),
    };
    text.block("log {", "}", |text| {
        text.line(output);
        format(deployment.log.format, text);
    });
}

fn format(format: LogFormat, text: &mut Text) {
    text.block("format filter {", "}", |text| {
        text.line(match format {
            LogFormat::Json => "wrap json",
            LogFormat::Pretty => "wrap console",
        });
        text.held("request>headers delete", SECRETS);
        text.held("resp_headers delete", SECRETS);
        text.held("request>uri regexp [?].*$ ``", &["log-credentials"]);
    });
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARN",
        Level::Info => "INFO",
        // Caddy's own DEBUG writes headers under other names, which no filter knows.
        Level::Debug | Level::Trace => "INFO",
    }
}
