//! Lists the files of a folder and the IDs of their content with one request.

use serde::Deserialize;
use serde_json::json;

use super::Committer;
use super::branch::Data;
use super::shapes::Head;
use crate::github::error::GitHubError;
use crate::github::names::RepositoryPath;
use crate::github::validate;

/// A folder, the folders in it, and the folders in these.
const LISTING: &str = "query($owner: String!, $name: String!, $folder: String!) {
  repository(owner: $owner, name: $name) {
    object(expression: $folder) { ... on Tree { entries { name type oid
      object { ... on Tree { entries { name type oid
        object { ... on Tree { entries { name type oid } } }
      } } }
    } } }
  }
}";

#[derive(Deserialize)]
struct FolderBody {
    object: Option<Tree>,
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

impl Committer<'_> {
    /// Lists a folder as it is at `head`: its files and those in the two levels of folders below
    /// it, by their paths in the folder, with the IDs of their content.
    pub(super) async fn listing(
        &self,
        head: &Head,
        folder: &RepositoryPath,
    ) -> Result<Vec<(String, String)>, GitHubError> {
        let variables = json!({
            "owner": self.repository.owner(),
            "name": self.repository.name(),
            "folder": format!("{}:{folder}", head.commit),
        });
        let Data { repository } = self
            .client
            .query::<Data<FolderBody>>(&self.purpose(), LISTING, &variables)
            .await?;
        let mut files = Vec::new();
        if let Some(tree) = repository.object {
            add(tree, "", &mut files);
        }
        Ok(files)
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
