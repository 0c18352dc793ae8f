//! The phases of a request's life: plain functions from a head and its context to a decision.

pub(crate) mod alias;
pub(crate) mod answer;
pub(crate) mod bond;
pub(crate) mod cache;
pub(crate) mod classify;
pub(crate) mod diagnose;
pub(crate) mod endpoint_event;
pub(crate) mod forward;
pub(crate) mod forwarded;
pub(crate) mod guard;
pub(crate) mod hsts;
pub(crate) mod location;
pub(crate) mod lost_session;
pub(crate) mod messages;
pub(crate) mod metadata;
pub(crate) mod mirror;
pub(crate) mod origin;
pub(crate) mod place;
pub(crate) mod redirect;
pub(crate) mod route;
pub(crate) mod trace;
