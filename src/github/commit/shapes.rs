//! The parts of GraphQL responses that several queries ask for.

use serde::Deserialize;

use super::Verification;
use crate::github::validate;
use crate::system::text::shown;

/// The commit a branch points to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Head {
    /// Its SHA.
    #[serde(rename = "oid", deserialize_with = "validate::sha")]
    pub(super) commit: String,
    /// Its tree.
    pub(super) tree: Tree,
}

/// A commit's tree.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tree {
    /// Its SHA.
    #[serde(rename = "oid", deserialize_with = "validate::sha")]
    pub(super) sha: String,
}

/// GraphQL's `GitSignature`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Signature {
    is_valid: bool,
    state: Option<String>,
}

impl From<Option<Signature>> for Verification {
    fn from(signature: Option<Signature>) -> Self {
        match signature {
            None => Self::Unverified("it isn't signed".to_owned()),
            Some(signature) if signature.is_valid => Self::Verified,
            Some(signature) => {
                let state = signature.state.unwrap_or_default();
                Self::Unverified(format!("its signature is {}", shown(&state, 50)))
            }
        }
    }
}
