//! The branch at one moment, and the files in it.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Committer;
use super::parent::Parent;
use crate::github::error::GitHubError;
use crate::github::names::RepositoryPath;
use crate::github::validate;

/// How many files or folders one query looks up.
const MAX_OBJECTS: usize = 100;

/// A folder, the folders in it, and the folders in these. Also the names beside the folder.
const LISTING: &str = "query($owner: String!, $name: String!, $folder: String!, $above: String!) {
  repository(owner: $owner, name: $name) {
    object(expression: $folder) { ... on Tree { entries { name type oid
      object { ... on Tree { entries { name type oid
        object { ... on Tree { entries { name type oid } } }
      } } }
    } } }
    above: object(expression: $above) { ... on Tree { entries { name } } }
  }
}";

/// The branch at one moment. If it doesn't exist yet, what it will be created from.
pub(crate) struct Snapshot<'a> {
    pub(super) committer: &'a Committer<'a>,
    pub(super) parent: &'a Parent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlobBody {
    byte_size: Option<usize>,
}

#[derive(Deserialize)]
struct NamesBody {
    #[serde(default)]
    entries: Vec<NameBody>,
}

impl NamesBody {
    fn into_names(self) -> Vec<String> {
        self.entries.into_iter().map(|entry| entry.name).collect()
    }
}

#[derive(Deserialize)]
struct NameBody {
    name: String,
}

#[derive(Deserialize)]
struct FolderBody {
    object: Option<Tree>,
    above: Option<NamesBody>,
}

#[derive(Deserialize)]
struct Tree {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(deserialize_with = "validate::sha")]
    oid: String,
    /// The content, if the query asked for it.
    object: Option<Tree>,
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

    /// Reads files in the order of `paths`. A missing file is `None`. Reads their sizes first, so
    /// that a truncated file isn't mistaken for the whole.
    pub(crate) async fn files(
        &self,
        paths: &[RepositoryPath],
    ) -> Result<Vec<Option<Vec<u8>>>, GitHubError> {
        let Committer {
            client, purpose, ..
        } = self.committer;
        let blobs: Vec<Option<BlobBody>> = self.objects(paths, "... on Blob { byteSize }").await?;
        let mut files = Vec::new();
        for (path, blob) in paths.iter().zip(blobs) {
            files.push(match blob.and_then(|blob| blob.byte_size) {
                None => None,
                Some(size) => {
                    let contents = std::iter::once("contents").chain(path.segments());
                    let mut url = self.committer.url(contents);
                    url.query_pairs_mut().append_pair("ref", self.head());
                    Some(client.get_file(purpose, url, size).await?.into())
                }
            });
        }
        Ok(files)
    }

    /// Lists the names in many folders, in the order of `folders`.
    pub(crate) async fn names_in(
        &self,
        folders: &[RepositoryPath],
    ) -> Result<Vec<Vec<String>>, GitHubError> {
        let names = self.objects(folders, "... on Tree { entries { name } }");
        let names = names.await?.into_iter();
        let names =
            names.map(|tree: Option<NamesBody>| tree.map_or_else(Vec::new, NamesBody::into_names));
        Ok(names.collect())
    }

    /// Lists the files in a folder and in the two levels of folders below it, by their paths in the
    /// folder, with the IDs of their content. Empty if the folder doesn't exist. Also lists the names
    /// in `above`, the folder that contains it.
    pub(crate) async fn listing(
        &self,
        folder: &RepositoryPath,
        above: &RepositoryPath,
    ) -> Result<(Vec<(String, String)>, Vec<String>), GitHubError> {
        let variables = json!({
            "owner": self.committer.repository.owner(),
            "name": self.committer.repository.name(),
            "folder": format!("{}:{folder}", self.head()),
            "above": format!("{}:{above}", self.head()),
        });
        let found: FolderBody = self.committer.query(LISTING, &variables).await?;
        let mut files = Vec::new();
        if let Some(tree) = found.object {
            add(tree, "", &mut files);
        }
        let beside = found.above.map_or_else(Vec::new, NamesBody::into_names);
        Ok((files, beside))
    }

    /// Looks up `fields` of many files or folders, in the order of `paths`, with few requests.
    async fn objects<T: DeserializeOwned>(
        &self,
        paths: &[RepositoryPath],
        fields: &str,
    ) -> Result<Vec<Option<T>>, GitHubError> {
        let repository = &self.committer.repository;
        let variables = json!({ "owner": repository.owner(), "name": repository.name() });
        let mut objects = Vec::new();
        for paths in paths.chunks(MAX_OBJECTS) {
            let mut query = String::from(
                "query($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n",
            );
            for (number, path) in paths.iter().enumerate() {
                let expression = format!("{}:{}", self.head(), path.as_str());
                let expression = serde_json::Value::from(expression);
                query.push_str(&format!(
                    "    object{number}: object(expression: {expression}) {{ {fields} }}\n"
                ));
            }
            query.push_str("  }\n}");
            let mut found: HashMap<String, Option<T>> =
                self.committer.query(&query, &variables).await?;
            let found =
                (0..paths.len()).map(|number| found.remove(&format!("object{number}")).flatten());
            objects.extend(found);
        }
        Ok(objects)
    }
}

fn add(tree: Tree, folder: &str, files: &mut Vec<(String, String)>) {
    for entry in tree.entries {
        let path = format!("{folder}{}", entry.name);
        match entry.object {
            Some(tree) if entry.kind == "tree" => add(tree, &format!("{path}/"), files),
            _ if entry.kind == "blob" => files.push((path, entry.oid)),
            _ => {}
        }
    }
}
