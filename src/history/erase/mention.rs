//! Finds names in files.

/// Whether a file has a name as a word, regardless of case.
pub(crate) fn mentions(file: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    let (Some(first), size) = (name.first(), name.len()) else {
        return false;
    };
    let is_of_word = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
    };
    (0..file.len().saturating_sub(size - 1)).any(|at| {
        file[at].eq_ignore_ascii_case(first)
            && file[at..at + size].eq_ignore_ascii_case(name)
            && !is_of_word(file.get(at + size))
            && !is_of_word(at.checked_sub(1).and_then(|before| file.get(before)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_only_as_a_word() {
        for (text, is_there) in [
            ("a,octocat,b", true),
            ("OctoCat", true),
            ("`octocat`'s", true),
            ("octocats", false),
            ("mona-octocat", false),
            ("octocat_acme", false),
            ("octoca", false),
            ("", false),
        ] {
            assert_eq!(mentions(text.as_bytes(), "octocat"), is_there, "{text}");
        }
    }
}
