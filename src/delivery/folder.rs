//! Reading what a repository holds of a scope already, as far as the next report needs it.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Target;
use super::neighbors::neighbors;
use crate::github::commit::Snapshot;
use crate::github::names::RepositoryPath;
use crate::report::Report;
use crate::report::day::{REPORTS, date};
use crate::report::history::Folder;

/// Reads what the folder of a report's scope holds, as far as the report needs it.
pub(super) async fn found(
    snapshot: &Snapshot<'_>,
    target: &Target<'_>,
    report: &Report,
) -> anyhow::Result<Folder> {
    let (scope, time) = (report.scope(), report.time());
    let folder = &target.folder(scope)?;
    let paths = Folder::paths(time).map(|path| folder.join(&path));
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    let files = snapshot.files(&paths).await?;
    let previous = match newest_manifest(snapshot, folder, time).await? {
        Some(path) => {
            let whole = folder.join(&path)?;
            let file = snapshot.files(&[whole]).await?.pop().flatten();
            file.map(|file| (path, file))
        }
        None => None,
    };
    let mut found = Folder::from_files(files, previous);
    // Without an ID nothing shows that one of them is the same under another name.
    if found.is_empty() && scope.id().is_some() {
        let directory = &target.inputs.directory;
        found.neighbors = neighbors(snapshot, directory, folder, scope).await?;
    }
    Ok(found)
}

/// The path in the folder of a scope of the newest manifest from before the day of `time`.
async fn newest_manifest(
    snapshot: &Snapshot<'_>,
    folder: &RepositoryPath,
    time: Timestamp,
) -> anyhow::Result<Option<String>> {
    let day = date(time);
    let years = snapshot.names(&folder.join(REPORTS)?).await?;
    let mut years: Vec<i16> = years.iter().filter_map(|year| year.parse().ok()).collect();
    years.retain(|year| *year <= day.year());
    years.sort_unstable();
    for year in years.into_iter().rev() {
        let year = format!("{REPORTS}/{year:04}");
        let names = snapshot.names(&folder.join(&year)?).await?;
        if let Some((_, name)) = days(&names).filter(|(other, _)| *other < day).max() {
            return Ok(Some(format!("{year}/{name}")));
        }
    }
    Ok(None)
}

/// The manifests among the names in the folder of a year, with their days.
pub(super) fn days(names: &[String]) -> impl Iterator<Item = (Date, &String)> {
    names.iter().filter_map(|name| {
        let day: Date = name.strip_suffix(".json")?.parse().ok()?;
        Some((day, name))
    })
}
