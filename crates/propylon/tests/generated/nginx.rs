//! nginx: the newest, and Debian's 1.22 on what is written for it.

use std::path::Path;
use std::process::Command;

use crate::product::{Edit, Product, dropped, edited};
use crate::stand::peers;

pub(crate) const PRODUCT: Product = Product {
    name: "nginx",
    target: "nginx",
    arguments: &[],
    validate: Some(|folder| command("nginx", folder, &["-t"])),
    run: |folder| command("nginx", folder, &["-g", "daemon off;"]),
    unseen: &[],
    breaks: &[
        dropped("sse-buffered"),
        edited("passive-ejection", &[Edit::Marked(" max_fails=0", "")]),
        edited(
            "response-timeout-short",
            &[Edit::Anywhere(
                "proxy_read_timeout 1h;",
                "proxy_read_timeout 3s;",
            )],
        )
        .waiting(),
    ],
    unbroken: &[],
    cut_streams_max: 0,
};

pub(crate) const DEBIAN: Product = Product {
    name: "nginx-debian",
    arguments: &["--nginx-version", "1.22.1"],
    validate: Some(|folder| command("nginx-debian", folder, &["-t"])),
    run: |folder| command("nginx-debian", folder, &["-g", "daemon off;"]),
    ..PRODUCT
};

/// nginx as the first lines of the file say it is run.
fn command(peer: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = peers().command(peer);
    command.current_dir(folder);
    command
        .args(["-p", ".", "-c", "nginx.conf"])
        .args(arguments);
    command
}
