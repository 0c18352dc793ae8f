//! The guard's corpora, through the API of the running program: none is registered, and nobody is dialled.

use propylon_testkit::RawClient;

use super::stand::{Ground, TOKEN, at, request};

const URLS: &str = include_str!("../../../../propylon-net/src/dial/judge/corpus/hostile_urls.txt");
const ADDRESSES: &str =
    include_str!("../../../../propylon-net/src/dial/judge/corpus/hostile_addresses.txt");

/// The corpora write characters that cannot be seen as `\uXXXX`, which is how JSON reads them.
fn lines(corpus: &str) -> impl Iterator<Item = String> {
    let text = corpus
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    text.map(|line| {
        let quoted = format!(
            "\"{}\"",
            line.replace('\\', "\\\\")
                .replace("\\\\u", "\\u")
                .replace('"', "\\\"")
        );
        serde_json::from_str(&quoted).unwrap_or_else(|_| line.to_owned())
    })
}

#[test]
fn nothing_of_the_corpora_is_registered() {
    let stand = Ground::new("ports: [443, 8443]", &[]).start(None);
    let addresses = lines(ADDRESSES).map(|address| match address.contains(':') {
        true => format!("https://[{address}]/mcp"),
        false => format!("https://{address}/mcp"),
    });
    let urls: Vec<_> = lines(URLS).chain(addresses).collect();
    assert!(urls.len() >= 700, "{}", urls.len());
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let api = stand.ground.api;
    for some in urls.chunks(100) {
        let mut client = RawClient::connect(api);
        for url in some {
            let body = at(url.as_str());
            client.send(request(
                api,
                "PUT",
                "/v1/backends/acme/a",
                &[&bearer],
                Some(&body),
            ));
            let (answer, said) = client.read();
            assert_eq!(answer.status, 422, "{url:?}: {}", said.text());
        }
    }
    let (missing, _) = stand.call("GET", "/v1/backends/acme/a", TOKEN, None);
    assert_eq!(missing.status, 404);
}
