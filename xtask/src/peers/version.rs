//! Finding a version in what a program prints about itself.

/// The first version in `printed` that is `pinned` or a build of it: `2.6` is met by `2.6.12`, not by `2.60`.
pub(super) fn find(printed: &str, pinned: &str) -> Option<String> {
    let of_version = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    printed
        .split(|c: char| !of_version(c))
        .map(|word| word.trim_start_matches('v').trim_end_matches('.'))
        .find(|word| {
            word.strip_prefix(pinned)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(printed: &str, pinned: &str, expected: Option<&str>) {
        assert_eq!(find(printed, pinned).as_deref(), expected, "{printed:?}");
    }

    #[test]
    fn products_say_their_version_in_many_ways() {
        check("nginx version: nginx/1.31.3\n", "1.31.3", Some("1.31.3"));
        check("v2.11.7 h1:abc=", "2.11.7", Some("2.11.7"));
        check(
            "envoy  version: 0a/1.40.0/Clean/RELEASE",
            "1.40.0",
            Some("1.40.0"),
        );
        check(
            "HAProxy version 2.6.12-1+deb12u4 2025",
            "2.6",
            Some("2.6.12-1"),
        );
        check("wrk debian/4.1.0-3+b2 [epoll]", "4.1.0", Some("4.1.0-3"));
        check("Redis server v=7.0.15 sha=00", "7.0", Some("7.0.15"));
    }

    #[test]
    fn another_version_is_not_found() {
        check("HAProxy version 2.60.1", "2.6", None);
        check("nginx/1.31.30", "1.31.3", None);
        check("command not found", "1.31.3", None);
    }
}
