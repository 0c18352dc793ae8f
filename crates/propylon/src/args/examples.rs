//! The examples that stand under each command's `--help`.

pub(super) const ALL: &str = "\
Start with:
  propylon demo                       see what it does, in ten seconds
  propylon serve --upstream http://127.0.0.1:3001/mcp
  propylon list                       everything that goes wrong behind other proxies

Exit codes: 0 all well, 1 findings, 2 usage or configuration error.";

pub(super) const SERVE: &str = "\
Examples:
  # One server, no file: clients use http://127.0.0.1:8080/mcp
  propylon serve --listen 127.0.0.1:8080 --upstream http://127.0.0.1:3001/mcp

  # Three replicas; every session stays with the one that began it
  propylon serve --listen 127.0.0.1:8080 --upstream http://127.0.0.1:3001/mcp \\
    --upstream http://127.0.0.1:3002/mcp --upstream http://127.0.0.1:3003/mcp

  # Everything else is in a file; see `propylon config schema`
  propylon serve -c propylon.yaml

Signals: SIGHUP reads the file again, SIGTERM drains and ends, a second one ends at once.";

pub(super) const DEMO: &str = "\
Examples:
  # The walk, then three servers behind one address to try clients on, until Ctrl-C
  propylon demo

  # The walk alone, as a test of this machine
  propylon demo --once

Everything runs in this one process, on loopback; nothing is left behind.";

pub(super) const CONFIG_CHECK: &str = "\
Examples:
  propylon config check propylon.yaml
  propylon config check propylon.yaml && systemctl reload propylon

Exit codes: 0 it can be served, 2 it cannot.";

pub(super) const CONFIG_SCHEMA: &str = "\
Examples:
  propylon config schema > propylon.schema.json

  # Then, as the first line of propylon.yaml, for editors that use yaml-language-server:
  # yaml-language-server: $schema=propylon.schema.json";

pub(super) const GUARD: &str = "\
Examples:
  propylon guard https://mcp.example.com/mcp

  # Every spelling is known: this is 127.0.0.1
  propylon guard https://0x7f.1/mcp

  # Your own network, but for one part of it
  propylon guard --allow 10.0.0.0/8 --deny 10.6.0.0/16 https://10.1.0.5/mcp

  # Many at once, for a script
  propylon guard --format json - < urls.txt

Exit codes: 0 all allowed, 1 one or more refused, 2 usage error.";

pub(super) const BACKEND: &str = "\
Examples:
  export PROPYLON_TOKEN=\"$(cat api.token)\"
  propylon backend add acme/weather https://mcp.example.com/mcp
  propylon backend list --tenant acme
  propylon backend show acme/weather
  propylon backend remove acme/weather

Exit codes: 0 done, 2 not done, and why.";

pub(super) const BACKEND_ADD: &str = "\
Examples:
  # Clients reach it at /acme/weather/mcp
  propylon backend add acme/weather https://mcp.example.com/mcp

  # With a key of its own, which no client sees, and two tools that may be called
  propylon backend add acme/weather https://mcp.example.com/mcp \\
    --header 'Authorization: @/run/secrets/weather' --tool forecast --tool alerts

  # Known by its key alone
  propylon backend add acme/weather https://mcp.example.com/mcp \\
    --pin sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

`propylon guard URL` says beforehand whether a URL may be dialled.";

pub(super) const BACKEND_LIST: &str = "\
Examples:
  propylon backend list
  propylon backend list --tenant acme --format json";

pub(super) const BACKEND_SHOW: &str = "\
Examples:
  propylon backend show acme/weather
  propylon backend show acme/weather --format json | jq .state";

pub(super) const BACKEND_REMOVE: &str = "\
Examples:
  propylon backend remove acme/weather";

pub(super) const LIST: &str = "\
Examples:
  propylon list
  propylon list --severity error --era modern
  propylon list --seen outside --format json

`propylon explain ID` has the page of each.";

pub(super) const EXPLAIN: &str = "\
Examples:
  # A practice, with the fix for every product, or for one
  propylon explain sse-buffered
  propylon explain sse-buffered --product nginx

  # What the proxy said in `Propylon-Reason`, or in its log
  propylon explain session-lost

  # A key of propylon.yaml; a part of it is enough where there is but one
  propylon explain upstreams.weather.timeouts.idle
  propylon explain body_bytes";

pub(super) const COMPLETIONS: &str = "\
Examples:
  propylon completions bash > ~/.local/share/bash-completion/completions/propylon
  propylon completions zsh > \"${fpath[1]}/_propylon\"
  propylon completions fish > ~/.config/fish/completions/propylon.fish";

pub(super) const CHECK: &str = "\
Examples:
  # Put a probe behind the chain, then measure the chain
  propylon probe --listen 127.0.0.1:9101 --instances 3 --token env:PROBE_TOKEN
  propylon check https://mcp.example.com/mcp --token env:PROBE_TOKEN

  # Any server, no probe: what can be seen without one, in half a minute
  propylon check https://mcp.example.com/mcp --profile quick --header 'Authorization: env:MCP_AUTHORIZATION'

  # A chain that is not in DNS yet, with a private authority; a page with pictures for whoever asks
  propylon check https://mcp.example.com/mcp --resolve mcp.example.com:443:192.0.2.1 --ca ca.pem --format html -o chain.html

  # One practice again, with the fix for a product
  propylon check https://mcp.example.com/mcp --select sse-buffered --product nginx

What may differ by HTTP version is measured over HTTP/1.1 and HTTP/2 where both are offered. A certificate that is not
good is a finding: the run goes on without verifying, and does not send your headers.

Exit codes: 0 nothing found, 1 findings, 2 it could not run.";

pub(super) const GENERATE: &str = "\
Examples:
  # To look at: the files one after the other, on standard output
  propylon generate nginx --upstream http://127.0.0.1:3001/mcp --upstream http://127.0.0.1:3002/mcp

  # To use: into a folder, then run it from there
  propylon generate haproxy -c propylon.yaml -o haproxy && cd haproxy && haproxy -db -f haproxy.cfg

  # What the product will not hold, and which settings it has no counterpart for
  propylon generate traefik -c propylon.yaml --report

  # Which product holds what
  propylon generate --matrix --format markdown

Exit codes: 0 it is written, 2 it is not.";

pub(super) const PROBE: &str = "\
Examples:
  # Three instances on this machine: ports 9101, 9102 and 9103
  propylon probe --listen 127.0.0.1:9101 --instances 3 --token env:PROBE_TOKEN

  # One on each host, each with a name of its own
  propylon probe --listen 0.0.0.0:9101 --name east --token @/run/secrets/probe
  propylon probe --listen 0.0.0.0:9101 --name west --token @/run/secrets/probe

Any path speaks MCP, any path ending in /sse the transport of 2024-11-05; /health answers health checks.
HTTP/1.1, and HTTP/2 by prior knowledge.";
