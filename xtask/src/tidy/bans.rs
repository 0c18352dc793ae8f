//! Words that must not stand in the code, each with where and why.

use super::source::{Source, Token};
use super::tree::TextFile;
use super::{Problem, Tree};

/// A sequence of tokens that is banned.
struct Ban {
    /// The tokens, with spaces between them.
    words: &'static str,
    place: Place,
    why: &'static str,
}

/// Where a ban holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Everywhere,
    /// Outside tests and tools; a line with `// invariant:`, or under one, is excused.
    Shipped,
    /// Outside tests and tools, except in the dial guard.
    NotTheDialGuard,
    /// Outside tests, in the crates that do no I/O.
    PureCrates,
}

const DIAL_GUARD: &[&str] = &[
    "crates/propylon-net/src/dial.rs",
    "crates/propylon-net/src/dial/",
];
/// The crates without runtime, sockets and clock.
pub(super) const PURE_CRATES: &[&str] = &[
    "propylon-config",
    "propylon-dialects",
    "propylon-mcp",
    "propylon-practices",
];
const EXCUSE: &str = "// invariant:";

const NO_ALLOW: &str =
    "write #[expect(lint, reason = \"…\")], which says why and ends when it is not needed";
const UNDONE: &str = "finish it, or leave it out";
const PANICS: &str = "return an error, or say above it why it cannot happen: // invariant: …";
const BLOCKS: &str =
    "a worker that sleeps holds up all its connections; // invariant: … says why no worker is here";
const STEALS: &str =
    "one current-thread runtime for each core: work stealing costs CPU on every request";
const UNBOUNDED: &str = "every queue has a limit; // invariant: … says what keeps this one short";
const ONE_OPENER: &str = "only propylon-net's dial guard opens outbound sockets";
const NO_SOCKET: &str = "this crate has no sockets";
const NO_CLOCK: &str = "this crate has no clock: take the time as an argument";
const NO_RUNTIME: &str = "this crate has no runtime";

