//! The access log: one line for each request, in which no secret can stand.

use propylon_config::{AccessLog, Deployment, LogFormat};

use super::word::quoted;
use crate::text::Text;

/// The format, where anything is logged.
pub(super) fn format(deployment: &Deployment, text: &mut Text) {
    if deployment.log.access == AccessLog::Off {
        return;
    }
    text.why(
        "The path without its query, no header but the method's, no session id: nginx cannot hash it.",
    );
    let format = match deployment.log.format {
        LogFormat::Json => concat!(
            "log_format mcp escape=json '{\"time\":\"$time_iso8601\",\"client\":\"$remote_addr\",\"method\":\"$request_method\",",
            "\"path\":\"$uri\",\"mcp_method\":\"$http_mcp_method\",\"status\":$status,\"bytes\":$bytes_sent,",
            "\"seconds\":$request_time,\"instance\":\"$upstream_addr\"}';"
        ),
        LogFormat::Pretty => {
            "log_format mcp '$time_iso8601 $remote_addr $request_method $uri $http_mcp_method $status $bytes_sent ${request_time}s $upstream_addr';"
        }
    };
    text.held(
        format,
        &["log-credentials", "log-payload", "log-session-id"],
    );
}

/// Where lines go.
pub(super) fn destination(deployment: &Deployment, text: &mut Text) {
    let practices = &["log-credentials", "log-payload", "log-session-id"];
    match &deployment.log.access {
        AccessLog::Off => text.line("access_log off;"),
        AccessLog::Stdout => text.held("access_log /dev/stdout mcp;", practices),
        AccessLog::File(path) => {
            let path = quoted(&path.display().to_string());
            text.held(format!("access_log {path} mcp;"), practices);
        }
    }
}
