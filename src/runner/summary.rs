//! The job summary: what a person sees on the page of the workflow's run.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::report::Report;
use crate::report::people::{Person, longest_idle};
use crate::text;

use super::log;
use super::outputs::LARGEST_SUMMARY;

/// How many of the longest inactive people are listed.
const LONGEST_INACTIVE: usize = 10;

/// The longest text from elsewhere that is shown whole. GitHub's names have at most 100
/// characters.
const LONGEST_TEXT: usize = 400;

/// What became of one scope.
#[derive(Debug)]
pub struct Section<'a> {
    /// The organization or enterprise.
    pub title: String,
    /// Its report, where it could be read.
    pub report: Option<&'a Report>,
    /// What was delivered where, and what was not; Markdown is escaped here.
    pub lines: Vec<Line>,
}

/// A line on a delivery.
#[derive(Debug, Clone)]
pub struct Line {
    /// Whether it went well.
    pub good: bool,
    /// What happened.
    pub text: String,
    /// Where to look.
    pub link: Option<String>,
}

impl Line {
    /// Something that went well.
    #[must_use]
    pub fn good(text: String) -> Self {
        Self {
            good: true,
            text,
            link: None,
        }
    }

    /// Something that did not.
    #[must_use]
    pub fn bad(text: String) -> Self {
        Self {
            good: false,
            text,
            link: None,
        }
    }

    /// The same, with where to look.
    #[must_use]
    pub fn with_link(self, link: &str) -> Self {
        Self {
            link: Some(link.to_owned()),
            ..self
        }
    }
}

/// Writes the summary of a run at `now`, in GitHub's Markdown and under the size that the runner
/// takes. People are named only where `names` allows it.
#[must_use]
pub fn write(sections: &[Section<'_>], general: &[Line], names: bool, now: Timestamp) -> String {
    let mut summary = String::from("# Copilot activity report\n\n");
    for line in general {
        write_line(&mut summary, line);
    }
    let mut left_out = 0;
    for section in sections {
        let mut text = String::new();
        write_section(&mut text, section, names, now);
        // Room for the last sentence is kept.
        if summary.len() + text.len() > LARGEST_SUMMARY - 1024 {
            left_out += 1;
        } else {
            summary.push_str(&text);
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            summary,
            "\n{left_out} more are left out here, because GitHub shows summaries up to 1 MiB only. All are in the files."
        );
    }
    summary
}

fn write_section(out: &mut String, section: &Section<'_>, names: bool, now: Timestamp) {
    let _ = writeln!(out, "\n## {}\n", escape(&section.title));
    for line in &section.lines {
        write_line(out, line);
    }
    let Some(report) = section.report else {
        return;
    };
    if !report.is_complete() {
        out.push_str("\n> [!WARNING]\n> **This report is not proved complete.**\n");
        for doubt in report.doubts() {
            let _ = writeln!(out, "> - {}", escape(&doubt.to_string()));
        }
    }
    let (mut recently, mut unknown) = (0_usize, 0_usize);
    for person in report.each_person() {
        match person.last_activity_at {
            Some(at) if days(at, now) < 30 => recently += 1,
            Some(_) => {}
            None => unknown += 1,
        }
    }
    out.push_str("\n| | |\n|---|---:|\n");
    for (what, figure) in [
        ("Seats (rows)", report.seats().len().to_string()),
        ("People", report.people().to_string()),
        ("People active in the last 30 days", recently.to_string()),
        (
            "People without activity in GitHub's records",
            unknown.to_string(),
        ),
        (
            "Seats that GitHub counts",
            report
                .reading()
                .total_seats()
                .map_or_else(|| "not said".to_owned(), |total| total.to_string()),
        ),
        ("Report time (UTC)", report.time().to_string()),
    ] {
        let _ = writeln!(out, "| {what} | {figure} |");
    }
    if names {
        write_longest_inactive(out, report.each_person(), now);
    }
}

fn write_longest_inactive<'a>(
    out: &mut String,
    people: impl Iterator<Item = Person<'a>>,
    now: Timestamp,
) {
    let longest = longest_idle(people, LONGEST_INACTIVE);
    if longest.is_empty() {
        return;
    }
    out.push_str(
        "\n### Longest inactive\n\n\
         | Login | Last activity | Access granted | Days without activity |\n|---|---|---|---:|\n",
    );
    let date = |time: Option<Timestamp>, none: &str| {
        time.map_or_else(
            || none.to_owned(),
            |time| crate::report::day::date(time).to_string(),
        )
    };
    for person in longest {
        let idle = person.idle_since().map_or(0, |since| days(since, now));
        // GitHub forgets an activity after 90 days, so that is all that is known of it.
        let idle = if person.last_activity_at.is_none() && idle >= 90 {
            "90 or more".to_owned()
        } else {
            idle.to_string()
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {idle} |",
            code(person.login),
            date(person.last_activity_at, "none known"),
            date(person.granted_at, "not said"),
        );
    }
    out.push_str(
        "\nGitHub keeps a person's last activity for 90 days and drops it when access is granted anew.\n",
    );
}

fn write_line(out: &mut String, line: &Line) {
    let mark = if line.good { "✅" } else { "❌" };
    // Whole lines of an error belong together; one entry of a list has them as breaks.
    let text: Vec<String> = log::without_secrets(&line.text)
        .lines()
        .map(|part| escape_whole(part.trim()))
        .collect();
    let _ = write!(out, "- {mark} {}", text.join("<br>"));
    if let Some(link) = &line.link {
        let _ = write!(out, ": {}", link_to(link));
    }
    out.push('\n');
}

/// A web address as a link; anything else as text.
fn link_to(address: &str) -> String {
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

fn days(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - since.as_second()).max(0) / 86_400
}

/// A name from elsewhere as text in Markdown, in a table too: no link, no image, no mention, no
/// HTML, no column, and of bounded length.
fn escape(text: &str) -> String {
    escape_whole(&text::shown(text, LONGEST_TEXT))
}

fn escape_whole(text: &str) -> String {
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
fn code(name: &str) -> String {
    // A backslash before `|` is read in one way by a table and in another by code.
    let shown = text::shown(name, LONGEST_TEXT)
        .replace('`', "\\u{60}")
        .replace('|', "\\u{7c}");
    // Nothing between two backticks is no code: they wait for two others.
    if shown.is_empty() {
        return "` `".to_owned();
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hostile;
    use pulldown_cmark::{Event, Options, Parser};

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

    /// What GitHub's Markdown has over the plain one.
    fn github() -> Options {
        Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
    }

    proptest! {
        #![proptest_config(hostile::cases())]

        #[test]
        fn any_text_is_the_same_text_on_the_page_and_nothing_else(text in hostile::text()) {
            let (mut title, mut item, mut cell) = (String::new(), String::new(), String::new());
            let _ = writeln!(title, "## {}", escape(&format!("x {text}")));
            write_line(&mut item, &Line::bad(format!("x {text}")));
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
            let expected = text::shown(&format!("x {text}"), LONGEST_TEXT);
            let title = shown[0].replace(' ', "");
            prop_assert_eq!(title, expected.replace(' ', ""));
            let rows = cell.lines().nth(2).unwrap_or_default().matches('|').count();
            prop_assert_eq!(rows, 3, "{:?}", cell);
        }

        #[test]
        fn a_link_leads_where_it_says_or_is_none(text in hostile::text()) {
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
