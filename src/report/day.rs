//! Days: where a day's report stands in the folder of a scope.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The newest report, in GitHub's own form.
pub(crate) const LATEST: &str = "latest.csv";

/// The folder of the days' reports and manifests; below it a folder for each year.
pub(crate) const REPORTS: &str = "reports";

/// Where the day of `time` has its report and its manifest: `reports/2026/2026-11-22` and an
/// ending. The day is that of UTC.
pub fn day_stem(time: Timestamp) -> String {
    stem_of(date(time))
}

/// The same for a day.
pub(crate) fn stem_of(day: Date) -> String {
    format!("{REPORTS}/{:04}/{day}", day.year())
}

/// Whether a path in a folder is the report or the manifest of a day, and of which.
pub(crate) fn day_of(path: &str) -> Option<Date> {
    let stem = path
        .strip_suffix(".json")
        .or_else(|| path.strip_suffix(".csv"))?;
    let day: Date = stem.rsplit('/').next()?.parse().ok()?;
    (stem_of(day) == stem).then_some(day)
}

/// The day of `time` in UTC.
pub fn date(time: Timestamp) -> Date {
    time.to_zoned_datetime(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(
            day_stem("2027-01-01T00:30:00+01:00".parse().unwrap()),
            "reports/2026/2026-12-31"
        );
    }
}
