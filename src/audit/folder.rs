//! Reads a scope's folder, as far as the next report needs it.

use super::error::AuditError;
use super::neighbors::neighbors;
use super::repository::AuditRepository;
use crate::github::commit::Snapshot;
use crate::history::FolderFiles;
use crate::history::listing::Listing;
use crate::report::Report;
use crate::report::day::date;

/// Reads the files in the folder of a report's scope that the report needs.
pub(super) async fn read_folder(
    snapshot: &Snapshot<'_>,
    repository: &AuditRepository<'_>,
    report: &Report,
) -> Result<FolderFiles, AuditError> {
    let (scope, time) = (report.scope(), report.time());
    let folder = &repository.folder(scope)?;
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
    // Without an ID, it's impossible to find the same scope under another name.
    if found.is_empty() && scope.id().is_some() {
        let directory = &repository.inputs.directory;
        found.neighbors = neighbors(snapshot, directory, folder, scope).await?;
    }
    Ok(found)
}
