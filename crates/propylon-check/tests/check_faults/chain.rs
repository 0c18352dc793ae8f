//! Three instances of the probe, the proxy with its fault, and a run of the checks against them.

use std::net::SocketAddr;
use std::time::Duration;

use propylon_check::probe::{Probe, ProbeOptions, ProbeToken, run as run_probe};
use propylon_check::{CheckOptions, Endpoint, Hidden, Profile, RunReport, check};
use propylon_net::dial::DialTarget;
use propylon_practices::Verdict;
use propylon_testkit::Scratch;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::fault::{Fault, STREAMS_MAX};
use crate::proxy::serve;
use crate::tls;

const TOKEN: &str = "swordfish";

/// Runs the checks through a chain with `fault`.
pub(crate) fn measure(
    fault: Fault,
    profile: Profile,
    change: impl FnOnce(&mut CheckOptions),
) -> RunReport {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel::<Vec<SocketAddr>>();
        // The probe has a thread of its own, so that its clock is not the proxy's.
        let probe = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let mut options = ProbeOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
            options.instances = 3;
            options.token = ProbeToken::new(TOKEN);
            let started = |probe: &Probe| tell.send(probe.addresses().to_vec()).unwrap();
            runtime
                .block_on(run_probe(options, started, async { drop(stopped.await) }))
                .unwrap();
        });
        let instances = told.await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut address = listener.local_addr().unwrap();
        let proxy = tokio::task::spawn_local(serve(listener, instances, fault));
        let (scratch, mut authority, mut scheme) = (Scratch::new(), None, "http");
        if fault.has_tls() {
            let (acceptor, file) = tls::acceptor(fault, &scratch);
            let outer = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let inner = DialTarget::operator(address);
            (address, authority, scheme) = (outer.local_addr().unwrap(), Some(file), "https");
            tokio::task::spawn_local(tls::serve(outer, acceptor, inner));
        }
        let url = format!("{scheme}://{address}/mcp");
        let mut options = CheckOptions::new(Endpoint::parse(&url).unwrap());
        options.authority = authority;
        if fault.has_login() {
            let bearer = |who| {
                vec![(
                    "Authorization".to_owned(),
                    Hidden::new(format!("Bearer {who}")),
                )]
            };
            (options.headers, options.second_headers) = (bearer("alice"), bearer("bob"));
        }
        options.streams_limit = fault.has_stream_limit().then_some(STREAMS_MAX);
        options.profile = profile;
        options.token = Some(Hidden::new(TOKEN));
        options.timeout = Duration::from_secs(10);
        change(&mut options);
        let report = check(options, |_| {}).await.unwrap();
        proxy.abort();
        drop(stop);
        probe.join().unwrap();
        report
    })
}

/// The ids that failed.
pub(crate) fn failed(report: &RunReport) -> Vec<&str> {
    let failures = report
        .results
        .iter()
        .filter(|result| result.verdict == Verdict::Fail);
    failures.map(|result| result.id.as_str()).collect()
}
