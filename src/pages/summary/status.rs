//! The table of statuses: now, in the last report, and 30 days ago.

use std::fmt::Write as _;

use super::facts::Facts;
use crate::history::totals::Day;
use crate::pages::figures::{days as in_days, month_before, with_share};
use crate::report::day::date;
use crate::system::text::thousands;

/// A row: its name, its figure now, and its figure on an earlier day.
type Row = (&'static str, String, fn(&Day) -> usize);

pub(super) fn write(out: &mut String, facts: &Facts<'_>) {
    let counts = facts.counts;
    let seats = facts.report.seats().len();
    let share = |count| with_share(count, counts.people);
    let mut rows: Vec<Row> = vec![
        ("Active", share(counts.active), |day| day.active),
        ("Inactive", share(counts.inactive), |day| day.inactive),
        ("Never used", share(counts.never_used), |day| day.never_used),
        ("New", share(counts.new), |day| day.new),
    ];
    let earlier = earlier(facts);
    let differs = |(_, day): &(String, &Day)| day.people != day.seats;
    if counts.people != seats || earlier.iter().any(differs) {
        rows.push(("People", thousands(counts.people), |day| day.people));
    }
    rows.push(("Seats", thousands(seats), |day| day.seats));

    out.push_str("\n| Status | Now |");
    for (title, _) in &earlier {
        let _ = write!(out, " {title} |");
    }
    out.push_str("\n|:---|---:|");
    out.push_str(&"---:|".repeat(earlier.len()));
    out.push('\n');
    for (name, now, figure) in rows {
        let _ = write!(out, "| {name} | {now} |");
        for (_, day) in &earlier {
            let _ = write!(out, " {} |", thousands(figure(day)));
        }
        out.push('\n');
    }
    if counts.people > 0 {
        let days = in_days(facts.policy.inactive_after.as_hours() / 24);
        let _ = writeln!(
            out,
            "\nInactive: no activity in the last {days}. Never used: no activity since the grant. Both are idle. New: granted in the last {days}, and not active yet."
        );
    }
}

/// Returns the days to compare with, each with its title.
fn earlier<'d>(facts: &'d Facts<'_>) -> Vec<(String, &'d Day)> {
    let today = date(facts.report.time());
    let mut days: Vec<&Day> = facts
        .known
        .totals
        .days()
        .filter(|day| date(day.report_time) < today)
        .collect();
    days.sort_by_key(|day| day.report_time);
    let Some(last) = days.last() else {
        return Vec::new();
    };
    let title = |what: &str, day: &Day| format!("{what}, {}", date(day.report_time));
    let mut shown = vec![(title("Last report", last), *last)];
    let Some((then, is_month)) = month_before(&days, today) else {
        return shown;
    };
    let what = if is_month {
        "30 days ago"
    } else {
        "First report"
    };
    if then.report_time != last.report_time {
        shown.push((title(what, then), then));
    }
    shown
}
