//! The command line's reference: what the program says of itself, command by command.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// How wide help is written.
const COLUMNS: &str = "96";

/// The page.
pub(super) fn render(program: &Path) -> anyhow::Result<String> {
    let mut out = String::from(
        "# Command line\n\nWhat `propylon --help` says, and each command's own. Exit codes: 0 all well, 1 findings, 2 usage or \
         configuration error.\n",
    );
    add(program, &[], &mut out)?;
    Ok(out)
}

fn add(program: &Path, command: &[&str], out: &mut String) -> anyhow::Result<()> {
    let help = help(program, command)?;
    let words = [&["propylon"], command].concat().join(" ");
    out.push_str(&format!(
        "\n## {words}\n\n```text\n{}\n```\n",
        help.trim_end()
    ));
    for name in commands(&help) {
        add(program, &[command, &[name]].concat(), out)?;
    }
    Ok(())
}

fn help(program: &Path, command: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(command)
        .args(["--color", "never", "--help"])
        .env("COLUMNS", COLUMNS)
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        bail!("{} has no help", command.join(" "));
    }
    String::from_utf8(output.stdout).context("help is not UTF-8")
}

/// The names under `Commands:`; `help` itself is not one to explain.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let named = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let rest = line.strip_prefix("  ")?;
            // A description that goes on is further to the right.
            (!rest.starts_with(' ')).then(|| rest.split(' ').next().unwrap_or_default())
        });
    named.filter(|name| *name != "help").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_help() {
        let help = "Say it.\n\nCommands:\n  serve  Serve:\n         a proxy\n  list   List\n  help   Print\n\nOptions:\n  -h\n";
        assert_eq!(commands(help), ["serve", "list"]);
        assert!(commands("Options:\n  -h\n").is_empty());
    }
}
