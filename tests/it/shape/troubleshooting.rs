//! `docs/troubleshooting.md` quotes messages that can be printed: by the action, or by GitHub in a
//! response that the action shows.
//!
//! On the page, `…` matches anything, as `{}` does in the code.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use http::StatusCode;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use regex::Regex;

const PAGE: &str = "docs/troubleshooting.md";

/// The section with messages of the runner and of GitHub's pages, which nothing here prints.
const OF_THE_RUNNER: &str = "The workflow doesn't start";

/// The messages that something can print, with `…` for what varies.
struct Printable {
    /// The texts in the code of the action.
    own: Vec<String>,
    /// The texts that GitHub responds with, according to the simulator.
    by_github: Vec<String>,
}

impl Printable {
    fn read() -> Self {
        Self {
            own: texts_below(Path::new("src")),
            by_github: texts_below(Path::new("simulator/src")),
        }
    }

    /// Whether one text has all pieces of the message, in this order, or several texts have one
    /// each. In the second case, the action must print at least one of them.
    fn has(&self, message: &str) -> bool {
        let pieces: Vec<&str> = message
            .split('…')
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
            .collect();
        let in_one = self.own.iter().any(|text| has_in_order(text, &pieces));
        let own = |piece: &&str| {
            // A shorter piece is in some text by chance.
            let is_telling = piece.split(' ').count() >= 3;
            self.has_problem(piece) || (is_telling && has_one(&self.own, piece))
        };
        let in_several = pieces.iter().any(own)
            && pieces
                .iter()
                .all(|piece| own(piece) || is_status(piece) || has_one(&self.by_github, piece));
        !pieces.is_empty() && (in_one || in_several)
    }

    /// Whether a piece is an input or a variable, and the beginning of what's wrong with it.
    fn has_problem(&self, piece: &str) -> bool {
        let Some((name, problem)) = piece.split_once(": ") else {
            return false;
        };
        self.own.iter().any(|text| text == name)
            && self.own.iter().any(|text| text.starts_with(problem))
    }
}

fn has_one(texts: &[String], piece: &str) -> bool {
    texts.iter().any(|text| text.contains(piece))
}

fn has_in_order(text: &str, pieces: &[&str]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| {
        let found = rest.split_once(piece);
        rest = found.map_or(rest, |(_, after)| after);
        found.is_some()
    })
}

/// Whether a piece is a status as a response has it, such as `404 Not Found`.
fn is_status(piece: &str) -> bool {
    let status = piece.split_once(' ').and_then(|(code, reason)| {
        let status: StatusCode = code.parse().ok()?;
        Some(status.canonical_reason()? == reason)
    });
    status == Some(true)
}

/// The texts in all files of the folder, without those of their tests.
fn texts_below(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().and_then(|name| name.to_str()).unwrap();
        if ["tests", "properties", "proptests"].contains(&stem) {
            continue;
        }
        if path.is_dir() {
            texts.extend(texts_below(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
            literals(code.parse().unwrap(), &mut texts);
        }
    }
    texts
}

/// All string literals, without the documentation, which is one to the compiler.
fn literals(tokens: TokenStream, texts: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if !is_documentation(&group) => {
                literals(group.stream(), texts);
            }
            TokenTree::Literal(literal) => texts.extend(text_of(&literal.to_string())),
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn is_documentation(group: &proc_macro2::Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(name)) if name == "doc")
}

/// The text of a string literal as it's printed, with `…` for each placeholder.
fn text_of(literal: &str) -> Option<String> {
    static CONTINUED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\\n\s*").unwrap());
    static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[^{}]*\}").unwrap());
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let text = CONTINUED.replace_all(text, "");
    let text = text.replace("\\n", "\n").replace("\\\"", "\"");
    Some(PLACEHOLDER.replace_all(&text, "…").into_owned())
}

/// The rows of the page's tables as a section and the messages in the first cell.
fn rows(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut section = "";
    let mut rows = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        } else if let Some(row) = line.strip_prefix("| ")
            && !row.starts_with("Message |")
            && !row.starts_with("---")
        {
            let cell = row.split(" | ").next().unwrap();
            rows.push((section, cell.split('`').skip(1).step_by(2).collect()));
        }
    }
    rows
}

#[test]
fn the_troubleshooting_page_quotes_messages_that_can_be_printed() {
    let page = fs::read_to_string(PAGE).unwrap();
    let rows = rows(&page);
    assert!(
        rows.iter().any(|(section, _)| *section == OF_THE_RUNNER),
        "{PAGE} has no section {OF_THE_RUNNER:?}"
    );
    let printable = Printable::read();
    let own = rows.iter().filter(|(section, _)| *section != OF_THE_RUNNER);
    let mut messages = 0;
    let mut unknown: Vec<&&str> = Vec::new();
    for (section, quoted) in own.clone() {
        assert!(!quoted.is_empty(), "{section}: a row quotes no message");
        messages += quoted.len();
        unknown.extend(quoted.iter().filter(|message| !printable.has(message)));
    }
    assert!(
        unknown.is_empty(),
        "Nothing prints these messages of {PAGE}:\n{unknown:#?}"
    );
    assert!(messages >= own.count() && messages > 60, "{messages}");
}

#[test]
fn a_message_that_nothing_prints_is_noticed() {
    let printable = Printable::read();
    for message in [
        "The report of … couldn't be verified as complete",
        "Reading the Copilot seats … 404 Not Found",
        "Reading the Copilot seats … 401 Unauthorized … Bad credentials",
        "token: isn't set",
    ] {
        assert!(printable.has(message), "{message}");
    }
    for message in [
        "…",
        "The report of … couldn't be verified as blue",
        "Reading the Copilot seats … 404 Found",
        "… 401 Unauthorized … Bad credentials",
        "token: isn't blue",
        "blue: isn't set",
    ] {
        assert!(!printable.has(message), "{message}");
    }
}
