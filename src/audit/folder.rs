//! Reading what a repository holds of a scope already, as far as the next report needs it.

use jiff::civil::Date;

use super::Target;
use super::neighbors::neighbors;
use crate::github::commit::Snapshot;
use crate::history::FolderFiles;
use crate::history::listing::Listing;
use crate::report::Report;
use crate::report::day::date;

/// Reads what the folder of a report's scope holds, as far as the report needs it.
pub(super) async fn found(
    snapshot: &Snapshot<'_>,
    target: &Target<'_>,
    report: &Report,
) -> anyhow::Result<FolderFiles> {
    let (scope, time) = (report.scope(), report.time());
    let folder = &target.folder(scope)?;
    let paths = FolderFiles::paths(time).map(|path| folder.join(&path));
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    let files = snapshot.files(&paths).await?;
    let listing = Listing::new(snapshot.listing(folder).await?);
    let previous = match listing.manifest_before(date(time)) {
        Some(path) => {
            let whole = folder.join(path)?;
            let file = snapshot.files(&[whole]).await?.pop().flatten();
            file.map(|file| (path.to_owned(), file))
        }
        None => None,
    };
    let mut found = FolderFiles::from_files(files, previous).with_listing(listing);
    // Without an ID nothing shows that one of them is the same under another name.
    if found.is_empty() && scope.id().is_some() {
        let directory = &target.inputs.directory;
        found.neighbors = neighbors(snapshot, directory, folder, scope).await?;
    }
    Ok(found)
}

/// The manifests among the names in the folder of a year, with their days.
pub(super) fn days(names: &[String]) -> impl Iterator<Item = (Date, &String)> {
    names.iter().filter_map(|name| {
        let day: Date = name.strip_suffix(".json")?.parse().ok()?;
        Some((day, name))
    })
}
