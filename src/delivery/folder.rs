//! Reading what a repository holds of a scope already, as far as the next report needs it.

use jiff::Timestamp;

use crate::github::commit::Snapshot;
use crate::github::names::RepositoryPath;
use crate::report::day::date;
use crate::report::history::Folder;
use crate::report::history::listing::Listing;

/// Reads what the folder of a scope holds, as far as a report of `time` needs it.
pub(super) async fn found(
    snapshot: &Snapshot<'_>,
    folder: &RepositoryPath,
    time: Timestamp,
) -> anyhow::Result<Folder> {
    let paths = Folder::paths(time).map(|path| folder.join(&path));
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
    Ok(Folder::from_files(files, previous).with_listing(listing))
}
