//! Text from elsewhere, made fit to be shown to a person.

/// `text` on one line and at most `most` characters long: control characters and marks that
/// change the direction of writing are shown as escapes, what is cut off as `…`.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.trim().chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Characters that make text look other than it is: marks of direction, zero widths, and the
/// line and paragraph separators.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_stays_on_one_line_and_has_an_end() {
        assert_eq!(
            shown(" a\nb\u{202e}c\u{1b}[31m ", 100),
            "a\\nb\\u{202e}c\\u{1b}[31m"
        );
        assert_eq!(shown("octocat", 4), "octo…");
        assert_eq!(shown("octo", 4), "octo");
    }
}
