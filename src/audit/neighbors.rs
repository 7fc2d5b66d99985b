//! Finds the folders beside one that has no history yet. One of them may be the history of the same
//! organization under an earlier name.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::error::AuditError;
use crate::github::commit::Snapshot;
use crate::github::names::{NameError, RepositoryPath};
use crate::history::Neighbor;
use crate::report::day::REPORTS;
use crate::report::scope::Scope;

/// Finds the folders in `directory` that have manifests, except for `own`, the folder of `scope`.
/// Many folders take only a few more requests than one, and one request each for their newest
/// manifests.
pub(super) async fn neighbors(
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
    let manifests = newest_manifests(snapshot, &folders).await?;
    let paths: Vec<RepositoryPath> = manifests.iter().map(|(_, path)| path.clone()).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let files = snapshot.files(&paths).await?;
    Ok(manifests
        .iter()
        .zip(files)
        .filter_map(|((folder, _), manifest)| {
            Some(Neighbor {
                folder: folder.to_string(),
                target: own.to_string(),
                manifest: manifest?,
            })
        })
        .collect())
}

/// Finds the path of the newest manifest in each folder that has one.
async fn newest_manifests(
    snapshot: &Snapshot<'_>,
    folders: &[RepositoryPath],
) -> Result<Vec<(RepositoryPath, RepositoryPath)>, AuditError> {
    let years = each(snapshot, folders.iter().map(|folder| folder.join(REPORTS))).await?;
    // The years of each folder, newest last.
    let mut left: BTreeMap<usize, Vec<i16>> = BTreeMap::new();
    for (number, names) in years.iter().enumerate() {
        let mut years: Vec<i16> = names.iter().filter_map(|year| year.parse().ok()).collect();
        years.sort_unstable();
        left.insert(number, years);
    }
    let mut newest = Vec::new();
    loop {
        let mut next = Vec::new();
        for (number, years) in &mut left {
            if let (Some(folder), Some(year)) = (folders.get(*number), years.pop()) {
                let year = folder.join(&format!("{REPORTS}/{year:04}"))?;
                next.push((*number, folder, year));
            }
        }
        if next.is_empty() {
            return Ok(newest);
        }
        let paths = next.iter().map(|(.., year)| Ok(year.clone()));
        let listed = each(snapshot, paths).await?;
        for ((number, folder, year), names) in next.into_iter().zip(listed) {
            if let Some((_, name)) = days(&names).max() {
                newest.push((folder.clone(), year.join(name)?));
                left.remove(&number);
            }
        }
    }
}

/// Lists the names in each of several folders.
async fn each(
    snapshot: &Snapshot<'_>,
    folders: impl Iterator<Item = Result<RepositoryPath, NameError>>,
) -> Result<Vec<Vec<String>>, AuditError> {
    let folders = folders.collect::<Result<Vec<_>, _>>()?;
    Ok(snapshot.names_in(&folders).await?)
}

/// Finds the manifests among the names in the folder of a year, with their days.
fn days(names: &[String]) -> impl Iterator<Item = (Date, &String)> {
    names.iter().filter_map(|name| {
        let day: Date = name.strip_suffix(".json")?.parse().ok()?;
        Some((day, name))
    })
}
