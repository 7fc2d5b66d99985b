//! Formats workflow commands: lines on standard output that the runner acts on, such as
//! `::error::something`.
//!
//! The runner checks every line that a step prints, so untrusted text must never form a command. A
//! command is `::name::` at the start of a line after white space, or the older `##[name]` anywhere
//! in it (actions/runner, `src/Runner.Common/ActionCommand.cs`).

use std::fmt::Write as _;

use crate::system::text;

/// The line for the command `name` with a `message` that's shown, without a line break.
pub(crate) fn command(name: &'static str, message: &str) -> String {
    format!("::{name}::{}", escape(&visible(message)))
}

/// The line for an annotation with a title, without a line break.
pub(crate) fn annotation(name: &'static str, title: &str, message: &str) -> String {
    // Properties end at these characters.
    let title = escape(&visible(title))
        .replace(':', "%3A")
        .replace(',', "%2C");
    format!("::{name} title={title}::{}", escape(&visible(message)))
}

/// The line that masks `secret` in all later output of the step.
pub(crate) fn add_mask(secret: &str) -> String {
    format!("::add-mask::{}", escape(secret))
}

/// The line that ends a group.
pub(crate) const END_GROUP: &str = "::endgroup::";

/// Escapes the data of a command like the toolkit (actions/toolkit,
/// `packages/core/src/command.ts`).
fn escape(data: &str) -> String {
    data.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes control and invisible characters, except line breaks.
fn visible(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    for c in message.chars() {
        if c != '\n' && (c.is_control() || text::is_invisible(c)) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Formats a message as plain log lines that the runner doesn't interpret as commands.
///
/// It breaks up a command with a visible character (a backslash), because the runner's
/// culture-sensitive string comparison ignores invisible ones.
pub(crate) fn plain(message: &str) -> String {
    let mut lines = String::new();
    for (number, line) in visible(message).lines().enumerate() {
        if number > 0 {
            lines.push('\n');
        }
        let line = line.replace("##[", r"##\[");
        let text = line.trim_start();
        if text.starts_with("::") {
            let indent = &line[..line.len() - text.len()];
            let _ = write!(lines, r"{indent}\{text}");
        } else {
            lines.push_str(&line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn a_command_is_one_line_whatever_its_message() {
        assert_eq!(
            command("error", "100 %\r\n::set-output name=x::y"),
            "::error::100 %25\\r%0A::set-output name=x::y"
        );
        assert_eq!(add_mask("a%b\nc"), "::add-mask::a%25b%0Ac");
        assert_eq!(
            annotation("error", "a::b,\nc", "d"),
            "::error title=a%3A%3Ab%2C%0Ac::d"
        );
    }

    #[test]
    fn a_plain_line_is_never_a_command() {
        for hostile in [
            "::error::x",
            "  ::error::x",
            "a\n::error::x",
            "a\r::error::x",
            "x ##[error]y",
        ] {
            for line in plain(hostile).split(['\n', '\r']) {
                assert!(!line.trim_start().starts_with("::"), "{line:?}");
                assert!(!line.contains("##["), "{line:?}");
            }
        }
        assert_eq!(
            plain("Read 3 seats.\n  all is well"),
            "Read 3 seats.\n  all is well"
        );
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn no_line_of_any_text_is_a_command(text in arbitrary_text::text()) {
            for line in plain(&text).split(['\n', '\r']) {
                let seen: String = line.chars().filter(|c| !text::is_invisible(*c)).collect();
                prop_assert_eq!(&seen, line);
                prop_assert!(!line.trim_start().starts_with("::"), "{:?}", line);
                prop_assert!(!line.contains("##["), "{:?}", line);
            }
        }

        #[test]
        fn a_command_has_one_line_and_says_what_it_should(text in arbitrary_text::text()) {
            let line = add_mask(&text);
            prop_assert!(!line.contains(['\n', '\r']));
            let data = line.strip_prefix("::add-mask::").unwrap_or_default();
            // Unescapes it like the runner.
            let read = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
            prop_assert_eq!(read, text.as_str());
            let line = command("error", &text);
            prop_assert!(line.starts_with("::error::"));
            prop_assert!(!line.chars().any(|c| c.is_control() || text::is_invisible(c)), "{:?}", line);
        }
    }
}
