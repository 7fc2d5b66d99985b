//! Escapes untrusted text for GitHub's Markdown, so that it can't become a link, an image, a
//! mention, HTML, or a table column.

use crate::system::prose::{Part, Prose};
use crate::system::{secrets, text};

/// The maximum length of untrusted text. GitHub's names have at most 100 characters.
const MAX_TEXT_CHARS: usize = 400;

/// Escapes an untrusted name for Markdown, including tables, so that it can't become a link, an
/// image, a mention, HTML, or a column. Limits its length.
pub(crate) fn escape(text: &str) -> String {
    escape_whole(&text::shown(text, MAX_TEXT_CHARS))
}

/// The same as [`escape`], without a length limit.
pub(crate) fn escape_whole(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // GitHub turns mentions into links after it renders the Markdown, so the only way to
            // prevent that is to split the text. The same goes for plain URLs, below.
            '@' => escaped.push_str("@<!-- -->"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|'
            | '~' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_control() || text::is_invisible(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
        .replace("://", ":<!-- -->//")
        .replace("www.", "www<!-- -->.")
}

/// Formats a name as code, where Markdown has no effect and nothing becomes a link.
pub(crate) fn code(name: &str) -> String {
    // Tables and code treat a backslash before `|` differently.
    let shown = text::shown(name, MAX_TEXT_CHARS)
        .replace('`', "\\u{60}")
        .replace('|', "\\u{7c}");
    // Two backticks with nothing between them aren't code. They'd match two later backticks.
    if shown.is_empty() {
        return "` `".to_owned();
    }
    format!("`{shown}`")
}

/// Formats a web URL as a link, and anything else as text.
pub(crate) fn link_to(address: &str) -> String {
    if is_plain_url(address) {
        format!("<{address}>")
    } else {
        escape(address)
    }
}

/// Formats our own Markdown `text` as a link to a web URL. If the URL isn't one, only the text is
/// left.
pub(crate) fn link_with_text(text: &str, address: &str) -> String {
    if is_plain_url(address) {
        format!("[{text}]({address})")
    } else {
        text.to_owned()
    }
}

fn is_plain_url(address: &str) -> bool {
    (address.starts_with("https://") || address.starts_with("http://"))
        && address
            .chars()
            .all(|c| c.is_ascii_graphic() && !"<>()[]\"'`\\|".contains(c))
}

/// Formats a text for one entry of a list. Only our own words have code spans, and only a link to
/// the GitHub `server` is one. Lines become line breaks.
pub(crate) fn prose(text: &Prose, server: &str) -> String {
    let is_on_server = |address: &str| {
        let path = address.strip_prefix(server);
        !server.is_empty() && path.is_some_and(|path| path.starts_with('/'))
    };
    let mut out = String::new();
    for part in text.parts() {
        let (Part::Own(words) | Part::Foreign(words) | Part::Link(words)) = part;
        for (number, line) in secrets::redact(words).split('\n').enumerate() {
            let line = match number {
                0 => line,
                _ => {
                    out.push_str("<br>");
                    line.trim_start()
                }
            };
            match part {
                Part::Own(_) => out.push_str(&with_code(line)),
                Part::Link(_) if is_on_server(line) => out.push_str(&link_to(line)),
                Part::Link(_) | Part::Foreign(_) => out.push_str(&escape_whole(line)),
            }
        }
    }
    out
}

/// Escapes a line, except for the code between backticks.
fn with_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    // A backtick without another one isn't code.
    if parts.len().is_multiple_of(2) {
        return escape_whole(line);
    }
    let parts = parts.iter().enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => escape_whole(part),
        _ => code(part),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;
    use pulldown_cmark::{Event, Options, Parser};
    use std::fmt::Write as _;

    #[test]
    fn a_name_is_never_markup() {
        assert_eq!(code("a`b|c\n<i>"), "`a\\u{60}b\\u{7c}c\\n<i>`");
        for (name, never) in [
            ("[a](https://example.com)", "](h"),
            ("<img src=x>", "<img"),
            ("@octocat", "@octocat"),
            ("see https://example.com", "https://"),
            ("see www.example.com", "www."),
            ("a|b", "a|b"),
            ("a\nb", "\n"),
            ("`a`", " `a`"),
            ("\u{202e}a", "\u{202e}"),
        ] {
            let escaped = escape(&format!("x {name}"));
            assert!(!escaped.contains(never), "{escaped:?}");
        }
    }

    #[test]
    fn only_our_own_words_have_code_and_only_links_to_the_server_are_links() {
        let server = "https://github.com";
        let text = Prose::own("Check `token`.\n  Response: ")
            .and_foreign("see `x` at https://evil.example")
            .and("\n  Fix: Authorize it at ")
            .and_link("https://github.com/orgs/acme/sso?a=b");
        assert_eq!(
            prose(&text, server),
            "Check `token`.<br>Response: see \\`x\\` at https:<!-- -->//evil.example<br>Fix: Authorize it at <https://github.com/orgs/acme/sso?a=b>"
        );
        for elsewhere in ["https://github.com.evil.example/x", "https://evil.example/"] {
            let shown = prose(&Prose::default().and_link(elsewhere), server);
            assert!(shown.starts_with("https:<!-- -->//"), "{shown}");
        }
        assert_eq!(prose(&Prose::own("a ` b"), server), "a \\` b");
    }

    /// GitHub's extensions of plain Markdown.
    fn github() -> Options {
        Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn any_text_appears_on_the_page_unchanged_and_without_markup(text in arbitrary_text::text()) {
            let (mut title, mut item, mut cell) = (String::new(), String::new(), String::new());
            let _ = writeln!(title, "## {}", escape(&format!("x {text}")));
            let _ = writeln!(item, "- x {}", escape(&text));
            let _ = write!(cell, "| a | b |\n|---|---|\n| {} | x |\n", code(&text));
            let mut shown = Vec::new();
            for page in [&title, &item, &cell] {
                let mut text = String::new();
                for event in Parser::new_ext(page, github()) {
                    match event {
                        Event::Text(part) | Event::Code(part) => text.push_str(&part),
                        Event::Html(html) | Event::InlineHtml(html) => {
                            prop_assert!(matches!(&*html, "<!-- -->" | "<br>"), "{:?} in {:?}", html, page);
                        }
                        Event::Start(tag) => {
                            let ours = format!("{tag:?}");
                            let ours = ["Heading", "List", "Item", "Paragraph", "Table"]
                                .iter()
                                .any(|name| ours.starts_with(name));
                            prop_assert!(ours, "{:?} in {:?}", tag, page);
                        }
                        Event::End(_) => {}
                        other => prop_assert!(false, "{:?} in {:?}", other, page),
                    }
                }
                shown.push(text);
            }
            let expected = text::shown(&format!("x {text}"), MAX_TEXT_CHARS);
            let title = shown[0].replace(' ', "");
            prop_assert_eq!(title, expected.replace(' ', ""));
            let rows = cell.lines().nth(2).unwrap_or_default().matches('|').count();
            prop_assert_eq!(rows, 3, "{:?}", cell);
        }

        #[test]
        fn a_link_leads_where_it_says_or_is_omitted(text in arbitrary_text::text()) {
            for address in [text.clone(), format!("https://{text}"), format!("https://a/{text}")] {
                let page = link_to(&address);
                for event in Parser::new_ext(&page, github()) {
                    if let Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) = event {
                        prop_assert_eq!(&*dest_url, address.as_str());
                        prop_assert!(dest_url.starts_with("https://") || dest_url.starts_with("http://"));
                    }
                }
            }
        }
    }
}
