//! A YAML document as a tree in which every key and value knows its place in the file.

use std::collections::HashMap;
use std::rc::Rc;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput};

use crate::problem::{Position, Problem};
use crate::report::Report;

/// Far more than a description needs, and little enough to parse at once.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 1 << 20;

const NODES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 32;

/// One value. Aliases share the node they name, so a document never grows beyond what is written.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) position: Position,
    height: usize,
}

#[derive(Debug)]
pub(crate) enum Value {
    /// An empty value, `~` or `null`.
    Null,
    Scalar(String),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) position: Position,
    pub(crate) node: Rc<Node>,
}

impl Node {
    /// What this value is, for an error that expected another kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping of keys to values",
        }
    }
}

/// The document's root; `None` when it cannot be read, which `report` then says.
pub(crate) fn parse(text: &str, report: &Report<'_>) -> Option<Rc<Node>> {
    if text.len() > DOCUMENT_BYTES_MAX {
        report.add(Problem::error("", "the file is larger than 1 MiB"));
        return None;
    }
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let mut builder = Builder {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        path: Vec::new(),
        nodes: 0,
        report,
    };
    match builder.document() {
        Ok(Some(root)) if !matches!(root.value, Value::Null) => Some(root),
        Ok(_) => {
            let problem = Problem::error("", "the file is empty");
            report.add(problem.expected("`listeners`, `routes` and `upstreams`"));
            None
        }
        Err(problem) => {
            report.add(*problem);
            None
        }
    }
}

struct Builder<'a, 'r> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Rc<Node>>,
    /// Keys and indices that lead to the value being read.
    path: Vec<String>,
    nodes: usize,
    report: &'r Report<'r>,
}

/// A problem after which the rest of the document cannot be understood.
type Stopped = Box<Problem>;

