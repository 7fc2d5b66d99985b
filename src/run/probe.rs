//! Leaves out organizations that only a token's list has, if the token can't read their seats.

use futures_util::{StreamExt as _, stream};

use crate::github::billing::{self, Unreadable};
use crate::run::read::MAX_AT_ONCE;
use crate::run::select::{Selected, SelectedScope};
use crate::system::text::listed;

/// How many organizations the log names.
const MAX_NAMES: usize = 20;

/// Leaves out the organizations whose seats can't be read, and logs them.
///
/// Fails if the token can't read the seats of any organization.
pub(crate) async fn leave_out_unreadable(mut selected: Selected) -> anyhow::Result<Selected> {
    let Some(found) = &mut selected.selection else {
        return Ok(selected);
    };
    let scopes = std::mem::take(&mut selected.scopes);
    let mut checked = stream::iter(scopes)
        .map(async |one: SelectedScope| {
            let probed = match one.is_certain {
                true => Ok(None),
                false => billing::probe(&one.reader, &one.scope).await,
            };
            (one, probed)
        })
        .buffered(MAX_AT_ONCE);
    while let Some((mut one, probed)) = checked.next().await {
        match probed {
            Ok(counted) => {
                one.counted = counted;
                selected.scopes.push(one);
            }
            Err(Unreadable) => found
                .unreadable
                .push((one.scope.name().to_owned(), one.scope.id())),
        }
    }
    if !found.unreadable.is_empty() {
        let names = found.unreadable.iter().map(|(name, _)| &**name);
        tracing::warn!(
            "`token` can't read the Copilot seats of these organizations, so there's no report of them: {}. Either they have no Copilot, or the token's owner isn't one of their owners, or the token isn't authorized for single sign-on, or an IP allow list refuses this machine.",
            listed(&names.collect::<Vec<_>>(), MAX_NAMES)
        );
    }
    if selected.scopes.is_empty() {
        anyhow::bail!(
            "`token` can't read the Copilot seats of any organization that `organization` selects. Nothing was read or delivered.\n  Fix: Use a token of an owner of the organizations, or a GitHub App with `app-client-id`."
        );
    }
    Ok(selected)
}
