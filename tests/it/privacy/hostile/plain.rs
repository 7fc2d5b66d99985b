//! Checks that hostile texts stay plain text in everything that a run leaves.

use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use simulator::Simulator;

use crate::support::{OUTPUTS, OWN, Step, assert_intact, file, files_below, git, unzip};

/// Checks each output, summary link, and path of a run. `Job::run` has already checked the log.
pub fn assert_only_text(simulator: &Simulator, step: &Step) {
    assert!(matches!(step.status, 0 | 1), "{}", step.printed());
    for (name, value) in &step.outputs {
        assert!(OUTPUTS.contains(&name.as_str()), "{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:".contains(c);
        assert!(value.chars().all(plain), "{name}: {value:?}");
        assert!(value.len() < 300, "{name}");
        let is_address = value.is_empty() || value.starts_with(&simulator.server_url());
        assert!(!name.ends_with("-url") || is_address, "{name}: {value}");
    }
    assert_plain_page(simulator, &step.summary);
    for text in step.stdout.lines().chain(step.stderr.lines()) {
        let shown = |c: char| !c.is_control() && !copilot_activity_report::testing::is_invisible(c);
        assert!(text.chars().all(shown), "{text:?}");
        assert!(text.len() < 20_000, "{} bytes in one line", text.len());
    }
    let names: BTreeSet<String> = files_below(&step.workspace)
        .iter()
        .map(|path| {
            path.strip_prefix(&step.workspace)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for name in &names {
        let (folder, file) = name.split_once('/').unwrap();
        assert_eq!(folder, "copilot-activity-report");
        is_our_name(file);
    }
    for artifact in simulator.artifacts() {
        unzip(&artifact.bytes)
            .keys()
            .for_each(|name| is_our_name(name));
    }
    let tree = git(
        &simulator.git_dir(OWN),
        &["ls-tree", "-r", "-z", "--name-only", "main"],
    );
    for path in tree.split_terminator('\0') {
        let ours = path == "README.md"
            || path.strip_prefix("copilot-activity/").is_some_and(|path| {
                let (scope, file) = path.split_once('/').unwrap();
                matches!(scope, "acme" | "octocorp") && is_our_file(file) && !file.contains("..")
            });
        assert!(ours, "{path}");
        let shown = path.ends_with(".svg") || (path.ends_with(".md") && path != "README.md");
        if shown {
            let page = file(&simulator.git_dir(OWN), &format!("main:{path}"));
            assert_plain_file(std::str::from_utf8(&page).unwrap());
        }
    }
    assert_intact(simulator, OWN);
}

/// Whether a scope's folder has a file with this name.
fn is_our_file(path: &str) -> bool {
    let files = [
        ".gitattributes",
        "README.md",
        "latest.csv",
        "people.csv",
        "seats.csv",
        "totals.csv",
        "trend-dark.svg",
        "trend-light.svg",
    ];
    let folders = ["changes/20", "reports/20"];
    files.contains(&path) || folders.iter().any(|folder| path.starts_with(folder))
}

fn is_our_name(name: &str) {
    let (scope, rest) = name.split_once("-seat-activity-").unwrap();
    assert!(matches!(scope, "acme" | "octocorp"), "{name}");
    let time = rest
        .trim_end_matches(".csv")
        .trim_end_matches(".manifest.json");
    assert!(time.parse::<u64>().is_ok(), "{name}");
}

/// Checks that a Markdown page has no images, no HTML, and only the action's own links. Text that
/// GitHub would turn into a link after rendering must be broken up.
pub fn assert_plain_page(simulator: &Simulator, page: &str) {
    // GitHub's extensions of Markdown.
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    let mut text = String::new();
    let mut in_chart = false;
    for event in Parser::new_ext(page, options) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) if &*kind == "mermaid" => {
                in_chart = true;
            }
            Event::End(TagEnd::CodeBlock) => in_chart = false,
            Event::Text(part) if in_chart => assert_plain_chart(&part),
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with(&simulator.server_url()), "{dest_url}");
            }
            Event::Start(
                tag @ (Tag::Image { .. } | Tag::CodeBlock(_) | Tag::FootnoteDefinition(_)),
            ) => panic!("{tag:?} in {page}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                let ours = matches!(
                    html.trim_end(),
                    "<!-- -->"
                        | "<br>"
                        | "<details><summary>Delivery</summary>"
                        | "<details><summary>Longest idle</summary>"
                        | "</details>"
                );
                assert!(ours, "{html:?} in {page}");
                text.push_str(&html);
            }
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {
                panic!("{event:?} in {page}");
            }
            Event::Text(part) => text.push_str(&part),
            // GitHub doesn't interpret text in code.
            Event::Code(_) => text.push(' '),
            _ => {}
        }
    }
    for hostile in ["@octocat", "@acme", "www.evil", "https://evil"] {
        assert!(!text.contains(hostile), "{hostile} in {text}");
    }
}

/// Checks that a chart contains only our own words, figures, and harmless names.
fn assert_plain_chart(part: &str) {
    for line in part
        .lines()
        .filter(|line| !line.starts_with("%%{init: {\"xyChart\""))
    {
        let plain = |c: char| c.is_ascii_alphanumeric() || " ._-?\":,[]>".contains(c);
        assert!(line.chars().all(plain), "{line}");
        let names = line.matches('"').count();
        assert!(names.is_multiple_of(2), "{line}");
        assert!(!line.trim_start().starts_with("click"), "{line}");
    }
}

/// Checks that a page in the repository shows nothing external and links only to its neighbors.
/// Names must be between backticks.
fn assert_plain_file(page: &str) {
    let mut text = String::new();
    for event in Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                text.push_str(&dest_url);
            }
            Event::Html(html) | Event::InlineHtml(html) => text.push_str(&html),
            Event::Text(part) => text.push_str(&part),
            _ => {}
        }
    }
    for foreign in [
        "evil", "script", "onerror", "@octocat", "@acme", "..", "/etc/",
    ] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
}
