//! The dialect of Envoy.
