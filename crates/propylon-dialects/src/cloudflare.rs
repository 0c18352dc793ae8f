//! The dialect of Cloudflare.
