//! Tells browsers to use nothing but https for a host (RFC 6797), where the listener is to.

use std::io::Write as _;
use std::time::Duration;

use propylon_config::Listener;

/// How long, for answers over TLS on this listener.
pub(crate) fn of(listener: Option<&Listener>) -> Option<Duration> {
    listener?.tls.as_ref()?.hsts
}

/// Writes the line.
pub(crate) fn write(hsts: Option<Duration>, out: &mut Vec<u8>) {
    if let Some(hsts) = hsts {
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "Strict-Transport-Security: max-age={}\r\n",
            hsts.as_secs()
        );
    }
}
