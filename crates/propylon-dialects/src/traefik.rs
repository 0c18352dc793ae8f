//! The dialect of Traefik.
