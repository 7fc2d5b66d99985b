//! What two lines say of the same person, brought together. Each is true as far as it goes: what
//! one of them doesn't know the other may.

use super::people::KnownPerson;

/// Whether two lines are about the same person: by ID, or by login if neither has one.
pub(super) fn is_same(one: &KnownPerson, other: &KnownPerson) -> bool {
    match (one.user_id, other.user_id) {
        (None, None) => one.login.to_lowercase() == other.login.to_lowercase(),
        (one, other) => one == other,
    }
}

/// What both lines say together. Of what can't be both, the line with the later report holds, and
/// `one` if both are equally late.
pub(super) fn merged(one: KnownPerson, other: KnownPerson) -> KnownPerson {
    let (newer, older) = if other.last_seen > one.last_seen {
        (other, one)
    } else {
        (one, other)
    };
    let activity = [&newer, &older]
        .into_iter()
        .max_by_key(|person| {
            let has_surface = person.last_known_surface.is_some();
            (person.last_known_activity_at, has_surface)
        })
        .map(|person| {
            (
                person.last_known_activity_at,
                person.last_known_surface.clone(),
            )
        });
    let (last_known_activity_at, last_known_surface) = activity.unwrap_or_default();
    KnownPerson {
        user_id: newer.user_id.or(older.user_id),
        first_seen: newer.first_seen.min(older.first_seen),
        last_seen: newer.last_seen,
        // Both follow from reports without a gap between them, so the earlier one is true as well,
        // unless it ended before the later one began.
        tracked_since: if newer.tracked_since.duration_since(older.last_seen)
            <= crate::report::status::KEPT
        {
            newer.tracked_since.min(older.tracked_since)
        } else {
            newer.tracked_since
        },
        holds_seat: newer.holds_seat,
        last_known_activity_at,
        last_known_surface,
        last_known_authentication_at: newer
            .last_known_authentication_at
            .max(older.last_known_authentication_at),
        login: newer.login,
    }
}
