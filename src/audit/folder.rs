//! Reads a scope's folder, as far as the next report needs it. If it has no history yet, reads the
//! folders beside it too: one of them may be the history of the same organization under an earlier
//! name.

use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use jiff::civil::Date;

use super::directory::{Directory, Manifests};
use super::error::AuditError;
use super::repository::AuditRepository;
use crate::github::commit::{Entry, Snapshot};
use crate::github::names::{NameError, RepositoryPath};
use crate::history::listing::Listing;
use crate::history::{FolderFiles, Neighbor};
use crate::report::Report;
use crate::report::day::{REPORTS, date};
use crate::report::scope::{Scope, ScopeKind};

impl AuditRepository<'_> {
    /// Reads the directory as of this snapshot, once.
    pub(super) async fn directory(
        &self,
        snapshot: &Snapshot<'_>,
    ) -> Result<Rc<Directory>, AuditError> {
        let mut known = self.known_directory.lock().await;
        if let Some(known) = known.as_ref()
            && known.head == snapshot.head()
        {
            return Ok(Rc::clone(known));
        }
        let entries = snapshot.entries(&self.inputs.directory).await?;
        let is_file = entries.as_ref().is_some_and(Vec::is_empty)
            && self.inputs.directory.segments().next().is_some();
        let entries = entries.unwrap_or_default();
        let path = self.index()?;
        let name = path.segments().last();
        let entry = entries
            .iter()
            .find(|entry| entry.is_file() && Some(&*entry.name) == name);
        let index = match entry {
            Some(entry) => {
                let read = snapshot.files(&[(path.clone(), entry)]).await?;
                read.into_iter().next()
            }
            None => None,
        };
        let directory = Rc::new(Directory {
            head: snapshot.head().to_owned(),
            is_file,
            entries,
            index,
        });
        *known = Some(Rc::clone(&directory));
        Ok(directory)
    }
}

impl AuditRepository<'_> {
    /// Finds the folders in the directory that have manifests, except for `own`, the folder of a
    /// scope of this `kind`. Reads them once for all scopes. Many folders take only a few more
    /// requests than one.
    async fn neighbors(
        &self,
        snapshot: &Snapshot<'_>,
        own: &RepositoryPath,
        kind: ScopeKind,
    ) -> Result<Vec<Neighbor>, AuditError> {
        let mut known = self.known_manifests.lock().await;
        let manifests = match known.take().filter(|known| known.head == snapshot.head()) {
            Some(manifests) => manifests,
            None => {
                let directory = self.directory(snapshot).await?;
                // A folder whose name can't be a scope's has another purpose.
                let names = directory.names();
                let names = names.filter(|name| Scope::new(kind, name).is_ok());
                let folders = names.map(|name| self.inputs.directory.join(name));
                let folders = folders.collect::<Result<_, _>>()?;
                Manifests {
                    head: snapshot.head().to_owned(),
                    folders: newest_manifests_in(snapshot, folders).await?,
                }
            }
        };
        let others = manifests.folders.iter().filter(|(folder, _)| folder != own);
        let neighbors = others.map(|(folder, manifest)| Neighbor {
            folder: folder.to_string(),
            target: own.to_string(),
            manifest: manifest.clone(),
        });
        let neighbors = neighbors.collect();
        *known = Some(manifests);
        Ok(neighbors)
    }
}

/// Reads the files that a report needs.
pub(super) async fn read_folder(
    snapshot: &Snapshot<'_>,
    repository: &AuditRepository<'_>,
    report: &Report,
) -> Result<FolderFiles, AuditError> {
    let (scope, time) = (report.scope(), report.time());
    let folder = &repository.folder(scope)?;
    let entries = snapshot.listing(folder).await?;
    let find = |path: &str| entries.iter().find(|entry| entry.name == path);
    let listed = entries
        .iter()
        .map(|entry| (entry.name.clone(), entry.oid.clone()));
    let listing = Listing::new(listed);
    let previous = listing.manifest_before(date(time)).map(str::to_owned);
    let paths = FolderFiles::paths(time);
    let wanted = paths.iter().chain(&previous);
    let found = wanted.filter_map(|path| Some((path, find(path)?)));
    let found: Vec<(&String, &Entry)> = found.collect();
    let places = found
        .iter()
        .map(|(path, entry)| Ok((folder.join(path)?, *entry)));
    let places = places.collect::<Result<Vec<_>, NameError>>()?;
    let contents = snapshot.files(&places).await?;
    let paths_found = found.into_iter().map(|(path, _)| path.clone());
    let mut files: HashMap<String, Vec<u8>> = paths_found.zip(contents).collect();
    let previous = previous.and_then(|path| files.remove_entry(&path));
    let files = paths.map(|path| files.remove(&path));
    let mut found = FolderFiles::from_files(files, previous).with_listing(listing);
    // Without an ID, it's impossible to find the same scope under another name.
    if found.is_empty() && scope.id().is_some() {
        found.neighbors = repository.neighbors(snapshot, folder, scope.kind()).await?;
    }
    Ok(found)
}

/// Reads the newest manifest in each of `folders` that has one.
pub(super) async fn newest_manifests_in(
    snapshot: &Snapshot<'_>,
    folders: Vec<RepositoryPath>,
) -> Result<Vec<(RepositoryPath, Bytes)>, AuditError> {
    let (folders, paths) = newest_manifests(snapshot, folders).await?;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = paths
        .iter()
        .map(|(path, entry)| (path.clone(), entry))
        .collect();
    let manifests = snapshot.files(&places).await?;
    let manifests = manifests.into_iter().map(Bytes::from);
    Ok(folders.into_iter().zip(manifests).collect())
}

/// Finds the folders that have a manifest, and the path of the newest manifest in each.
async fn newest_manifests(
    snapshot: &Snapshot<'_>,
    folders: Vec<RepositoryPath>,
) -> Result<(Vec<RepositoryPath>, Vec<(RepositoryPath, Entry)>), AuditError> {
    let reports = folders.iter().map(|folder| folder.join(REPORTS));
    let reports = reports.collect::<Result<Vec<_>, _>>()?;
    let listed = snapshot.entries_of(&reports).await?;
    // The years of each folder, newest last.
    let years = listed.iter().map(|entries| {
        let years = entries.iter().filter_map(|entry| entry.name.parse().ok());
        let mut years: Vec<i16> = years.collect();
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
        let listed = years.iter().zip(snapshot.entries_of(&years).await?);
        for ((folder, years), (year, entries)) in std::mem::take(&mut left).into_iter().zip(listed)
        {
            let days = entries.into_iter().filter_map(|entry| {
                let day: Date = entry.name.strip_suffix(".json")?.parse().ok()?;
                Some((day, entry))
            });
            match days.max_by_key(|(day, _)| *day) {
                Some((_, entry)) => newest.push((folder, (year.join(&entry.name)?, entry))),
                None => left.push((folder, years)),
            }
        }
    }
}
