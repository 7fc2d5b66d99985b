//! The data of the page's script.

use std::io;

use serde::Serialize;

use super::rows::Gathered;
use crate::report::status::Status;

/// The data of the script: one list for each column.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    file: &'a str,
    inactive_days: i64,
    editors: &'a [String],
    teams: &'a [String],
    organizations: &'a [String],
    plans: &'a [String],
    login: Vec<&'a str>,
    status: Vec<usize>,
    activity: Vec<Option<i64>>,
    idle: Vec<i64>,
    longer: Vec<u8>,
    editor: Vec<usize>,
    team: Vec<Indexes<'a>>,
    organization: Vec<Indexes<'a>>,
    plan: Vec<Indexes<'a>>,
    granted: Vec<Option<i64>>,
    ends: Vec<Option<i64>>,
}

/// Most people have one team, and a number is shorter than a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Indexes<'a> {
    One(usize),
    Several(&'a [usize]),
}

impl<'a> From<&'a Vec<usize>> for Indexes<'a> {
    fn from(indexes: &'a Vec<usize>) -> Self {
        match indexes[..] {
            [one] => Self::One(one),
            _ => Self::Several(indexes),
        }
    }
}

/// Returns the data for the script as JSON that can't end a script element.
pub(super) fn data(file: &str, inactive_days: i64, gathered: &Gathered) -> io::Result<String> {
    let rows = &gathered.rows;
    let data = Data {
        file,
        inactive_days,
        editors: &gathered.editors,
        teams: &gathered.teams,
        organizations: &gathered.organizations,
        plans: &gathered.plans,
        login: rows.iter().map(|row| &*row.login).collect(),
        status: rows.iter().map(|row| place(row.status)).collect(),
        activity: rows.iter().map(|row| row.active_on).collect(),
        idle: rows.iter().map(|row| row.idle_days).collect(),
        longer: rows.iter().map(|row| u8::from(row.is_longer)).collect(),
        editor: rows.iter().map(|row| row.editor[0]).collect(),
        team: rows.iter().map(|row| (&row.teams).into()).collect(),
        organization: rows.iter().map(|row| (&row.organizations).into()).collect(),
        plan: rows.iter().map(|row| (&row.plans).into()).collect(),
        granted: rows.iter().map(|row| row.granted_on).collect(),
        ends: rows.iter().map(|row| row.ends).collect(),
    };
    Ok(inert(&serde_json::to_string(&data)?))
}

/// Returns the place of a status in the script's list.
fn place(status: Status) -> usize {
    match status {
        Status::Active => 0,
        Status::New => 1,
        Status::Inactive => 2,
        Status::NeverUsed => 3,
    }
}

/// Escapes what could end a script element, or a line in old JavaScript. All of these are only in
/// strings.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn no_text_can_end_the_script_element_and_it_stays_the_same(text in arbitrary_text::text()) {
            for text in [text.clone(), format!("</script>{text}<!--\u{2028}")] {
                let json = inert(&serde_json::to_string(&text).unwrap());
                prop_assert!(!json.contains('<') && !json.contains('\u{2028}'), "{}", json);
                prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
    }
}
