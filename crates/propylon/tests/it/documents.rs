//! Generated documents that no product here can run: read back by parsers that are not ours, judged by schemas that are
//! not ours, and applied to a cloud that keeps what it is told.

mod aws_alb;
mod cloudflare;
mod kubernetes;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch};
use serde_json::Value;

use crate::front::BINARY;
use crate::real::servers::peers;

/// How long a judge may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// What `generate` wrote for a description.
pub(super) struct Documents {
    scratch: Scratch,
    /// The report, as JSON.
    pub(super) report: Value,
}

impl Documents {
    /// Generates for `target`.
    ///
    /// # Panics
    /// When that fails.
    pub(super) fn generate(target: &str, description: &str) -> Self {
        let scratch = Scratch::new();
        let config = scratch.write("propylon.yaml", description);
        let mut command = Command::new(BINARY);
        command.args(["generate", target, "--report", "--format", "json", "-c"]);
        command
            .arg(config)
            .arg("-o")
            .arg(scratch.path().join("files"));
        let report = json_of(command);
        Self { scratch, report }
    }

    /// Where a file is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join("files").join(name)
    }

    /// A file as it is.
    pub(super) fn text(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every document of a YAML file.
    pub(super) fn yaml(&self, name: &str) -> Vec<Value> {
        let script = "import json, sys, yaml\n\
                      print(json.dumps([one for one in yaml.safe_load_all(open(sys.argv[1])) if one]))";
        let mut command = python(script);
        command.arg(self.path(name));
        let documents = json_of(command);
        documents.as_array().cloned().unwrap_or_default()
    }

    /// A Terraform file; expressions are texts in `${}`.
    pub(super) fn hcl(&self, name: &str) -> Value {
        let text = self.text(name);
        hcl::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}:\n{text}"))
    }

    /// The settings that the report says are not in the files.
    pub(super) fn lost(&self) -> Vec<&str> {
        let warnings = self.report["warnings"].as_array().into_iter().flatten();
        warnings
            .filter_map(|warning| warning["setting"].as_str())
            .collect()
    }

    /// The practices that the report says do not hold.
    pub(super) fn gaps(&self) -> Vec<&str> {
        let gaps = self.report["gaps"].as_array().into_iter().flatten();
        gaps.filter_map(|gap| gap["practice"].as_str()).collect()
    }
}

/// What is wrong with `document` by the JSON schema in a file.
pub(super) fn faults(schema: &Path, document: &Value) -> Vec<String> {
    let script = "import json, sys, jsonschema\n\
                  schema = json.load(open(sys.argv[1]))\n\
                  kind = jsonschema.validators.validator_for(schema)\n\
                  found = kind(schema).iter_errors(json.loads(sys.argv[2]))\n\
                  print(json.dumps([e.json_path + ': ' + e.message[:300] for e in found]))";
    let mut command = python(script);
    command.arg(schema).arg(document.to_string());
    serde_json::from_str(&run(command)).expect("the script writes JSON")
}

/// What a command that must succeed wrote on standard output, as JSON.
pub(super) fn json_of(command: Command) -> Value {
    let said = run(command);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// The Python that has the peers' packages, about to run a script.
pub(super) fn python(script: &str) -> Command {
    let mut command = peers().command("python-sdk");
    command.args(["-W", "ignore", "-c", script]);
    command
}

/// What a command that must succeed wrote on standard output.
///
/// # Panics
/// When it fails, with what it wrote.
pub(super) fn run(command: Command) -> String {
    let typed = format!("{command:?}");
    let mut process = Guarded::start(command);
    let status = process.wait(PATIENCE);
    assert!(
        status.is_some_and(|status| status.success()),
        "{typed}: {status:?}\n{}",
        process.output().text()
    );
    process.stdout().text()
}
