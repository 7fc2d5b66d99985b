//! GitHub's second count of an organization's seats, and its Copilot settings.
//!
//! Both are in "Get Copilot seat information and settings for an organization". GitHub has nothing
//! of the kind for enterprises.
//!
//! Like `total_seats` of the list, `total` counts the billed seats. The two sides can differ
//! without a mistake: a pending invitation may be billed, but nobody holds the seat yet, and a
//! person who's billed in another organization is in the list, but not in the count. A canceled
//! seat is billed until the billing cycle ends, and the list usually has it as long. If the list
//! has fewer canceled seats than GitHub counts, the others may be of people who left. Which seats
//! were used in a cycle is GitHub's own notion, so those counts are only recorded. What remains is
//! one contradiction: more billed seats, without all of these, than the list has. Then seats may be
//! missing from the list.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to the request for GitHub's second count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// The path of the request, without the host.
    pub path: String,
    /// The HTTP status. `None` if there was no response.
    pub status: Option<u16>,
    /// The request ID, which GitHub Support asks for. `None` if the response has none.
    pub request_id: Option<String>,
    /// The counts. `None` if GitHub refused the request, or if the response couldn't be used.
    pub seats: Option<SeatBreakdown>,
    /// Why there are no counts.
    pub problem: Option<String>,
}

/// GitHub's counts of seats. A count that GitHub doesn't give is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatBreakdown {
    /// The seats that are billed in the current cycle.
    pub total: Option<u64>,
    /// The seats that were added in the current cycle.
    pub added_this_cycle: Option<u64>,
    /// The people who are invited to a seat and haven't joined the organization yet.
    pub pending_invitation: Option<u64>,
    /// The seats that end with the current cycle.
    pub pending_cancellation: Option<u64>,
    /// The seats that were used in the current cycle.
    pub active_this_cycle: Option<u64>,
    /// The seats that weren't used in the current cycle.
    pub inactive_this_cycle: Option<u64>,
}

impl Control {
    /// Returns how many billed seats a list must have that has this many `canceled` ones. `None` if
    /// that's unknown, also because GitHub leaves out a count.
    pub(crate) fn listable(&self, canceled: u64) -> Option<u64> {
        let seats = self.seats.as_ref()?;
        let unlisted = seats.pending_cancellation?.saturating_sub(canceled);
        let total = seats.total?.saturating_sub(seats.pending_invitation?);
        Some(total.saturating_sub(unlisted))
    }

    /// Describes the count for people, such as `250 seats, 2 invitations pending`. `None` if it's
    /// unknown.
    pub(crate) fn described(&self) -> Option<String> {
        let counted = |count: u64, one: &str, many: &str| {
            let number = usize::try_from(count).unwrap_or(usize::MAX);
            let word = if count == 1 { one } else { many };
            format!("{} {word}", crate::system::text::thousands(number))
        };
        let seats = self.seats.as_ref()?;
        let total = counted(seats.total?, "seat", "seats");
        Some(match seats.pending_invitation {
            None | Some(0) => total,
            Some(pending) => {
                let invitations = counted(pending, "invitation", "invitations");
                format!("{total}, {invitations} pending")
            }
        })
    }
}

/// The Copilot settings of an organization, in GitHub's words. A setting that isn't known is
/// `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The time of the report that read them.
    pub as_of: Timestamp,
    /// How new seats are assigned, such as `assign_selected`.
    pub seat_management_setting: Option<String>,
    /// Whether suggestions can match public code, such as `block`.
    pub public_code_suggestions: Option<String>,
    /// Whether Copilot Chat can be used in editors, such as `enabled`.
    pub ide_chat: Option<String>,
    /// Whether Copilot can be used on GitHub's website.
    pub platform_chat: Option<String>,
    /// Whether Copilot can be used on the command line.
    pub cli: Option<String>,
    /// The plan: `business` or `enterprise`.
    pub plan_type: Option<String>,
}

/// A setting with another value than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// GitHub's name of the setting.
    pub setting: &'static str,
    /// The last known value.
    pub from: String,
    /// The value now.
    pub to: String,
}

impl std::fmt::Display for SettingChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { setting, from, to } = self;
        write!(f, "Setting changed: `{setting}` from {from} to {to}")
    }
}

impl Settings {
    /// Returns each setting with its value, in the order of the fields.
    fn values(&self) -> [(&'static str, &Option<String>); 6] {
        [
            ("seat_management_setting", &self.seat_management_setting),
            ("public_code_suggestions", &self.public_code_suggestions),
            ("ide_chat", &self.ide_chat),
            ("platform_chat", &self.platform_chat),
            ("cli", &self.cli),
            ("plan_type", &self.plan_type),
        ]
    }

    /// Returns the settings that differ from those `before`. If a value wasn't known, or isn't
    /// known now, that isn't a change.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<SettingChange> {
        let pairs = before.values().into_iter().zip(self.values());
        let changes = pairs.filter_map(|((setting, from), (_, to))| {
            let (from, to) = (from.as_ref()?, to.as_ref()?);
            (from != to).then(|| SettingChange {
                setting,
                from: from.clone(),
                to: to.clone(),
            })
        });
        changes.collect()
    }

    /// Fills in what isn't known with the values of `before`, so that a later report is compared
    /// with them.
    pub(crate) fn or(self, before: &Self) -> Self {
        let or = |now: Option<String>, before: &Option<String>| now.or_else(|| before.clone());
        Self {
            as_of: self.as_of,
            seat_management_setting: or(
                self.seat_management_setting,
                &before.seat_management_setting,
            ),
            public_code_suggestions: or(
                self.public_code_suggestions,
                &before.public_code_suggestions,
            ),
            ide_chat: or(self.ide_chat, &before.ide_chat),
            platform_chat: or(self.platform_chat, &before.platform_chat),
            cli: or(self.cli, &before.cli),
            plan_type: or(self.plan_type, &before.plan_type),
        }
    }
}
