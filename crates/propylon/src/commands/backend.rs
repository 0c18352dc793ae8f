//! `propylon backend`: registers servers, by the API of a running proxy.

mod client;
mod shown;

use std::process::ExitCode;

use propylon_proxy::backends::BackendId;
use serde_json::{Map, Value, json};

use super::CommandError;
use super::check::secret;
use crate::args::backend::{Action, Add, Backend as Args, BackendFormat, List};
use crate::terminal::{self, Look};
pub(crate) use client::ApiError;
use client::Client;

/// The largest page there is.
const PAGE: usize = 1000;

/// Does what is asked for.
pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let token = secret(&args.token).map_err(|error| {
        let advice = "give a token of backends.token_file with --token, or as PROPYLON_TOKEN";
        CommandError::Argument(format!("{error}; {advice}"))
    })?;
    let client = Client::new(&args.api, token)?;
    let text = match &args.action {
        Action::Add(add) => said(args, &register(&client, add)?, shown::added),
        Action::List(list) => said(args, &all(&client, list)?, shown::listed),
        Action::Show(named) => {
            let found = client.call("GET", &path(&named.id), None, false)?;
            said(args, &found, shown::one)
        }
        Action::Remove(named) => {
            client.call("DELETE", &path(&named.id), None, false)?;
            match args.format {
                BackendFormat::Human => format!("{} is removed\n", named.id),
                BackendFormat::Json => String::new(),
            }
        }
    };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn said(args: &Args, value: &Value, human: fn(&Value, Look) -> String) -> String {
    match args.format {
        BackendFormat::Human => human(value, Look::of_stdout()),
        BackendFormat::Json => format!("{value:#}\n"),
    }
}

fn path(id: &BackendId) -> String {
    format!("/v1/backends/{id}")
}

fn register(client: &Client, add: &Add) -> Result<Value, CommandError> {
    let mut headers = Map::new();
    for header in &add.header {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            CommandError::Argument("--header: write `Name: value`, or `Name: @FILE`".to_owned())
        })?;
        headers.insert(name.trim().to_owned(), secret(value.trim())?.into());
    }
    let ca = add.ca.as_ref().map(|file| {
        std::fs::read_to_string(file)
            .map_err(|error| CommandError::Argument(format!("--ca: {}: {error}", file.display())))
    });
    let is_limited = add.no_tools || !add.tool.is_empty();
    let body = json!({
        "url": add.url,
        "headers": headers,
        "tools": is_limited.then_some(&add.tool),
        "tls": { "ca": ca.transpose()?, "pins": add.pin },
    });
    Ok(client.call("PUT", &path(&add.id), Some(&body), add.new)?)
}

/// Every page, as one list.
fn all(client: &Client, list: &List) -> Result<Value, CommandError> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut path = format!("/v1/backends?limit={PAGE}");
        for (name, value) in [("tenant", list.tenant.as_ref()), ("after", after.as_ref())] {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={value}"));
            }
        }
        let mut page = client.call("GET", &path, None, false)?;
        if let Some(Value::Array(more)) = page.get_mut("backends").map(Value::take) {
            found.extend(more);
        }
        match page["next"].as_str() {
            Some(next) if after.as_deref() != Some(next) => after = Some(next.to_owned()),
            _ => return Ok(found.into()),
        }
    }
}
