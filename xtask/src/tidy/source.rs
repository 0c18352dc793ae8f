//! A Rust file as tokens with their lines, and which of its lines are tests.

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::tree::TextFile;

/// What a Rust file says; comments are not in it, and a literal is one token.
pub(super) struct Source {
    pub(super) tokens: Vec<Token>,
    pub(super) functions: Vec<Function>,
    /// The file is compiled only for tests, or is a tool that ships to nobody.
    pub(super) all_tests: bool,
    tests: Vec<RangeInclusive<usize>>,
    /// Modules in files of their own that only tests see.
    test_modules: Vec<String>,
}

/// One word of the source.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// A function's name and the lines it takes, from its signature to its closing brace.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) length: usize,
}

/// Folders whose crates no user runs.
const TOOLS: &[&str] = &["crates/propylon-testkit/", "xtask/", "bench/"];

impl Source {
    /// Nothing when the text is not Rust; the compiler says that better.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let file = syn::parse_file(text).ok()?;
        let mut found = Found::default();
        found.visit_file(&file);
        let mut tokens = Vec::new();
        flatten(text.parse().ok()?, &mut tokens);
        let Found {
            functions,
            tests,
            test_modules,
        } = found;
        Some(Self {
            tokens,
            functions,
            all_tests: false,
            tests,
            test_modules,
        })
    }

    /// Whether what stands on this line reaches a user.
    pub(super) fn ships(&self, line: usize) -> bool {
        !self.all_tests && !self.tests.iter().any(|lines| lines.contains(&line))
    }
}

/// Finds out which files are tests as a whole: by their place, or by how their parent declares them.
pub(super) fn mark_tests(files: &mut [TextFile]) {
    let mut below: Vec<String> = TOOLS.iter().map(|folder| (*folder).to_owned()).collect();
    for file in files.iter() {
        let folder = module_folder(&file.path);
        for module in file.source.iter().flat_map(|source| &source.test_modules) {
            below.push(format!("{folder}/{module}.rs"));
            below.push(format!("{folder}/{module}/"));
        }
    }
    for file in files {
        let by_place = file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
        let declared = below.iter().any(|prefix| file.path.starts_with(prefix));
        if let Some(source) = &mut file.source {
            source.all_tests = by_place || declared;
        }
    }
}

/// The folder in which a file's own modules are.
fn module_folder(path: &str) -> &str {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    match path.rsplit('/').next() {
        Some("lib.rs" | "main.rs" | "mod.rs") => folder,
        _ => path.trim_end_matches(".rs"),
    }
}

fn flatten(stream: TokenStream, into: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let end = group.span_close().start().line;
                into.push(Token {
                    text: open.to_owned(),
                    line,
                });
                flatten(group.stream(), into);
                into.push(Token {
                    text: close.to_owned(),
                    line: end,
                });
            }
            other => into.push(Token {
                text: other.to_string(),
                line,
            }),
        }
    }
}

#[derive(Default)]
struct Found {
    functions: Vec<Function>,
    tests: Vec<RangeInclusive<usize>>,
    test_modules: Vec<String>,
}

impl Found {
    fn function(&mut self, signature: &syn::Signature, whole: &impl syn::spanned::Spanned) {
        let line = signature.span().start().line;
        let length = whole.span().end().line.saturating_sub(line) + 1;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line,
            length,
        });
    }

    fn note_tests(&mut self, attributes: &[syn::Attribute], whole: &impl syn::spanned::Spanned) {
        if attributes.iter().any(is_test) {
            self.tests
                .push(whole.span().start().line..=whole.span().end().line);
        }
    }
}

/// `#[cfg(test)]`, `#[test]`, `#[tokio::test]`.
fn is_test(attribute: &syn::Attribute) -> bool {
    let path = attribute.path();
    if path.is_ident("cfg") {
        return attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|word| word.is_ident("test"));
    }
    path.segments
        .last()
        .is_some_and(|segment| segment.ident == "test")
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note_tests(&item.attrs, item);
        self.function(&item.sig, item);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_tests(&item.attrs, item);
        self.function(&item.sig, item);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig, item);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note_tests(&item.attrs, item);
        if item.content.is_none() && item.attrs.iter().any(is_test) {
            self.test_modules.push(item.ident.to_string());
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.note_tests(&item.attrs, item);
        visit::visit_item_impl(self, item);
    }
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    #[test]
    fn lines_of_tests_do_not_ship() {
        let text = "//! x\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let tree = tree(&[("crates/x/src/lib.rs", text)]);
        let source = tree.files[0].source.as_ref().expect("it parses");
        let ships: Vec<bool> = (1..=7).map(|line| source.ships(line)).collect();
        assert_eq!(ships, [true, true, false, false, false, false, true]);
    }

    #[test]
    fn files_that_only_tests_see_do_not_ship() {
        let cases = [
            ("crates/x/src/a.rs", true),
            ("crates/x/src/doubles.rs", false),
            ("crates/x/src/doubles/clock.rs", false),
            ("crates/x/src/a/tests.rs", false),
            ("crates/x/tests/it/main.rs", false),
            ("crates/propylon-testkit/src/lib.rs", false),
            ("xtask/src/main.rs", false),
        ];
        let parent = (
            "crates/x/src/lib.rs",
            "//! x\nmod a;\n#[cfg(test)]\nmod doubles;\n",
        );
        let rest = cases.map(|(path, _)| (path, "//! y\n"));
        let tree = tree(&[&[parent], &rest[..]].concat());
        for (path, expected) in cases {
            let source = tree.file(path).and_then(|file| file.source.as_ref());
            assert_eq!(source.expect("it parses").ships(1), expected, "{path}");
        }
    }
}
