//! The message of a commit.

use bytes::Bytes;

use super::place::PendingReport;
use super::repository::AuditRepository;
use crate::github::commit::CommitContent;
use crate::github::names::RepositoryPath;
use crate::report::day::date;
use crate::report::manifest::sha256;

/// How many organizations a headline names.
const MAX_NAMES: usize = 3;

impl AuditRepository<'_> {
    /// Describes a commit with these `reports`, of which there's at least one.
    pub(super) fn message(
        &self,
        reports: &[&PendingReport<'_>],
        files: Vec<(RepositoryPath, Bytes)>,
    ) -> CommitContent {
        let names = reports.iter().map(|pending| pending.report.scope().name());
        let names: Vec<&str> = names.collect();
        let scopes = match names.len() {
            count if count > MAX_NAMES => format!("{count} organizations"),
            _ => names.join(", "),
        };
        let day = reports.first().map(|pending| date(pending.report.time()));
        let day = day.map(|day| day.to_string()).unwrap_or_default();
        let message = self.inputs.message.replace("{scope}", &scopes);
        let message = message.replace("{date}", &day);
        let (headline, rest) = message.split_once('\n').unwrap_or((&message, ""));
        let mut body = Vec::new();
        if !rest.trim().is_empty() {
            body.push(rest.trim().to_owned());
        }
        for pending in reports {
            let text = described(pending);
            body.push(match reports.len() {
                1 => text,
                _ => format!("{}: {text}", pending.report.scope()),
            });
        }
        body.push(self.provenance.made_by());
        CommitContent {
            headline: headline.trim().to_owned(),
            body: body.join("\n\n"),
            files,
        }
    }
}

fn described(pending: &PendingReport<'_>) -> String {
    let report = pending.report;
    let complete = if report.is_complete() {
        "complete"
    } else {
        "NOT VERIFIED AS COMPLETE"
    };
    format!(
        "{} seats, {} people, {complete}\nReport time: {}\nSHA-256: {}",
        report.seats().len(),
        report.people(),
        report.time(),
        sha256(&pending.csv)
    )
}
