//! Finds out who a login or user ID is, and which other logins the person had.

use super::person::{Named, Person, PersonError};
use super::trace::Trace;

/// Finds the person in the histories.
pub(crate) fn find(traces: &[Trace], named: &Named) -> Result<Person, PersonError> {
    let mut person = Person::default();
    match named {
        Named::Id(id) => {
            person.ids.insert(*id);
        }
        Named::Login(login) => {
            person.add(login);
            for trace in traces {
                person.ids.extend(trace.ids_of(login));
            }
            if person.ids.len() > 1 {
                return Err(PersonError::Several(person.ids));
            }
        }
    }
    for trace in traces {
        for (id, login) in trace.accounts() {
            if id.is_some_and(|id| person.ids.contains(&id)) {
                person.add(login);
            }
        }
    }
    loop {
        let mut is_more = false;
        for (trace, line) in traces
            .iter()
            .flat_map(|trace| trace.renames.iter().map(move |line| (trace, line)))
        {
            let has_names = || person.has_name(&line.from) || person.has_name(&line.to);
            let is_theirs = match trace.id(&line.to, line.time) {
                Some(id) if !person.ids.is_empty() => person.ids.contains(&id),
                None if !person.ids.is_empty() => {
                    let mut others = traces
                        .iter()
                        .filter_map(|other| other.id(&line.to, line.time));
                    has_names() && others.all(|id| person.ids.contains(&id))
                }
                _ => has_names(),
            };
            if is_theirs {
                is_more |= person.add(&line.from);
                is_more |= person.add(&line.to);
            }
        }
        if !is_more {
            return Ok(person);
        }
    }
}
