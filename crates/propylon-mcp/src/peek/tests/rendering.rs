//! Messages for the property tests, and every way to write them down.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

#[derive(Clone, Debug)]
pub(super) enum Tree {
    Bare(String),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The same tree with the first of each name only.
    pub(super) fn without_repetitions(self) -> Self {
        match self {
            Self::Object(members) => {
                let mut kept: Vec<(String, Self)> = Vec::new();
                for (name, value) in members {
                    if kept.iter().all(|(known, _)| *known != name) {
                        kept.push((name, value.without_repetitions()));
                    }
                }
                Self::Object(kept)
            }
            Self::List(values) => {
                Self::List(values.into_iter().map(Self::without_repetitions).collect())
            }
            other => other,
        }
    }

    /// Writes the tree with white space and escapes chosen by `seed`.
    pub(super) fn render(&self, seed: u64) -> String {
        let mut rendering = Rendering {
            text: String::new(),
            state: seed,
        };
        rendering.value(self);
        rendering.text
    }
}

struct Rendering {
    text: String,
    state: u64,
}

impl Rendering {
    /// SplitMix64.
    fn draw(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    fn space(&mut self) {
        for _ in 0..self.draw(8).saturating_sub(5) {
            let space = [' ', '\n', '\r', '\t'][self.draw(4) as usize];
            self.text.push(space);
        }
    }

    fn value(&mut self, tree: &Tree) {
        match tree {
            Tree::Bare(text) => self.text.push_str(text),
            Tree::Text(text) => self.string(text),
            Tree::List(values) => {
                self.text.push('[');
                self.space();
                for (index, value) in values.iter().enumerate() {
                    self.comma(index);
                    self.value(value);
                    self.space();
                }
                self.text.push(']');
            }
            Tree::Object(members) => {
                self.text.push('{');
                self.space();
                for (index, (name, value)) in members.iter().enumerate() {
                    self.comma(index);
                    self.string(name);
                    self.space();
                    self.text.push(':');
                    self.space();
                    self.value(value);
                    self.space();
                }
                self.text.push('}');
            }
        }
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push(',');
            self.space();
        }
    }

    fn string(&mut self, value: &str) {
        self.text.push('"');
        for character in value.chars() {
            match (character, self.draw(6)) {
                ('"' | '\\', 1..) => self.text.extend(['\\', character]),
                ('/', 1) => self.text.push_str("\\/"),
                ('\n', 1..) => self.text.push_str("\\n"),
                ('\u{8}', 1..) => self.text.push_str("\\b"),
                (_, 1..) if character >= ' ' => self.text.push(character),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        self.text.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        self.text.push('"');
    }
}

/// Objects that have the members of JSON-RPC messages more often than not, in any order, some of them twice.
pub(super) fn message() -> impl Strategy<Value = Tree> {
    let method = prop_oneof![
        4 => select(vec!["tools/call", "initialize", "resources/read"]).prop_map(|name| Tree::Text(name.to_owned())),
        1 => any_tree(),
    ];
    let member = prop_oneof![
        3 => method.prop_map(|value| ("method".to_owned(), value)),
        3 => scalar().prop_map(|value| ("id".to_owned(), value)),
        3 => params().prop_map(|value| ("params".to_owned(), value)),
        1 => any_tree().prop_map(|value| ("params".to_owned(), value)),
        2 => (name(), any_tree()),
    ];
    vec(member, 0..7).prop_map(Tree::Object)
}

fn params() -> impl Strategy<Value = Tree> {
    let version = text().prop_map(|version| {
        Tree::Object(vec![(
            "io.modelcontextprotocol/protocolVersion".to_owned(),
            Tree::Text(version),
        )])
    });
    let member = prop_oneof![
        2 => (select(vec!["name", "uri", "taskId", "protocolVersion"]), text())
            .prop_map(|(name, value)| (name.to_owned(), Tree::Text(value))),
        1 => version.prop_map(|value| ("_meta".to_owned(), value)),
        1 => vec((name(), any_tree()), 0..5).prop_map(|members| ("arguments".to_owned(), Tree::Object(members))),
        2 => (name(), any_tree()),
    ];
    vec(member, 0..7).prop_map(Tree::Object)
}

fn any_tree() -> impl Strategy<Value = Tree> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Tree::List),
            vec((name(), inner), 0..4).prop_map(Tree::Object),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (-1e9..1e9f64).prop_map(|number| format!("{number:e}")),
        select(vec![
            "-0",
            "0.50E-3",
            "1e+5",
            "123456789012345678901234567890"
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        3 => text().prop_map(Tree::Text),
        3 => number.prop_map(Tree::Bare),
        1 => select(vec!["true", "false", "null"]).prop_map(|word| Tree::Bare(word.to_owned())),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let known = select(vec![
        "jsonrpc",
        "method",
        "id",
        "params",
        "result",
        "error",
        "name",
        "uri",
        "taskId",
        "_meta",
        "arguments",
        "protocolVersion",
        "io.modelcontextprotocol/protocolVersion",
    ]);
    prop_oneof![2 => known.prop_map(str::to_owned), 1 => vec(any::<char>(), 0..5).prop_map(String::from_iter)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(any::<char>(), 0..16).prop_map(String::from_iter),
        "[a-z/]{0,20}",
        Just("a \"quoted\" text \\ of more than twenty-four bytes\n".to_owned()),
    ]
}
