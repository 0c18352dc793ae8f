//! Files that a description names, by their whole path: what is generated runs from a folder of its own.

use std::path::{Path, PathBuf};

use propylon_config::{AccessLog, CertificateFiles, Deployment};

/// Names every file of the deployment by its whole path.
pub(super) fn in_full(deployment: &mut Deployment) {
    if let AccessLog::File(path) = &mut deployment.log.access {
        make_whole(path);
    }
    for listener in &mut deployment.listeners {
        if let Some(tls) = &mut listener.tls {
            tls.certificates.iter_mut().for_each(make_both_whole);
            if let Some(client) = &mut tls.client {
                make_whole(&mut client.ca);
                client.crl.iter_mut().for_each(make_whole);
            }
        }
    }
    for upstream in deployment.upstreams.values_mut() {
        upstream.tls.ca.iter_mut().for_each(make_whole);
        upstream.tls.crl.iter_mut().for_each(make_whole);
        upstream.tls.client.iter_mut().for_each(make_both_whole);
    }
}

fn make_both_whole(files: &mut CertificateFiles) {
    make_whole(&mut files.certificate);
    make_whole(&mut files.key);
}

/// Leaves a path alone where there is no working directory to begin it with.
fn make_whole(path: &mut PathBuf) {
    if let Ok(whole) = std::path::absolute(Path::new(path)) {
        *path = whole;
    }
}
