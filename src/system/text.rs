//! Makes untrusted text safe to show, and formats numbers.

use crate::system::secrets;

/// Returns `text` on one line, truncated to `most` characters. Control and invisible characters,
/// including those that change the text direction, are escaped. Truncated text ends with `…`, and
/// this run's secrets are replaced by `***`.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, c) in secrets::redact(text).trim().chars().enumerate() {
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

/// Whether a character can make text look different from what it is. These are direction marks,
/// line and paragraph separators, and the characters that Unicode lets programs hide
/// (`Default_Ignorable_Code_Point`, annotation marks, and tags). Culture-sensitive string
/// comparison ignores most of them.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Lists the first `most` of these names, such as `acme, globex, and 3 more`.
pub(crate) fn listed(names: &[&str], most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let first = names.iter().take(most).copied().collect::<Vec<_>>();
    match more {
        0 => first.join(", "),
        more => format!("{}, and {more} more", first.join(", ")),
    }
}

/// A number with commas between its thousands, such as `20,126`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns whether a text is a hash with this many digits, in lowercase hexadecimal.
pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == digits && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn external_text_stays_on_one_line_and_has_a_maximum_length() {
        assert_eq!(
            shown(" a\nb\u{202e}c\u{1b}[31m ", 100),
            "a\\nb\\u{202e}c\\u{1b}[31m"
        );
        assert_eq!(shown("octocat", 4), "octo…");
        assert_eq!(shown("octo", 4), "octo");
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn any_shown_text_is_one_line_of_visible_characters_of_bounded_length(
            text in arbitrary_text::text(), most in 0_usize..40,
        ) {
            let shown = shown(&text, most);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)), "{shown:?}");
            // The longest escape has 10 characters. The ellipsis adds one.
            prop_assert!(shown.chars().count() <= most * 10 + 1);
            if text.trim() == text && text.chars().all(|c| c.is_ascii_graphic()) && text.len() <= most {
                prop_assert_eq!(shown, text);
            }
        }
    }
}
