//! One way each in which the proxy can be wrong, and what else must follow from it.

/// What the proxy does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: a proxy that gets it right.
    None,
    DropsRequestHeader(&'static str),
    SetsRequestHeader(&'static str, &'static str),
    DropsOddParamNames,
    DropsResponseHeader(&'static str),
    MendsMirroredHeaders,
    BelievesForwarded,
    RewritesHost,
    ReplacesErrorPages,
    AnswersOtherSlash,
    RedirectsOtherSlash,
    RewritesBodies,
    LimitsBodies,
    LimitsHeads,
    BlocksOptions,
    BlocksAgents,
    HasNoHealth,
    TakesAnyOrigin,
    HidesCorsHeaders,
    HidesWellKnown,
    LimitsRatesWrongly,
    BuffersStreams,
    WithholdsHeads,
    CompressesStreams,
    CachesAnswers,
    DropsComments,
    BreaksEndpointEvent,
    KeepsUpstreamOpen,
    RefusesResumption,
    HidesLoss,
    HoardsForSlowReaders,
    LimitsStreams,
    ScattersSessions,
    ResumesElsewhere,
    AnswersBadGatewayForDead,
    Replays,
    ShowsInstanceInId,
    EjectsInstances,
    FollowsRedirects,
    ScattersTasks,
    CutsQuietStreams,
    GivesUpSlowCalls,
    KeepsConnectionsTooLong,
    ChecksHealthOnEndpoint,
    /// Nothing, with two principals.
    Authenticates,
    OpensSessionsToOthers,
    /// Nothing, with a limit of [`STREAMS_MAX`].
    BoundsStreams,
    HasNoStreamLimit,
    RefusesStreamsSilently,
    /// Nothing, over TLS.
    Encrypts,
    CertificateEndsSoon,
    CertificateOfAnother,
    HasOnlyTls12,
}

/// Streams that are meant to be allowed where there is a limit.
pub(crate) const STREAMS_MAX: usize = 150;

impl Fault {
    /// Whether clients must say who they are.
    pub(crate) const fn has_login(self) -> bool {
        matches!(self, Self::Authenticates | Self::OpensSessionsToOthers)
    }

    /// Whether streams are meant to have a limit.
    pub(crate) const fn has_stream_limit(self) -> bool {
        matches!(
            self,
            Self::BoundsStreams | Self::HasNoStreamLimit | Self::RefusesStreamsSilently
        )
    }

    pub(crate) const fn has_tls(self) -> bool {
        matches!(
            self,
            Self::Encrypts
                | Self::CertificateEndsSoon
                | Self::CertificateOfAnother
                | Self::HasOnlyTls12
        )
    }
}

/// Chains with nothing wrong.
pub(crate) const GOOD: &[Fault] = &[
    Fault::None,
    Fault::Authenticates,
    Fault::BoundsStreams,
    Fault::Encrypts,
];

/// A fault, the practice it breaks, and the practices that cannot hold with it.
pub(crate) struct Row {
    pub(crate) fault: Fault,
    pub(crate) id: &'static str,
    pub(crate) follows: &'static [&'static str],
}

