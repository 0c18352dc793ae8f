//! The dialect of Caddy.
