//! What is known of an upstream's mirrored headers: which arguments its tools want mirrored, and how often headers lied.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use propylon_mcp::Era;
use propylon_mcp::mirror::{self, Annotation, Tool};

use crate::phase::classify::Facts;
use crate::relay::watch::Watch;
use crate::upstream::Upstream;

/// One upstream's, carried over reloads.
#[derive(Debug, Default)]
pub(crate) struct Mirrored {
    /// Requests whose headers were not what their body said, refused or not.
    pub(crate) mismatches: AtomicU64,
    tools: ArcSwap<Known>,
}

/// The tools that want arguments mirrored, by their name.
type Known = HashMap<Box<str>, Arc<[Annotation]>>;

/// Longer lists of tools are not looked at.
const LIST_BYTES_MAX: u64 = 1 << 20;

/// What says that the tools are no longer those that were listed.
const CHANGED: &[u8] = b"\"notifications/tools/list_changed\"";

impl Mirrored {
    /// What a tool wants mirrored, as far as is known.
    pub(crate) fn of(&self, tool: &str) -> Option<Arc<[Annotation]>> {
        self.tools.load().get(tool).map(Arc::clone)
    }

    /// How many tools are remembered.
    pub(crate) fn len(&self) -> usize {
        self.tools.load().len()
    }

    /// Takes a list, or a page of one, as the newest word on every tool in it. What it does not name stays: it may be on
    /// another page, or shown to other credentials. Where that would be too many, the newest alone stay.
    pub(crate) fn learn(&self, tools: Vec<Tool>, tools_max: usize) {
        let is_news = |tool: &Tool| {
            let known = self.of(&tool.name);
            known.as_deref().unwrap_or_default() != &*tool.annotations
        };
        // Lists are asked for again and again, and hardly ever say anything new.
        if !tools.iter().any(is_news) {
            return;
        }
        self.tools.rcu(|known| {
            let mut all = Known::clone(known);
            let mut newest = Known::new();
            for Tool { name, annotations } in &tools {
                all.remove(name);
                if !annotations.is_empty() && newest.len() < tools_max {
                    newest.insert(name.clone(), annotations.clone().into());
                }
            }
            if all.len() + newest.len() > tools_max {
                all.clear();
            }
            all.extend(newest);
            all
        });
    }

    /// Forgets every tool: they are listed anew, and until then the server alone knows.
    pub(crate) fn forget(&self) {
        self.tools.store(Arc::default());
    }
}

/// A watch on an answer that lists tools, or that may say that they have changed.
pub(crate) fn learn_tools(
    upstream: &Arc<Upstream>,
    facts: &Facts,
    method: &[u8],
    (is_event_stream, tools_max): (bool, usize),
) -> Option<Box<Watch>> {
    if facts.era != Some(Era::Modern) {
        return None;
    }
    let mirrored = Arc::clone(&upstream.mirrored);
    let watch = match method {
        b"tools/list" => Watch::new(
            mirror::TOOLS,
            is_event_stream,
            LIST_BYTES_MAX,
            move |message| mirrored.learn(mirror::tools_of(message), tools_max),
        ),
        b"subscriptions/listen" => {
            Watch::new(CHANGED, is_event_stream, NOTICE_BYTES_MAX, move |_| {
                mirrored.forget();
            })
        }
        _ => return None,
    };
    Some(Box::new(watch))
}

/// A notice is short, and a stream of them long.
const NOTICE_BYTES_MAX: u64 = 4096;

#[cfg(test)]
mod tests {
    use propylon_mcp::mirror::{Annotation, Tool};

    use super::Mirrored;

    fn tool(name: &str, headers: &[&str]) -> Tool {
        let annotation = |header: &&str| Annotation {
            header: (*header).into(),
            path: [Box::from("p")].into(),
            is_integer: false,
        };
        Tool {
            name: name.into(),
            annotations: headers.iter().map(annotation).collect(),
        }
    }

    fn known(mirrored: &Mirrored, name: &str) -> Option<usize> {
        mirrored.of(name).map(|annotations| annotations.len())
    }

    #[test]
    fn the_newest_word_on_a_tool_counts() {
        let mirrored = Mirrored::default();
        mirrored.learn(vec![tool("a", &["x"]), tool("b", &[])], 8);
        mirrored.learn(vec![tool("c", &["x", "y"])], 8);
        assert_eq!(
            ["a", "b", "c"].map(|name| known(&mirrored, name)),
            [Some(1), None, Some(2)]
        );
        mirrored.learn(vec![tool("a", &[]), tool("c", &["x"])], 8);
        assert_eq!(
            ["a", "b", "c"].map(|name| known(&mirrored, name)),
            [None, None, Some(1)]
        );
        mirrored.forget();
        assert_eq!(mirrored.len(), 0);
    }

    #[test]
    fn no_more_tools_are_remembered_than_allowed() {
        let mirrored = Mirrored::default();
        for round in 0..20 {
            let tools = (0..7)
                .map(|index| tool(&format!("{round}-{index}"), &["x"]))
                .collect();
            mirrored.learn(tools, 10);
            assert!(mirrored.len() <= 10, "round {round}: {}", mirrored.len());
            assert_eq!(
                known(&mirrored, &format!("{round}-6")),
                Some(1),
                "the newest are there"
            );
        }
        mirrored.learn(
            (0..99)
                .map(|index| tool(&index.to_string(), &["x"]))
                .collect(),
            10,
        );
        assert_eq!(mirrored.len(), 10);
    }
}
