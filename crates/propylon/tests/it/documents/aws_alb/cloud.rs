//! moto, which answers for the AWS API on loopback and keeps what it is told, and what it was told.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch, eventually, free_address};
use serde_json::{Map, Value, json};

use super::stack::{conditions, own_action, told_group};
use super::{json_of, run};
use crate::real::servers::{peers, script};

/// A cloud with a network, and nobody's account.
pub(super) struct Cloud {
    endpoint: String,
    home: Scratch,
    /// `vpc`, `subnets` and `certificate`.
    network: Value,
    _process: Guarded,
}

impl Cloud {
    pub(super) fn start() -> Self {
        let address = free_address();
        let mut command = peers().command("moto");
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        let process = Guarded::start(command);
        eventually("moto to listen", Duration::from_secs(120), || {
            TcpStream::connect(address).is_ok()
        });
        let mut cloud = Self {
            endpoint: format!("http://{address}"),
            home: Scratch::new(),
            network: Value::Null,
            _process: process,
        };
        cloud.network = json_of(cloud.python("network"));
        cloud
    }

    /// Runs a script on it, with the real command line client.
    pub(super) fn apply(&self, file: &Path) {
        let client = peers().path("aws");
        let folder = client.parent().expect("a program is in a folder");
        let path = std::env::var("PATH").expect("there is a path");
        let mut command = self.with_account(Command::new("bash"));
        command
            .arg(file)
            .env("PATH", format!("{}:{path}", folder.display()));
        for (variable, key) in [
            ("VPC_ID", "vpc"),
            ("SUBNET_IDS", "subnets"),
            ("CERTIFICATE_ARN", "certificate"),
        ] {
            command.env(
                variable,
                self.network[key].as_str().expect("the network is there"),
            );
        }
        run(command);
    }

    /// What it was told, in the language that all three files are compared in.
    pub(super) fn read(&self) -> Value {
        let told = json_of(self.python("read"));
        let groups = told["groups"].as_array().into_iter().flatten();
        let words: Map<String, Value> = groups
            .clone()
            .map(|group| {
                let arn = group["TargetGroupArn"].as_str().expect("an ARN");
                (arn.to_owned(), json!(word(group)))
            })
            .collect();
        let listeners = told["listeners"].as_array().into_iter().flatten();
        let listeners: Map<String, Value> = listeners
            .map(|listener| {
                (
                    listener["Port"].to_string(),
                    self::listener(listener, &words),
                )
            })
            .collect();
        json!({
            "attributes": told["attributes"],
            "groups": groups.map(|group| {
                let told = told_group(group, &group["Attributes"], &group["Targets"]);
                (word(group), told)
            }).collect::<Map<_, _>>(),
            "listeners": listeners,
        })
    }

    fn python(&self, verb: &str) -> Command {
        let mut command = self.with_account(peers().command("python-sdk"));
        command.arg(script("alb_cloud.py")).arg(verb);
        command
    }

    /// Without a word of whoever runs this.
    fn with_account(&self, mut command: Command) -> Command {
        for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env(variable, "nobody");
        }
        command
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }
}

fn word(group: &Value) -> String {
    let name = group["TargetGroupName"].as_str().expect("a name");
    name.trim_start_matches("mcp-").to_owned()
}

fn listener(listener: &Value, words: &Map<String, Value>) -> Value {
    let rules = listener["Rules"].as_array().into_iter().flatten();
    let rules: Vec<Value> = rules
        .map(|rule| {
            json!({
                "conditions": conditions(&rule["Conditions"]),
                "action": action(&rule["Actions"][0], words),
            })
        })
        .collect();
    json!({
        "protocol": listener["Protocol"],
        "policy": if listener["Protocol"] == "HTTPS" { listener["SslPolicy"].clone() } else { Value::Null },
        "default": action(&listener["DefaultActions"][0], words),
        "attributes": listener["Attributes"],
        "rules": rules,
    })
}

fn action(action: &Value, words: &Map<String, Value>) -> Value {
    match action["TargetGroupArn"].as_str() {
        Some(arn) => json!({ "group": words[arn] }),
        None => own_action(action),
    }
}

/// The transforms of each rule of a script, as they were written.
pub(super) fn transforms(script: &str) -> Vec<Value> {
    let written = script
        .lines()
        .filter_map(|line| line.strip_prefix("transforms="));
    written
        .map(|value| {
            let list: Value = match value.trim_matches('\'') {
                "" => json!([]),
                json => serde_json::from_str(json).expect("transforms are JSON"),
            };
            let rewrite = |kind: &str, config: &str| {
                let mut all = list.as_array().into_iter().flatten();
                let one = all.find(|transform| transform["Type"] == kind)?;
                let rewrite = &one[config]["Rewrites"][0];
                Some(json!([rewrite["Regex"], rewrite["Replace"]]))
            };
            json!({
                "url": rewrite("url-rewrite", "UrlRewriteConfig"),
                "host_header": rewrite("host-header-rewrite", "HostHeaderRewriteConfig"),
            })
        })
        .collect()
}