const BANS: &[Ban] = &[
    Ban {
        words: "# [ allow (",
        place: Place::Everywhere,
        why: NO_ALLOW,
    },
    Ban {
        words: "# ! [ allow (",
        place: Place::Everywhere,
        why: NO_ALLOW,
    },
    Ban {
        words: "todo !",
        place: Place::Everywhere,
        why: UNDONE,
    },
    Ban {
        words: "unimplemented !",
        place: Place::Everywhere,
        why: UNDONE,
    },
    Ban {
        words: ". unwrap (",
        place: Place::Shipped,
        why: PANICS,
    },
    Ban {
        words: ". expect (",
        place: Place::Shipped,
        why: PANICS,
    },
    Ban {
        words: "panic !",
        place: Place::Shipped,
        why: PANICS,
    },
    Ban {
        words: "thread :: sleep",
        place: Place::Shipped,
        why: BLOCKS,
    },
    Ban {
        words: "new_multi_thread",
        place: Place::Shipped,
        why: STEALS,
    },
    Ban {
        words: "Runtime :: new",
        place: Place::Shipped,
        why: STEALS,
    },
    Ban {
        words: "unbounded_channel (",
        place: Place::Shipped,
        why: UNBOUNDED,
    },
    Ban {
        words: "TcpStream :: connect",
        place: Place::NotTheDialGuard,
        why: ONE_OPENER,
    },
    Ban {
        words: "TcpStream :: connect_timeout",
        place: Place::NotTheDialGuard,
        why: ONE_OPENER,
    },
    Ban {
        words: "TcpSocket",
        place: Place::NotTheDialGuard,
        why: ONE_OPENER,
    },
    Ban {
        words: "UdpSocket",
        place: Place::NotTheDialGuard,
        why: ONE_OPENER,
    },
    Ban {
        words: "TcpStream",
        place: Place::PureCrates,
        why: NO_SOCKET,
    },
    Ban {
        words: "TcpListener",
        place: Place::PureCrates,
        why: NO_SOCKET,
    },
    Ban {
        words: "UnixStream",
        place: Place::PureCrates,
        why: NO_SOCKET,
    },
    Ban {
        words: "UnixListener",
        place: Place::PureCrates,
        why: NO_SOCKET,
    },
    Ban {
        words: "Instant :: now",
        place: Place::PureCrates,
        why: NO_CLOCK,
    },
    Ban {
        words: "SystemTime",
        place: Place::PureCrates,
        why: NO_CLOCK,
    },
    Ban {
        words: "tokio ::",
        place: Place::PureCrates,
        why: NO_RUNTIME,
    },
    Ban {
        words: "std :: thread",
        place: Place::PureCrates,
        why: NO_RUNTIME,
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.rust() {
        let Some(source) = &file.source else { continue };
        for ban in BANS.iter().filter(|ban| holds_in(ban.place, &file.path)) {
            for line in occurrences(&source.tokens, ban.words) {
                if !is_excused(ban.place, file, source, line) {
                    let what = format!("`{}`: {}", ban.words.replace(' ', ""), ban.why);
                    problems.push(Problem::new(&file.path, line, what));
                }
            }
        }
    }
    problems
}

fn holds_in(place: Place, path: &str) -> bool {
    match place {
        Place::Everywhere | Place::Shipped => true,
        Place::NotTheDialGuard => !DIAL_GUARD.iter().any(|guard| path.starts_with(guard)),
        Place::PureCrates => {
            let name = path
                .strip_prefix("crates/")
                .and_then(|rest| rest.split('/').next());
            name.is_some_and(|name| PURE_CRATES.contains(&name))
        }
    }
}

fn is_excused(place: Place, file: &TextFile, source: &Source, line: usize) -> bool {
    if place == Place::Everywhere {
        return false;
    }
    if !source.ships(line) {
        return true;
    }
    let reasoned = || {
        let here = file.text.lines().skip(line.saturating_sub(2)).take(2);
        here.into_iter().any(|text| text.contains(EXCUSE))
    };
    place == Place::Shipped && reasoned()
}

/// The lines on which the words stand.
fn occurrences(tokens: &[Token], words: &str) -> Vec<usize> {
    // The tokens of `::` come one by one.
    let words = words.replace("::", ": :");
    let words: Vec<&str> = words.split(' ').collect();
    let hits = tokens.windows(words.len()).filter(|window| {
        window
            .iter()
            .map(|token| token.text.as_str())
            .eq(words.iter().copied())
    });
    hits.filter_map(|window| window.first().map(|token| token.line))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(path: &str, code: &str, expected: &[&str]) {
        let text = format!("//! x\n{code}\n");
        let tree = tree(&[(path, &text)]);
        assert!(tree.files[0].source.is_some(), "{code} does not parse");
        let found = super::check(&tree);
        assert_eq!(found.len(), expected.len(), "{path}: {code}: {found:?}");
        for (problem, words) in found.iter().zip(expected) {
            assert!(problem.what.contains(words), "{problem:?}");
        }
    }

    const SHIPPED: &str = "crates/propylon-proxy/src/a.rs";
    const PURE: &str = "crates/propylon-mcp/src/a.rs";

    #[test]
    fn allow_is_banned_even_in_tests() {
        check(SHIPPED, "#[allow(dead_code)] fn a() {}", &["#[allow("]);
        check(
            "crates/x/src/tests.rs",
            "#![allow(dead_code)]",
            &["#![allow("],
        );
        check(
            SHIPPED,
            "#[expect(dead_code, reason = \"r\")] fn a() {}",
            &[],
        );
    }

    #[test]
    fn panics_need_an_invariant() {
        check(SHIPPED, "fn a() { b().unwrap(); }", &[".unwrap("]);
        check(
            SHIPPED,
            "fn a() { b()\n    .expect(\"c\"); }",
            &[".expect("],
        );
        check(
            SHIPPED,
            "fn a() { tokio::select! { x = y => x.unwrap() } }",
            &[".unwrap("],
        );
        check(
            SHIPPED,
            "fn a() {\n    // invariant: b is never none\n    b().unwrap();\n}",
            &[],
        );
        check(SHIPPED, "fn a() { panic!(\"b\") } // invariant: c", &[]);
        check(SHIPPED, "fn a() { b().unwrap_or_default(); }", &[]);
    }

    #[test]
    fn comments_strings_and_tests_may_say_what_they_like() {
        check(
            SHIPPED,
            "/// x.unwrap()\nfn a() -> &'static str { \"panic!()\" }",
            &[],
        );
        check(
            SHIPPED,
            "#[cfg(test)]\nmod tests { fn a() { b().unwrap(); } }",
            &[],
        );
        check(
            "crates/propylon-testkit/src/a.rs",
            "fn a() { b().unwrap(); }",
            &[],
        );
        check("crates/propylon/tests/it/a.rs", "fn a() { panic!() }", &[]);
    }

    #[test]
    fn workers_neither_sleep_nor_queue_without_end() {
        check(
            SHIPPED,
            "fn a() { std::thread::sleep(b); }",
            &["thread::sleep"],
        );
        check(
            SHIPPED,
            "fn a() { let (b, c) = mpsc::unbounded_channel(); }",
            &["every queue"],
        );
        check(
            "crates/propylon/tests/it/a.rs",
            "fn a() { thread::sleep(b); }",
            &[],
        );
    }

    #[test]
    fn only_the_dial_guard_opens_sockets() {
        let code = "fn a() { TcpStream::connect(b); tokio::net::UdpSocket::bind(c); }";
        check(SHIPPED, code, &["TcpStream::connect", "UdpSocket"]);
        check("crates/propylon-net/src/dial/open.rs", code, &[]);
        check("crates/propylon-net/src/dial.rs", code, &[]);
        check(
            "crates/propylon-net/src/listener.rs",
            code,
            &["TcpStream", "UdpSocket"],
        );
        check("xtask/src/a.rs", code, &[]);
    }

    #[test]
    fn pure_crates_have_no_clock_and_no_sockets() {
        check(PURE, "fn a() { Instant::now(); }", &["no clock"]);
        check(PURE, "use std::time::SystemTime;", &["no clock"]);
        check(PURE, "use std::net::TcpListener;", &["no sockets"]);
        check(PURE, "use tokio::sync::Mutex;", &["no runtime"]);
        check(PURE, "fn a(at: Instant) -> Duration { at.elapsed() }", &[]);
        check(SHIPPED, "fn a() { Instant::now(); }", &[]);
    }

    #[test]
    fn nothing_is_left_undone() {
        check("crates/x/src/tests.rs", "fn a() { todo!() }", &["todo!"]);
        check(PURE, "fn a() { unimplemented!() }", &["unimplemented!"]);
    }
}
