//! Which origins browsers may come from, where the description does not list them.

use propylon_config::Deployment;

/// The origins clients may come from: those of the addresses and hosts the deployment is reached at, sorted.
pub(crate) fn origins(deployment: &Deployment) -> Vec<String> {
    let mut origins = Vec::new();
    for listener in &deployment.listeners {
        let (address, port) = (listener.address, listener.address.port());
        if !address.ip().is_unspecified() {
            origins.push(format!("http://{address}"));
        }
        if address.ip().is_loopback() {
            origins.push(format!("http://localhost:{port}"));
        }
        let hosts = deployment
            .routes
            .iter()
            .filter_map(|route| route.host.as_deref());
        for host in hosts.filter(|host| !host.starts_with("*.")) {
            origins.push(format!("https://{host}"));
            origins.push(format!("http://{host}:{port}"));
        }
    }
    origins.sort();
    origins.dedup();
    origins
}
