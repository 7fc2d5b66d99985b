//! Reads a scope's folder, as far as the next report needs it. If it has no history yet, reads the
//! folders beside it too: one of them may be the history of the same organization under an earlier
//! name.

use jiff::civil::Date;

use super::error::AuditError;
use super::repository::{AuditFiles, AuditRepository};
use crate::github::commit::Snapshot;
use crate::github::names::RepositoryPath;
use crate::history::listing::Listing;
use crate::history::{FolderFiles, Neighbor};
use crate::report::Report;
use crate::report::day::{REPORTS, date};
use crate::report::scope::Scope;

/// Reads the files that a report needs.
pub(super) async fn read_folder(
    snapshot: &Snapshot<'_>,
    repository: &AuditRepository<'_>,
    report: &Report,
) -> Result<AuditFiles, AuditError> {
    let (scope, time) = (report.scope(), report.time());
    let folder = &repository.folder(scope)?;
    let paths = FolderFiles::paths(time).map(|path| folder.join(&path));
    let mut paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    paths.push(repository.index()?);
    let mut files = snapshot.files(&paths).await?;
    let index = files.pop().flatten();
    let (listing, folders) = snapshot
        .listing(folder, &repository.inputs.directory)
        .await?;
    let listing = Listing::new(listing);
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
    Ok(AuditFiles {
        folder: found,
        index,
        folders,
    })
}

/// Finds the folders in `directory` that have manifests, except for `own`, the folder of `scope`.
/// Many folders take only a few more requests than one, and one request each for their newest
/// manifests.
async fn neighbors(
    snapshot: &Snapshot<'_>,
    directory: &RepositoryPath,
    own: &RepositoryPath,
    scope: &Scope,
) -> Result<Vec<Neighbor>, AuditError> {
    let mut folders = Vec::new();
    let names = snapshot.names_in(std::slice::from_ref(directory)).await?;
    for name in names.into_iter().flatten() {
        // A folder whose name can't be a scope's has another purpose.
        if Scope::new(scope.kind(), &name).is_ok() {
            let folder = directory.join(&name)?;
            if folder != *own {
                folders.push(folder);
            }
        }
    }
    let (folders, paths) = newest_manifests(snapshot, folders).await?;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let files = snapshot.files(&paths).await?;
    let found = folders.iter().zip(files).filter_map(|(folder, manifest)| {
        Some(Neighbor {
            folder: folder.to_string(),
            target: own.to_string(),
            manifest: manifest?,
        })
    });
    Ok(found.collect())
}

/// Finds the folders that have a manifest, and the path of the newest manifest in each.
async fn newest_manifests(
    snapshot: &Snapshot<'_>,
    folders: Vec<RepositoryPath>,
) -> Result<(Vec<RepositoryPath>, Vec<RepositoryPath>), AuditError> {
    let reports = folders.iter().map(|folder| folder.join(REPORTS));
    let reports = reports.collect::<Result<Vec<_>, _>>()?;
    let names = snapshot.names_in(&reports).await?;
    // The years of each folder, newest last.
    let years = names.iter().map(|names| {
        let mut years: Vec<i16> = names.iter().filter_map(|year| year.parse().ok()).collect();
        years.sort_unstable();
        years
    });
    let mut left: Vec<(RepositoryPath, Vec<i16>)> = folders.into_iter().zip(years).collect();
    let mut newest = Vec::new();
    loop {
        left.retain(|(_, years)| !years.is_empty());
        if left.is_empty() {
            return Ok(newest.into_iter().unzip());
        }
        let years = left.iter_mut().filter_map(|(folder, years)| {
            let year = years.pop()?;
            Some(folder.join(&format!("{REPORTS}/{year:04}")))
        });
        let years = years.collect::<Result<Vec<_>, _>>()?;
        let listed = years.iter().zip(snapshot.names_in(&years).await?);
        for ((folder, years), (year, names)) in std::mem::take(&mut left).into_iter().zip(listed) {
            let days = names.iter().filter_map(|name| {
                let day: Date = name.strip_suffix(".json")?.parse().ok()?;
                Some((day, name))
            });
            match days.max() {
                Some((_, name)) => newest.push((folder, year.join(name)?)),
                None => left.push((folder, years)),
            }
        }
    }
}
