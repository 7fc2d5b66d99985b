//! Inputs for the report's files, and the thresholds at which a run fails.

use std::time::Duration;

use jiff::SignedDuration;

use super::raw::RawInputs;
use super::{Format, Limit, ReportInputs};
use crate::report::columns::Columns;
use crate::report::pseudonym_key::PseudonymKey;
use crate::system::environment::PSEUDONYM_KEY;
use crate::system::text::shown;

impl RawInputs<'_> {
    pub(super) fn report(&mut self) -> Option<ReportInputs> {
        let formats = self.formats();
        let columns = self.columns();
        let combined = self.combined(formats.as_deref());
        let inactive_after = self.inactive_after();
        let max_inactive = self.max_inactive();
        let require_complete = self.parse_bool("require-complete");
        Some(ReportInputs {
            formats: formats?,
            columns: columns?,
            combined: combined?,
            inactive_after: inactive_after?,
            max_inactive: max_inactive?,
            require_complete: require_complete?,
        })
    }

    /// The inner `None` means that there's no key. The outer `None` means that the input is
    /// invalid.
    pub(super) fn pseudonyms(&mut self) -> Option<Option<PseudonymKey>> {
        self.fill_from_shell("pseudonym-key", PSEUDONYM_KEY);
        let Some(key) = self.get("pseudonym-key").map(str::to_owned) else {
            return Some(None);
        };
        self.parse("pseudonym-key", PseudonymKey::new(key.into()))
            .map(Some)
    }

    fn formats(&mut self) -> Option<Vec<Format>> {
        let value = self.or_default("format").to_owned();
        let choices = [
            ("csv", Format::Csv),
            ("json", Format::Json),
            ("html", Format::Html),
        ];
        let expected = "`csv`, `json`, and `html`, separated by commas";
        let mut formats = self.parse_list("format", &value, &choices, expected)?;
        formats.sort_unstable();
        formats.dedup();
        Some(formats)
    }

    fn columns(&mut self) -> Option<Columns> {
        match self.or_default("columns") {
            "github" => Some(Columns::Github),
            "all" => Some(Columns::All),
            other => {
                let problem = format!("{:?} is neither `github` nor `all`", shown(other, 50));
                self.refuse("columns", problem);
                None
            }
        }
    }

    fn combined(&mut self, formats: Option<&[Format]>) -> Option<bool> {
        let combined = self.parse_bool("combined-report")?;
        if combined && formats.is_some_and(|formats| !formats.contains(&Format::Csv)) {
            let problem = "combines CSV files, but `format` doesn't include `csv`";
            self.refuse("combined-report", problem);
            return None;
        }
        Some(combined)
    }

    fn inactive_after(&mut self) -> Option<SignedDuration> {
        let days = self.parse_number("inactive-after-days", "days", 1..=u16::MAX)?;
        Some(SignedDuration::from_hours(i64::from(days) * 24))
    }

    /// The inner `None` means that there's no limit. The outer `None` means that the input is
    /// invalid.
    fn max_inactive(&mut self) -> Option<Option<Limit>> {
        let Some(given) = self.get("max-inactive") else {
            return Some(None);
        };
        let limit = Limit::parse(given);
        if limit.is_none() {
            let problem = format!(
                "{:?} is neither a number of people, such as `10`, nor a percentage from 0 to 100, such as `12.5%`",
                shown(given, 50)
            );
            self.refuse("max-inactive", problem);
        }
        limit.map(Some)
    }

    pub(super) fn max_wait(&mut self) -> Option<Duration> {
        let minutes = self.parse_number("max-wait-minutes", "minutes", 0..=u32::MAX)?;
        Some(Duration::from_secs(u64::from(minutes) * 60))
    }
}

impl Limit {
    fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<u32>().ok()).flatten()
        };
        let Some(percent) = text.strip_suffix('%') else {
            return digits(text).map(Self::People);
        };
        let (whole, fraction) = match percent.trim_end().split_once('.') {
            None => (digits(percent.trim_end())?, 0),
            Some((whole, tenths)) if tenths.len() == 1 => (digits(whole)?, digits(tenths)? * 10),
            Some((whole, hundredths)) if hundredths.len() == 2 => {
                (digits(whole)?, digits(hundredths)?)
            }
            Some(_) => return None,
        };
        let hundredths = whole.checked_mul(100)?.checked_add(fraction)?;
        (hundredths <= 10_000).then_some(Self::Hundredths(hundredths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_of_people_or_a_percentage() {
        for (text, limit) in [
            ("0", Some(Limit::People(0))),
            ("10", Some(Limit::People(10))),
            ("0%", Some(Limit::Hundredths(0))),
            ("12.5%", Some(Limit::Hundredths(1_250))),
            ("12.05 %", Some(Limit::Hundredths(1_205))),
            ("100%", Some(Limit::Hundredths(10_000))),
            ("100.01%", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1.555%", None),
            ("%", None),
            (".5%", None),
            ("99999999999%", None),
            ("many", None),
        ] {
            assert_eq!(Limit::parse(text), limit, "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_exceeded_by_more_than_it_says() {
        for (limit, some, all, exceeded) in [
            (Limit::People(2), 2, 10, false),
            (Limit::People(2), 3, 10, true),
            (Limit::Hundredths(2_500), 1, 4, false),
            (Limit::Hundredths(2_499), 1, 4, true),
            (Limit::Hundredths(0), 0, 0, false),
            (Limit::Hundredths(10_000), 4, 4, false),
        ] {
            assert_eq!(
                limit.is_exceeded(some, all),
                exceeded,
                "{limit:?} {some} {all}"
            );
        }
    }
}
