//! Escapes untrusted text for GitHub's Markdown, so that it can't become a link, an image, a
//! mention, HTML, or a table column.

use crate::system::text;

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
    let safe = (address.starts_with("https://") || address.starts_with("http://"))
        && address
            .chars()
            .all(|c| c.is_ascii_graphic() && !"<>()[]\"'`\\|".contains(c));
    if safe {
        format!("<{address}>")
    } else {
        escape(address)
    }
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
