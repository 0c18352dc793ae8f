//! The whole of `propylon serve` in front of scripted and real MCP peers.

mod admin;
mod adversarial;
mod affinity;
mod browsers;
mod canary;
mod command_line;
mod config_errors;
mod conformance;
mod demo;
mod discovery;
mod faults;
mod front;
mod guard;
mod headers;
mod health;
mod http_judge;
mod limits;
mod once_only;
mod real;
mod reload_drain;
mod request_shapes;
mod routing;
mod sdk_matrix;
mod session;
mod streams;
mod workers;
