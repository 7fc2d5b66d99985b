//! Names the files of a day's report in the folder of a scope.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The newest report, with GitHub's own columns.
pub(crate) const LATEST: &str = "latest.csv";

/// The folder with the reports and manifests of all days, in one folder for each year.
pub(crate) const REPORTS: &str = "reports";

/// Returns the path, without extension, of the report and the manifest for the day of `time`:
/// `reports/2026/2026-11-22`. Days are UTC.
pub fn day_stem(time: Timestamp) -> String {
    stem_of(date(time))
}

/// Returns the same for a day.
pub(crate) fn stem_of(day: Date) -> String {
    format!("{REPORTS}/{:04}/{day}", day.year())
}

/// Returns the day if a path in a folder is that of a day's report or manifest.
pub(crate) fn day_of(path: &str) -> Option<Date> {
    let stem = path
        .strip_suffix(".json")
        .or_else(|| path.strip_suffix(".csv"))?;
    let day: Date = stem.rsplit('/').next()?.parse().ok()?;
    (stem_of(day) == stem).then_some(day)
}

/// Returns the day of `time` in UTC.
pub fn date(time: Timestamp) -> Date {
    time.to_zoned_datetime(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn days_are_in_utc() {
        assert_eq!(
            day_stem("2027-01-01T00:30:00+01:00".parse().unwrap()),
            "reports/2026/2026-12-31"
        );
    }
}
