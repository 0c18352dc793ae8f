//! Which members of a JSON-RPC message are looked at, and what they come to.

use std::borrow::Cow;

use super::scanner::{Scan, Scanner};
use super::{ParamKeys, Peek, RpcId, Shape};

/// The modern era's version of a request (2026-07-28 basic, `_meta`).
const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// What was read so far. A member that comes again is cleared first: the last one wins.
#[derive(Default)]
pub(super) struct Message<'a> {
    method: Option<Cow<'a, str>>,
    id: Option<RpcId<'a>>,
    params: Params<'a>,
    has_id: bool,
    has_outcome: bool,
}

#[derive(Default)]
struct Params<'a> {
    name: Option<Cow<'a, str>>,
    uri: Option<Cow<'a, str>>,
    task_id: Option<Cow<'a, str>>,
    protocol_version: Option<Cow<'a, str>>,
    meta_protocol_version: Option<Cow<'a, str>>,
    object: Option<ParamKeys<'a>>,
    arguments: Option<ParamKeys<'a>>,
}

impl<'a> Message<'a> {
    /// Reads the object that the scanner stands at.
    pub(super) fn read(&mut self, scanner: &mut Scanner<'a>) -> Scan<()> {
        scanner.open_object()?;
        let mut first = true;
        while let Some(key) = scanner.next_key(&mut first)? {
            match key.name().as_ref() {
                "method" => read_text(scanner, 1, &mut self.method)?,
                "params" => {
                    self.params = Params::default();
                    self.params.read(scanner)?;
                }
                "id" => {
                    self.has_id = true;
                    self.id = None;
                    scanner.next_byte()?;
                    let start = scanner.position();
                    scanner.skip_value(1)?;
                    self.id = RpcId::from_scanned(scanner.since(start));
                }
                "result" | "error" => {
                    self.has_outcome = true;
                    scanner.skip_value(1)?;
                }
                _ => scanner.skip_value(1)?,
            }
        }
        Ok(())
    }

    /// Draws the conclusions; `truncated` if the message went on after what was read.
    pub(super) fn into_peek(self, truncated: bool) -> Peek<'a> {
        let shape = match (&self.method, self.has_id) {
            _ if truncated => Shape::Truncated,
            (Some(_), true) => Shape::Request,
            (Some(_), false) => Shape::Notification,
            (None, _) if self.has_outcome => Shape::Response,
            (None, _) => Shape::NotJson,
        };
        let params = self.params;
        let members = super::Params {
            name: params.name.clone(),
            uri: params.uri.clone(),
            task_id: params.task_id.clone(),
            arguments: params.arguments.and_then(ParamKeys::whole),
        };
        // While `params` is open, the member that is preferred may still come.
        let settled = params.object.is_some() || !truncated;
        let name = params
            .name
            .or_else(|| params.uri.or(params.task_id).filter(|_| settled));
        let is_initialize = self.method.as_deref() == Some("initialize");
        let protocol_version = params
            .meta_protocol_version
            .or_else(|| params.protocol_version.filter(|_| settled && is_initialize));
        Peek {
            shape,
            method: self.method,
            id: self.id,
            name,
            params: members,
            protocol_version,
            param_keys: params
                .arguments
                .or(params.object)
                .unwrap_or(ParamKeys::NONE),
        }
    }
}

impl<'a> Params<'a> {
    fn read(&mut self, scanner: &mut Scanner<'a>) -> Scan<()> {
        if scanner.next_byte()? != b'{' {
            return scanner.skip_value(1);
        }
        let start = scanner.position();
        scanner.open_object()?;
        let mut first = true;
        while let Some(key) = scanner.next_key(&mut first)? {
            match key.name().as_ref() {
                "name" => read_text(scanner, 2, &mut self.name)?,
                "uri" => read_text(scanner, 2, &mut self.uri)?,
                "taskId" => read_text(scanner, 2, &mut self.task_id)?,
                "protocolVersion" => read_text(scanner, 2, &mut self.protocol_version)?,
                "_meta" => self.read_meta(scanner)?,
                "arguments" => self.read_arguments(scanner)?,
                _ => scanner.skip_value(2)?,
            }
        }
        self.object = Some(ParamKeys::new(scanner.since(start), true));
        Ok(())
    }

    fn read_meta(&mut self, scanner: &mut Scanner<'a>) -> Scan<()> {
        self.meta_protocol_version = None;
        if scanner.next_byte()? != b'{' {
            return scanner.skip_value(2);
        }
        scanner.open_object()?;
        let mut first = true;
        while let Some(key) = scanner.next_key(&mut first)? {
            if key.name() == META_PROTOCOL_VERSION {
                read_text(scanner, 3, &mut self.meta_protocol_version)?;
            } else {
                scanner.skip_value(3)?;
            }
        }
        Ok(())
    }

    fn read_arguments(&mut self, scanner: &mut Scanner<'a>) -> Scan<()> {
        self.arguments = None;
        let is_object = scanner.next_byte()? == b'{';
        let start = scanner.position();
        let result = scanner.skip_value(2);
        if is_object {
            let seen = if result.is_ok() {
                scanner.since(start)
            } else {
                scanner.all_since(start)
            };
            self.arguments = Some(ParamKeys::new(seen, result.is_ok()));
        }
        result
    }
}

/// Reads a value inside `depth` open objects into `text` if it is a string, and clears `text` if it is not.
fn read_text<'a>(
    scanner: &mut Scanner<'a>,
    depth: u32,
    text: &mut Option<Cow<'a, str>>,
) -> Scan<()> {
    *text = None;
    if scanner.next_byte()? == b'"' {
        *text = scanner.string()?.value();
        Ok(())
    } else {
        scanner.skip_value(depth)
    }
}
