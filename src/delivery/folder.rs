//! Reading what a repository holds of a scope already, as far as the next report needs it.

use jiff::Timestamp;

use crate::github::commit::Snapshot;
use crate::github::names::RepositoryPath;
use crate::report::day::{REPORTS, date};
use crate::report::history::Folder;

/// Reads what the folder of a scope holds, as far as a report of `time` needs it.
pub(super) async fn found(
    snapshot: &Snapshot<'_>,
    folder: &RepositoryPath,
    time: Timestamp,
) -> anyhow::Result<Folder> {
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
    Ok(Folder::from_files(files, previous))
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
        let days = names.iter().filter_map(|name| {
            let day: jiff::civil::Date = name.strip_suffix(".json")?.parse().ok()?;
            Some((day, name))
        });
        if let Some((_, name)) = days.filter(|(other, _)| *other < day).max() {
            return Ok(Some(format!("{year}/{name}")));
        }
    }
    Ok(None)
}
