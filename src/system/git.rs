//! The parts of Git that matter here: blob IDs, the pointers that Git LFS puts in place of files,
//! and the line endings that Git converts in a checkout.

use std::io::{self, Read};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

/// The file that tells Git how to treat the files in its directory and below.
pub(crate) const ATTRIBUTES: &str = ".gitattributes";

/// The content of that file. Git must not convert line endings, because the manifests hash every
/// byte.
pub(crate) const NO_CONVERSION: &str = "* -text\n";

/// The prefix of Git LFS pointer files.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";

/// The ID of a blob with this content. It's SHA-1, because GitHub's repositories use it. So it
/// detects edits, but doesn't protect against an attacker.
pub(crate) fn blob_id(content: &[u8]) -> String {
    let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(format!("blob {}\0", content.len()).as_bytes());
    sha1.update(content);
    hex::encode(sha1.finish())
}

/// Whether this is a Git LFS pointer instead of the file.
pub(crate) fn is_lfs_pointer(content: &[u8]) -> bool {
    content.starts_with(LFS_POINTER)
}

/// Whether `file` reads a Git LFS pointer instead of the file.
pub(crate) fn reads_lfs_pointer(file: impl Read) -> io::Result<bool> {
    let mut beginning = Vec::new();
    file.take(LFS_POINTER.len() as u64)
        .read_to_end(&mut beginning)?;
    Ok(is_lfs_pointer(&beginning))
}

/// The line endings of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LineEnds {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    Crlf,
}

impl LineEnds {
    pub(crate) const ALL: [Self; 2] = [Self::Lf, Self::Crlf];

    /// Returns `file` with its line endings converted to these.
    pub(crate) fn convert(self, file: &[u8]) -> Vec<u8> {
        let end: &[u8] = match self {
            Self::Lf => b"\n",
            Self::Crlf => b"\r\n",
        };
        let mut converted = Vec::with_capacity(file.len());
        for line in file.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(text) => {
                    converted.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                    converted.extend_from_slice(end);
                }
                None => converted.extend_from_slice(line),
            }
        }
        converted
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn converted(ends: LineEnds, text: &str) -> String {
        String::from_utf8(ends.convert(text.as_bytes())).unwrap()
    }

    #[test]
    fn a_blob_has_the_id_that_git_gives_it() {
        // `printf 'hello\n' | git hash-object --stdin`
        assert_eq!(
            blob_id(b"hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }

    proptest! {
        #![proptest_config(crate::arbitrary_text::config())]

        #[test]
        fn line_endings_are_converted_like_git_does(text in "[a\r\n]{0,40}") {
            let lf = text.replace("\r\n", "\n");
            prop_assert_eq!(converted(LineEnds::Crlf, &text), lf.replace('\n', "\r\n"));
            prop_assert_eq!(converted(LineEnds::Lf, &text), lf);
        }
    }
}