const fn row(fault: Fault, id: &'static str, follows: &'static [&'static str]) -> Row {
    Row { fault, id, follows }
}

/// What the quick profile finds.
pub(crate) const QUICK: &[Row] = &[
    row(
        Fault::SetsRequestHeader("Accept", "application/json"),
        "accept-rewritten",
        &[],
    ),
    row(
        Fault::DropsRequestHeader("Authorization"),
        "authorization-lost",
        &[],
    ),
    row(
        Fault::SetsRequestHeader("Content-Type", "application/json"),
        "content-type-rewritten",
        &[],
    ),
    row(
        Fault::DropsRequestHeader("MCP-Protocol-Version"),
        "version-header-lost",
        &[],
    ),
    // Nothing can be resumed without it.
    row(
        Fault::DropsRequestHeader("Last-Event-ID"),
        "last-event-id-lost",
        &["disconnect-cancels-legacy", "session-resumed-elsewhere"],
    ),
    row(
        Fault::DropsRequestHeader("Mcp-Method"),
        "method-headers-lost",
        &[],
    ),
    row(Fault::DropsOddParamNames, "param-headers-lost", &[]),
    row(
        Fault::DropsRequestHeader("tracestate"),
        "trace-context-lost",
        &[],
    ),
    // Without an id no request can be led to its instance.
    row(
        Fault::DropsRequestHeader("Mcp-Session-Id"),
        "session-header-lost",
        &[
            "session-scattered",
            "passive-ejection",
            "session-resumed-elsewhere",
        ],
    ),
    row(
        Fault::MendsMirroredHeaders,
        "mirror-unchecked",
        &["method-headers-lost"],
    ),
    row(
        Fault::DropsResponseHeader("Retry-After"),
        "response-header-lost",
        &[],
    ),
    row(Fault::BelievesForwarded, "forwarded-spoofable", &[]),
    // The metadata is made from the name the server sees.
    row(
        Fault::RewritesHost,
        "host-rewritten",
        &["auth-metadata-unreachable"],
    ),
    row(Fault::ReplacesErrorPages, "error-body-replaced", &[]),
    row(Fault::AnswersOtherSlash, "endpoint-unrouted", &[]),
    row(Fault::RedirectsOtherSlash, "redirect-drops-body", &[]),
    row(Fault::RewritesBodies, "body-altered", &[]),
    row(Fault::LimitsBodies, "body-limit-small", &[]),
    row(Fault::LimitsHeads, "header-limit-small", &[]),
    row(Fault::BlocksOptions, "method-blocked", &[]),
    row(Fault::BlocksAgents, "client-blocked", &[]),
    row(Fault::HasNoHealth, "health-missing", &[]),
    row(Fault::TakesAnyOrigin, "origin-unchecked", &[]),
    row(Fault::HidesCorsHeaders, "cors-headers-hidden", &[]),
    row(Fault::HidesWellKnown, "auth-metadata-unreachable", &[]),
    // A challenge is a header too.
    row(
        Fault::DropsResponseHeader("WWW-Authenticate"),
        "auth-challenge-lost",
        &["response-header-lost"],
    ),
    row(Fault::LimitsRatesWrongly, "rate-limit-shape", &[]),
    // Whoever reads beside a slow reader is late as well, and an event that waits for its stream's end comes too late.
    row(
        Fault::BuffersStreams,
        "sse-buffered",
        &[
            "http2-stream-limit",
            "idle-timeout-short",
            "slow-reader-starves-others",
            "sse-keepalive-missing",
        ],
    ),
    row(Fault::WithholdsHeads, "sse-head-withheld", &[]),
    row(Fault::CompressesStreams, "sse-compressed", &[]),
    row(Fault::CachesAnswers, "sse-cached", &[]),
    row(Fault::DropsComments, "sse-altered", &[]),
    row(Fault::BreaksEndpointEvent, "sse-endpoint-unrewritten", &[]),
    row(Fault::KeepsUpstreamOpen, "disconnect-not-propagated", &[]),
    row(
        Fault::RefusesResumption,
        "disconnect-cancels-legacy",
        &["session-resumed-elsewhere"],
    ),
    row(Fault::HidesLoss, "upstream-loss-hidden", &[]),
    row(
        Fault::HoardsForSlowReaders,
        "slow-reader-starves-others",
        &[],
    ),
    row(Fault::LimitsStreams, "http2-stream-limit", &[]),
    // A stray session is neither resumed nor left in peace.
    row(
        Fault::ScattersSessions,
        "session-scattered",
        &["session-resumed-elsewhere", "passive-ejection"],
    ),
    row(Fault::ResumesElsewhere, "session-resumed-elsewhere", &[]),
    row(Fault::AnswersBadGatewayForDead, "dead-session-status", &[]),
    row(Fault::Replays, "request-replayed", &[]),
    row(Fault::ShowsInstanceInId, "session-id-readable", &[]),
    row(Fault::EjectsInstances, "passive-ejection", &[]),
    row(Fault::FollowsRedirects, "ssrf-redirect", &[]),
    row(Fault::ScattersTasks, "task-scattered", &[]),
    row(Fault::OpensSessionsToOthers, "session-open-to-others", &[]),
    row(Fault::HasNoStreamLimit, "unbounded-streams", &[]),
    row(Fault::RefusesStreamsSilently, "unbounded-streams", &[]),
    row(Fault::CertificateEndsSoon, "tls-certificate", &[]),
    row(Fault::CertificateOfAnother, "tls-certificate", &[]),
    row(Fault::HasOnlyTls12, "tls-old-version", &[]),
];

/// What takes the standard profile's quiet time.
pub(crate) const QUIET: &[Row] = &[
    // A silent answer that is a stream is a quiet stream.
    row(
        Fault::CutsQuietStreams,
        "idle-timeout-short",
        &["response-timeout-short"],
    ),
    row(Fault::GivesUpSlowCalls, "response-timeout-short", &[]),
    // Whichever call meets a closing connection fails.
    row(
        Fault::KeepsConnectionsTooLong,
        "keepalive-race",
        &["body-limit-small", "error-body-replaced"],
    ),
    row(Fault::DropsComments, "sse-keepalive-missing", &[]),
    row(Fault::ChecksHealthOnEndpoint, "health-on-endpoint", &[]),
];
