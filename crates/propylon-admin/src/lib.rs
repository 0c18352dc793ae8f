//! The admin listener: liveness, readiness and metrics.
