//! Sockets: the one opener of outbound connections, listeners and the clock.
