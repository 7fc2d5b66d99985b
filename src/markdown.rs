//! Text from elsewhere as text in Markdown that GitHub shows: no link, no image, no mention, no
//! HTML, no column of a table.

use crate::text;

/// The longest text from elsewhere that is shown whole. GitHub's names have at most 100
/// characters.
const LONGEST_TEXT: usize = 400;

/// A name from elsewhere as text in Markdown, in a table too: no link, no image, no mention, no
/// HTML, no column, and of bounded length.
#[must_use]
pub fn escape(text: &str) -> String {
    escape_whole(&text::shown(text, LONGEST_TEXT))
}

/// As [`escape`], whatever its length.
#[must_use]
pub fn escape_whole(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A mention becomes a link after the Markdown is rendered, so only a break in the
            // text keeps it from that; likewise bare addresses, below.
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

/// A name as code, where Markdown means nothing and no link is made.
#[must_use]
pub fn code(name: &str) -> String {
    let shown = text::shown(name, LONGEST_TEXT)
        .replace('`', "\\u{60}")
        .replace('|', "\\|");
    format!("`{shown}`")
}

/// A web address as a link; anything else as text.
#[must_use]
pub fn link_to(address: &str) -> String {
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
    use super::*;

    #[test]
    fn a_name_is_never_markup() {
        assert_eq!(code("a`b|c\n<i>"), "`a\\u{60}b\\|c\\n<i>`");
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
}
