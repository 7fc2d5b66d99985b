//! Reads the page that `format: html` writes.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Step;

/// A page.
pub struct Page {
    pub html: String,
}

impl Page {
    /// The only page of a step.
    pub fn of(step: &Step) -> Self {
        let paths = step.output("report-path").lines();
        let pages: Vec<&str> = paths.filter(|path| path.ends_with(".html")).collect();
        let [path] = pages[..] else {
            panic!("{pages:?} in {}", step.printed())
        };
        Self {
            html: fs::read_to_string(step.workspace.join(path)).unwrap(),
        }
    }

    /// The text between these two, which the page has once.
    pub fn between(&self, before: &str, after: &str) -> &str {
        let parts: Vec<&str> = self.html.split(before).collect();
        let [_, part] = parts[..] else {
            panic!("{} times {before:?}", parts.len() - 1)
        };
        part.split(after).next().unwrap()
    }

    /// The data for the script.
    pub fn data(&self) -> Value {
        let data = self.between(
            "<script id=\"data\" type=\"application/json\">",
            "</script>",
        );
        serde_json::from_str(data).unwrap()
    }

    /// Checks that the policy allows this page's own script and style, and nothing else.
    pub fn is_closed(&self) -> &Self {
        let hash = |text: &str| format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)));
        let script = match self.html.contains("<script>") {
            true => self.between("<script>", "</script>"),
            false => include_str!("../../../templates/report.js"),
        };
        let style = self.between("<style>", "</style>");
        let policy = self.between("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
        let expected = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
            hash(script),
            hash(style)
        );
        assert_eq!(policy, expected);
        for part in [
            "src=", "style=", "onclick", "@import", "<iframe", "<link", "<base",
        ] {
            assert!(!self.html.contains(part), "{part}");
        }
        self
    }

    pub fn has(&self, text: &str) -> &Self {
        assert!(
            self.html.contains(text),
            "{text:?} isn't in {}",
            self.text()
        );
        self
    }

    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{text:?} is in {}", self.text());
        self
    }

    /// The part that people read.
    fn text(&self) -> &str {
        self.html
            .split("<body>")
            .nth(1)
            .unwrap_or_default()
            .split("<script")
            .next()
            .unwrap_or_default()
    }
}
