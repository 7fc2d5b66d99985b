//! The branch at one moment, and the files in it.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Committer;
use super::lookup::{Field, in_queries};
use super::parent::Parent;
use crate::github::error::GitHubError;
use crate::github::names::RepositoryPath;
use crate::github::validate;
use crate::system::git::blob_id;

/// The selections for a folder, the folders in it, and the folders in these.
const LISTING: &str = "... on Tree { entries { name type oid size \
     object { ... on Tree { entries { name type oid size \
     object { ... on Tree { entries { name type oid size } } } } } } } }";

/// How much of a query a listing takes: a folder has two files a day.
const LISTING_WEIGHT: usize = 5;

/// The selections for the entries of one folder.
const ENTRIES: &str = "... on Tree { entries { name type oid size } }";

/// The size up to which a query reads a file's text. Larger ones are read one by one.
const MAX_TEXT_SIZE: usize = 100_000;

/// How many bytes of text weigh as much as the size of a file. So one query reads up to 1 MB.
const BYTES_PER_WEIGHT: usize = 10_000;

/// The branch at one moment. If it doesn't exist yet, what it will be created from.
pub(crate) struct Snapshot<'a> {
    pub(super) committer: &'a Committer<'a>,
    pub(super) parent: &'a Parent,
}

/// An entry of a folder.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Entry {
    /// Its name, or its path in the folder that was listed.
    pub name: String,
    #[serde(rename = "type")]
    kind: String,
    /// The ID of its content.
    #[serde(deserialize_with = "validate::sha")]
    pub oid: String,
    /// The size of a file in bytes.
    #[serde(default)]
    size: usize,
    /// The content of a folder, if the query asked for it.
    #[serde(default)]
    object: Option<Tree>,
}

#[derive(Debug, Clone, Deserialize)]
struct Tree {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Blob {
    text: Option<String>,
}

impl Entry {
    /// Returns whether it's a file.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == "blob"
    }

    /// Returns whether it's a folder. It can also be a submodule.
    pub(crate) fn is_folder(&self) -> bool {
        self.kind == "tree"
    }
}

impl Snapshot<'_> {
    /// Returns the SHA of the commit that everything is read from.
    pub(crate) fn head(&self) -> &str {
        &self.parent.head.commit
    }

    /// Returns whether the branch already exists.
    pub(crate) fn exists(&self) -> bool {
        self.parent.exists
    }

    /// Reads files, in the order of `files`: their paths, and their entries in a listing.
    ///
    /// A query reads the text of small ones. It counts only if it has the ID of the entry, because
    /// GitHub shortens long texts and can't show all bytes as text.
    pub(crate) async fn files(
        &self,
        files: &[(RepositoryPath, &Entry)],
    ) -> Result<Vec<Vec<u8>>, GitHubError> {
        let is_small = |entry: &Entry| entry.size <= MAX_TEXT_SIZE;
        let small = files.iter().filter(|(_, entry)| is_small(entry));
        let small: Vec<(&RepositoryPath, usize)> =
            small.map(|(path, entry)| (path, entry.size)).collect();
        let weight = |size: usize| 1 + size / BYTES_PER_WEIGHT;
        let texts: Vec<Option<Blob>> = self.objects(small, "... on Blob { text }", weight).await?;
        let mut texts = texts.into_iter();
        let mut contents = Vec::new();
        for (path, entry) in files {
            let text = match is_small(entry) {
                true => texts.next().flatten().and_then(|blob| blob.text),
                false => None,
            };
            let is_exact = |text: &String| blob_id(text.as_bytes()) == entry.oid;
            contents.push(match text.filter(is_exact) {
                Some(text) => text.into_bytes(),
                None => self.file(path, entry.size).await?,
            });
        }
        Ok(contents)
    }

    /// Reads a file's bytes.
    async fn file(&self, path: &RepositoryPath, size: usize) -> Result<Vec<u8>, GitHubError> {
        let Committer {
            client, purpose, ..
        } = self.committer;
        let contents = std::iter::once("contents").chain(path.segments());
        let mut url = self.committer.url(contents);
        url.query_pairs_mut().append_pair("ref", self.head());
        Ok(client.get_file(purpose, url, size).await?.into())
    }

    /// Lists the entries of many folders, in the order of `folders`. A folder that doesn't exist has
    /// none.
    pub(crate) async fn entries_of(
        &self,
        folders: &[RepositoryPath],
    ) -> Result<Vec<Vec<Entry>>, GitHubError> {
        let trees = self.trees(folders).await?;
        let entries = |tree: Option<Tree>| tree.map_or_else(Vec::new, |tree| tree.entries);
        Ok(trees.into_iter().map(entries).collect())
    }

    /// Lists the entries of a folder. `None` if it doesn't exist. If it isn't a folder, it has no
    /// entries. Git has no empty folders, except for the top one of an empty commit.
    pub(crate) async fn entries(
        &self,
        folder: &RepositoryPath,
    ) -> Result<Option<Vec<Entry>>, GitHubError> {
        let trees = self.trees(std::slice::from_ref(folder)).await?;
        Ok(trees.into_iter().flatten().next().map(|tree| tree.entries))
    }

    async fn trees(&self, folders: &[RepositoryPath]) -> Result<Vec<Option<Tree>>, GitHubError> {
        let folders = folders.iter().map(|folder| (folder, 0));
        self.objects(folders.collect(), ENTRIES, |_| 1).await
    }

    /// Lists the files in a folder and in the two levels of folders below it, by their paths in the
    /// folder. Empty if the folder doesn't exist.
    pub(crate) async fn listing(&self, folder: &RepositoryPath) -> Result<Vec<Entry>, GitHubError> {
        let tree = self.objects(vec![(folder, 0)], LISTING, |_| LISTING_WEIGHT);
        let mut files = Vec::new();
        if let Some(tree) = tree.await?.into_iter().next().flatten() {
            add(tree, "", &mut files);
        }
        Ok(files)
    }

    /// Looks up `selections` of many files or folders, in the order of `paths`, which have sizes
    /// that decide their weights.
    async fn objects<T: DeserializeOwned>(
        &self,
        paths: Vec<(&RepositoryPath, usize)>,
        selections: &str,
        weight: impl Fn(usize) -> usize,
    ) -> Result<Vec<Option<T>>, GitHubError> {
        let fields = paths.into_iter().map(|(path, size)| {
            let expression = format!("{}:{}", self.head(), path.as_str());
            let expression = serde_json::Value::from(expression);
            Field {
                text: format!("object(expression: {expression}) {{ {selections} }}"),
                weight: weight(size),
            }
        });
        let fields: Vec<Field> = fields.collect();
        let mut found = Vec::new();
        for fields in in_queries(fields) {
            found.extend(self.committer.look_up(fields).await?);
        }
        Ok(found)
    }
}

fn add(tree: Tree, folder: &str, files: &mut Vec<Entry>) {
    for mut entry in tree.entries {
        let path = format!("{folder}{}", entry.name);
        match entry.object.take() {
            Some(tree) if entry.is_folder() => add(tree, &format!("{path}/"), files),
            _ if entry.is_file() => files.push(Entry {
                name: path,
                ..entry
            }),
            _ => {}
        }
    }
}
