//! The probe over real sockets: every tool as its contract says, and what real clients make of it.

mod bodies;
mod breaking;
mod http;
mod http2;
mod legacy;
mod modern;
mod real_clients;
mod resumption;
mod sse_transport;
mod stand;
mod streams;
