//! Docs, messages, and comments are in plain English, as in GitHub's own docs.
//!
//! `CONTRIBUTING.md` lists the terms. These tests find some of what to avoid.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};
use regex::{Regex, RegexSet};

/// What to avoid, and what to write instead.
const PATTERNS: [(&str, &str); 22] = [
    (
        r"(?i)\bwhere (it (is|was|has|had)|there|no|nothing|nobody|none|somebody|that is|this is)\b",
        "`if` or `when` for a condition; `where` is for places",
    ),
    (r"(?i)\b(whoever|whichever)\b", "`you`, `anyone who`, `any`"),
    (
        r"(?i)\b(somebody|everybody)\b",
        "`someone`, `everyone`, `people`",
    ),
    (r"(?i)\banew\b", "`again`"),
    (r"(?i)\bbesides\b", "`also`, `in addition to`"),
    (r"(?i)\bmeanwhile\b", "`in the meantime`, or nothing"),
    (r"(?i)\ball the same\b", "`anyway`"),
    (r"(?i)\bfor ever\b", "`forever`, `always`"),
    (
        r"(?i)\b(is|are) told\b|\btold (in|of|by|as|about)\b",
        "`shown`, `logged`, `reported`",
    ),
    (
        r"(?i)\btells (of|what|who|whether|that)\b",
        "`says`, `shows`, `lists`",
    ),
    (
        r"(?i)\bstands (in|for|on|at|there|beside|between)\b",
        "`is in`, `is described in`",
    ),
    (
        r"(?i)\bheld against\b|\bholds? [^.]{0,40} against\b",
        "`checked against`",
    ),
    (
        r"(?i)\bof (its|your|their|our) own\b",
        "`its own …`, `your own …`",
    ),
    (
        r"(?i)\b(is|are) no (folder|file|number|address|proxy|key|token|name|failure|limit|report|list|more|part)\b",
        "`isn't a …`",
    ),
    (r"(?i)\bbegun\b", "`started`, `created`"),
    (r"(?i)\bmend(ed|s|ing)?\b", "`fix`"),
    (r"(?i)\bpassed over\b", "`skipped`"),
    (r"(?i)\bgo(es)? on (from|with|to)\b", "`continue`"),
    (r"(?i)\bby hand\b", "`from the command line`, `manually`"),
    (r"(?i)\bnot any more\b", "`no longer`"),
    (r"(?i)\bmay not\b", "`can't`, `might not`"),
    (r"\d %", "`66%`"),
];

/// Finds the patterns in `text`, and adds each with its location.
fn findings(place: &str, text: &str, found: &mut Vec<String>) {
    // Compiled once, because there are thousands of texts.
    static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let compile = |(pattern, instead)| (Regex::new(pattern).unwrap(), instead);
        PATTERNS.map(compile).into()
    });
    static ANY: LazyLock<RegexSet> =
        LazyLock::new(|| RegexSet::new(PATTERNS.map(|(pattern, _)| pattern)).unwrap());
    if !ANY.is_match(text) {
        return;
    }
    for (pattern, instead) in &*COMPILED {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(hit) = pattern.find(line) {
                let hit = hit.as_str();
                found.push(format!(
                    "{place}:{number}: `{hit}`. Write {instead}.\n    {line}"
                ));
            }
        }
    }
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn literals(tokens: TokenStream, place: &str, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literals(group.stream(), place, found),
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                findings(&format!("{place}:{line}+"), &literal.to_string(), found);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[test]
fn contributing_names_files_that_exist() {
    let text = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let mut count = 0;
    for name in text.split('`').skip(1).step_by(2) {
        if name.ends_with(".rs") && !name.contains(' ') {
            let path = Path::new(name);
            assert!(
                path.exists() || Path::new("src").join(path).exists(),
                "{name}"
            );
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn docs_are_in_plain_english() {
    let mut found = Vec::new();
    let pages = files_below(Path::new("docs"), "md");
    let forms = files_below(Path::new(".github/ISSUE_TEMPLATE"), "yml");
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "action.yml",
    ];
    let others = others.map(PathBuf::from);
    for page in pages.iter().chain(&forms).chain(&others) {
        let text = fs::read_to_string(page).unwrap();
        // The list of terms in `CONTRIBUTING.md` has the terms to avoid.
        let text = text.replace(terms(&text), "");
        findings(&page.display().to_string(), &text, &mut found);
    }
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// The section with the list of terms, if the page has one.
fn terms(text: &str) -> &str {
    let Some((_, terms)) = text.split_once("### Terms\n") else {
        return "\0";
    };
    terms.split("\n#").next().unwrap_or_default()
}

#[test]
fn messages_and_comments_are_in_plain_english() {
    let mut found = Vec::new();
    let is_test = |file: &Path| {
        let name = file.file_stem().and_then(|name| name.to_str());
        ["tests", "properties", "proptests"].contains(&name.unwrap())
    };
    for file in files_below(Path::new("src"), "rs") {
        if is_test(&file) {
            continue;
        }
        let place = file.display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        // To the compiler, doc comments are literals too.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        literals(text.parse().unwrap(), &place, &mut found);
        let comments = text
            .lines()
            .map(|line| line.split_once("// ").map_or("", |(_, c)| c));
        findings(&place, &comments.collect::<Vec<_>>().join("\n"), &mut found);
    }
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn comments_of_tests_and_tools_are_in_plain_english() {
    let mut found = Vec::new();
    let folders = ["tests", "simulator", "examples", "benchmarks"];
    let sources = folders.map(|folder| files_below(Path::new(folder), "rs"));
    for file in sources.concat() {
        let text = fs::read_to_string(&file).unwrap();
        // Empty lines keep the line numbers.
        let comments = text.lines().map(str::trim_start);
        let comments = comments.map(|line| {
            Some(line)
                .filter(|line| line.starts_with("//"))
                .unwrap_or("")
        });
        let comments = comments.collect::<Vec<_>>().join("\n");
        findings(&file.display().to_string(), &comments, &mut found);
    }
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}
