//! The key file of the sealed store: who else may read or write it, and what stands in it.

use std::os::unix::fs::PermissionsExt as _;

use propylon_config::load_str;

/// What is said of a key file with this text and mode; each problem's severity and summary.
fn judge(name: &str, text: &str, mode: u32) -> Vec<String> {
    let path = std::env::temp_dir().join(format!("propylon-{name}-{}.key", std::process::id()));
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let file = format!(
        "listeners: [{{ address: 127.0.0.1:8080 }}]\nroutes: [{{ path: /mcp, upstream: it }}]\nupstreams:\n  it:\n    url: http://127.0.0.1:3001/mcp\n    affinity: {{ store: sealed, key_file: \"{}\" }}\n",
        path.display()
    );
    let loaded = load_str("propylon.yaml", &file);
    std::fs::remove_file(&path).unwrap();
    let problems = match loaded {
        Ok(loaded) => {
            let keys = loaded.deployment.upstreams["it"].seal_keys.clone();
            assert_eq!(format!("{keys:?}"), "Some(SealKeys(1))");
            loaded.warnings
        }
        Err(errors) => errors.problems,
    };
    let said = |problem: &propylon_config::Problem| {
        assert!(
            !problem.to_string().contains("0123456789abcdef"),
            "{problem}"
        );
        format!("{:?}: {}", problem.severity, problem.summary)
    };
    problems.iter().map(said).collect()
}

#[test]
fn who_may_touch_it_is_judged() {
    let key = "0123456789abcdef".repeat(4);
    assert_eq!(judge("own", &key, 0o600), [] as [&str; 0]);
    assert_eq!(judge("group", &key, 0o440), [] as [&str; 0]);
    let readable = ["Warning: every user of this machine may read the key file"];
    assert_eq!(judge("readable", &key, 0o644), readable);
    let writable = ["Error: others may write the key file, and so forge session ids"];
    assert_eq!(judge("writable", &key, 0o620), writable);
}

#[test]
fn what_stands_in_it_is_judged() {
    let said = judge("short", "0123456789abcdef", 0o600);
    let line = "Error: the key file is not usable: line 1 is not a key of 32 bytes in hexadecimal";
    assert_eq!(said, [line]);
    assert_eq!(
        judge("empty", "\n", 0o600),
        ["Error: the key file is not usable: it has no key"]
    );
}
