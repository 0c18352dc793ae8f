//! Every link inside the built book leads somewhere, anchors included; and nothing in it is fetched from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::html_folder;

/// What a page asks for and what it offers.
#[derive(Default)]
struct Page {
    ids: BTreeSet<String>,
    links: Vec<String>,
    /// What a browser would fetch by itself.
    fetched: Vec<String>,
}

/// Everything that leads nowhere, or away.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let root = html_folder();
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let mut pages: BTreeMap<PathBuf, Page> = BTreeMap::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|each| each == "html"))
    {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        pages.insert(file.clone(), read(&text));
    }
    let all: BTreeSet<&PathBuf> = files.iter().collect();
    let mut wrong = Vec::new();
    for (file, page) in &pages {
        let name = file
            .strip_prefix(&root)
            .unwrap_or(file)
            .display()
            .to_string();
        for link in &page.links {
            if let Some(why) = leads_nowhere(&root, file, link, &all, &pages) {
                wrong.push(format!("{name}: {link}: {why}"));
            }
        }
        let foreign = page.fetched.iter().filter(|link| is_elsewhere(link));
        wrong.extend(foreign.map(|link| format!("{name}: {link} would be fetched from elsewhere")));
    }
    anstream::println!(
        "{} pages, {} links",
        pages.len(),
        pages.values().map(|page| page.links.len()).sum::<usize>()
    );
    Ok(wrong)
}

fn is_elsewhere(link: &str) -> bool {
    link.starts_with("//") || link.contains("://") || link.starts_with("mailto:")
}

fn leads_nowhere(
    root: &Path,
    from: &Path,
    link: &str,
    files: &BTreeSet<&PathBuf>,
    pages: &BTreeMap<PathBuf, Page>,
) -> Option<String> {
    if is_elsewhere(link) || link.starts_with("javascript:") || link.starts_with("data:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        from.to_owned()
    } else {
        let folder = if path.starts_with('/') {
            root
        } else {
            from.parent()?
        };
        normal(&folder.join(path.trim_start_matches('/')))
    };
    let target = if target.is_dir() {
        target.join("index.html")
    } else {
        target
    };
    if !files.contains(&target) {
        return Some("no such page".to_owned());
    }
    let page = pages.get(&target)?;
    (!anchor.is_empty() && !page.ids.contains(anchor)).then(|| "no such heading".to_owned())
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads attributes of tags: mdBook escapes `<` in text, so that what looks like a tag is one.
fn read(html: &str) -> Page {
    let mut page = Page::default();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let name = tag.split_whitespace().next().unwrap_or_default();
        let value = |key: &str| {
            let (_, rest) = tag.split_once(&format!(" {key}=\""))?;
            Some(
                rest.split('"')
                    .next()
                    .unwrap_or_default()
                    .replace("&amp;", "&"),
            )
        };
        page.ids.extend(value("id"));
        match name {
            "a" => page.links.extend(value("href")),
            "link" | "script" | "img" | "iframe" | "source" => {
                for link in [value("href"), value("src")].into_iter().flatten() {
                    page.links.push(link.clone());
                    page.fetched.push(link);
                }
            }
            _ => {}
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read() {
        let page = read(
            "<h2 id=\"a\"><a href=\"b.html#c\">x</a></h2><script src=\"//x/y.js\"></script>&lt;a href=\"no\"&gt;",
        );
        assert!(page.ids.contains("a"));
        assert_eq!(page.links, ["b.html#c", "//x/y.js"]);
        assert!(page.fetched.iter().any(|link| is_elsewhere(link)));
    }

    #[test]
    fn dots_are_walked() {
        assert_eq!(normal(Path::new("a/b/../c/./d")), Path::new("a/c/d"));
    }
}