impl<'a> Builder<'a, '_> {
    fn document(&mut self) -> Result<Option<Rc<Node>>, Stopped> {
        let mut root = None;
        while let Some(next) = self.parser.next() {
            let (event, span) = next.map_err(|error| refused(&error))?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    let problem = Problem::error("", "a second document begins here")
                        .at(position(span))
                        .suggest("keep one document in a file, and no `---` between its parts");
                    return Err(Box::new(problem));
                }
                event => root = Some(self.node(event, span)?),
            }
        }
        Ok(root)
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Rc<Node>, Stopped> {
        let (value, anchor, tagged) = match event {
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                let null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Scalar(text.into_owned())
                };
                (value, anchor, tag.is_some())
            }
            Event::SequenceStart(_, anchor, tag) => (self.list()?, anchor, tag.is_some()),
            Event::MappingStart(_, anchor, tag) => (self.map()?, anchor, tag.is_some()),
            _ => return Err(Box::new(unreadable(span))),
        };
        if tagged {
            let problem = Problem::error(self.path(), "YAML tags have no meaning in this file");
            self.report
                .add(problem.at(position(span)).suggest("remove the tag"));
        }
        let node = self.seal(value, span)?;
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Value, Stopped> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next_inside()? {
            self.path.push(format!("[{}]", items.len()));
            items.push(self.node(event, span)?);
            self.path.pop();
        }
        Ok(Value::List(items))
    }

    fn map(&mut self) -> Result<Value, Stopped> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Rc<Node>> = Vec::new();
        let mut places: HashMap<String, Position> = HashMap::new();
        while let Some((event, span)) = self.next_inside()? {
            let position = position(span);
            let merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.node(event, span)?;
            let (event, span) = self
                .next_inside()?
                .ok_or_else(|| Box::new(unreadable(span)))?;
            let name = match &key.value {
                Value::Scalar(name) => name.as_str(),
                _ => "",
            };
            self.path.push(format!(".{name}"));
            let node = self.node(event, span)?;
            self.path.pop();
            let Value::Scalar(key) = &key.value else {
                let problem = Problem::error(self.path(), "a key must be a single word");
                self.report.add(problem.at(position).found(key.kind()));
                continue;
            };
            if merge {
                merged.push(node);
            } else if let Some(first) = places.get(key) {
                let summary = format!(
                    "`{key}` is written twice; the first is on line {}",
                    first.line
                );
                let problem = Problem::error(self.path_to(key), summary).at(position);
                self.report.add(problem.suggest("keep one of the two"));
            } else {
                places.insert(key.clone(), position);
                entries.push(Entry {
                    key: key.clone(),
                    position,
                    node,
                });
            }
        }
        for source in &merged {
            self.merge(source, &mut entries, &mut places)?;
        }
        Ok(Value::Map(entries))
    }

    /// Adds what `<<` names and the mapping does not say itself.
    fn merge(
        &mut self,
        source: &Node,
        entries: &mut Vec<Entry>,
        places: &mut HashMap<String, Position>,
    ) -> Result<(), Stopped> {
        let entries_named = match &source.value {
            Value::Map(more) => more.len(),
            _ => 0,
        };
        self.spend(1 + entries_named, source.position)?;
        match &source.value {
            Value::Map(more) => {
                for entry in more {
                    if !places.contains_key(&entry.key) {
                        places.insert(entry.key.clone(), entry.position);
                        entries.push(entry.clone());
                    }
                }
                Ok(())
            }
            Value::List(sources) => sources
                .iter()
                .try_for_each(|source| self.merge(source, entries, places)),
            _ => {
                let problem = Problem::error(
                    self.path_to("<<"),
                    "`<<` merges a mapping, and this is none",
                );
                self.report.add(problem.at(source.position));
                Ok(())
            }
        }
    }

    fn path(&self) -> String {
        self.path.concat().trim_start_matches('.').to_owned()
    }

    fn path_to(&self, key: &str) -> String {
        let path = self.path();
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    }

    fn alias(&self, id: usize, span: Span) -> Result<Rc<Node>, Stopped> {
        // An anchor is known once its node is complete, so a node cannot contain itself.
        self.anchors.get(&id).map(Rc::clone).ok_or_else(|| {
            let problem = Problem::error(self.path(), "this alias names the value it stands in");
            Box::new(problem.at(position(span)))
        })
    }

    fn seal(&mut self, value: Value, span: Span) -> Result<Rc<Node>, Stopped> {
        self.spend(1, position(span))?;
        let tallest = match &value {
            Value::List(items) => items.iter().map(|item| item.height).max(),
            Value::Map(entries) => entries.iter().map(|entry| entry.node.height).max(),
            Value::Null | Value::Scalar(_) => None,
        };
        let height = tallest.map_or(0, |height| height + 1);
        if height > DEPTH_MAX {
            let problem = Problem::error(self.path(), "values are nested too deeply here");
            return Err(Box::new(problem.at(position(span))));
        }
        Ok(Rc::new(Node {
            value,
            position: position(span),
            height,
        }))
    }

    fn spend(&mut self, nodes: usize, at: Position) -> Result<(), Stopped> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let summary = format!("the file has more than {NODES_MAX} values");
        Err(Box::new(Problem::error("", summary).at(at)))
    }

    /// The next event of a collection, or `None` at its end.
    fn next_inside(&mut self) -> Result<Option<(Event<'a>, Span)>, Stopped> {
        match self.parser.next() {
            Some(Ok((Event::SequenceEnd | Event::MappingEnd, _))) => Ok(None),
            Some(Ok(next)) => Ok(Some(next)),
            Some(Err(error)) => Err(refused(&error)),
            None => Err(Box::new(unreadable(Span::default()))),
        }
    }
}

fn refused(error: &ScanError) -> Stopped {
    let marker = error.marker();
    let problem = Problem::error("", format!("this is not YAML: {}", error.info()));
    Box::new(problem.at(Position {
        line: marker.line(),
        column: marker.col() + 1,
        length: 1,
    }))
}

fn unreadable(span: Span) -> Problem {
    Problem::error("", "this is not YAML: the document ends too early").at(position(span))
}

fn position(span: Span) -> Position {
    let length = if span.start.line() == span.end.line() {
        span.end.col().saturating_sub(span.start.col())
    } else {
        // The rest of the line; what is shown ends with it.
        usize::MAX
    };
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
        length,
    }
}
