//! A client of an official SDK that goes on calling while the test takes things away from it.

use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch, eventually};
use serde_json::Value;

use super::servers::{peers, script};

/// Which SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sdk {
    Python,
    TypeScript,
}

/// A client under way.
pub(crate) struct Steady {
    process: Guarded,
    scratch: Scratch,
}

impl Steady {
    /// Starts one, and waits for a few calls.
    pub(crate) fn start(sdk: Sdk, url: &str) -> Self {
        let scratch = Scratch::new();
        let mut command = match sdk {
            Sdk::Python => {
                let mut command = Command::new(peers().path("python-sdk"));
                command.arg(script("steady.py"));
                command
            }
            Sdk::TypeScript => {
                let mut command = peers().command("node");
                command.env("SDK_MODULES", peers().modules("typescript-sdk"));
                command.arg(script("steady.mjs"));
                command
            }
        };
        command.arg(url).arg(scratch.path().join("stop"));
        let process = Guarded::start(command);
        let steady = Self { process, scratch };
        steady.more_calls(3);
        steady
    }

    /// Everything it said so far.
    pub(crate) fn said(&self) -> Vec<Value> {
        let text = self.process.stdout().text();
        let steps = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        steps.collect()
    }

    /// The instances that answered, call by call.
    pub(crate) fn instances(&self) -> Vec<String> {
        let called = self
            .said()
            .into_iter()
            .filter(|step| step["step"] == "called");
        called
            .map(|step| step["instance"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What calls failed with.
    pub(crate) fn failures(&self) -> Vec<Value> {
        let mut said = self.said();
        said.retain(|step| step["step"] == "failed");
        said
    }

    /// Waits for so many more calls that are answered.
    pub(crate) fn more_calls(&self, count: usize) {
        let before = self.instances().len();
        let patience = Duration::from_secs(40);
        eventually(
            &format!("{count} more calls of\n{}", self.process.output().text()),
            patience,
            || self.instances().len() >= before + count,
        );
    }

    /// Lets it end in order.
    pub(crate) fn end(mut self) {
        self.scratch.write("stop", "");
        let status = self.process.wait(Duration::from_secs(20));
        let said = self.process.output().text();
        assert!(
            status.is_some_and(|status| status.success()),
            "{status:?}:\n{said}"
        );
    }
}
