//! The dialect of HAProxy.
