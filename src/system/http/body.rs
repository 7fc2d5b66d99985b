//! Reads a response's body up to a limit, so that a server can't exhaust memory.

use bytes::{Bytes, BytesMut};

/// A body that was read up to a limit.
#[derive(Debug)]
pub(crate) struct BoundedBody {
    /// Its bytes, up to the limit.
    pub(crate) bytes: Bytes,
    /// Whether it's longer than the limit.
    pub(crate) is_cut_off: bool,
}

/// Reads at most `max` bytes of the body that `next_chunk` provides.
pub(crate) async fn read_body<E>(
    max: usize,
    mut next_chunk: impl AsyncFnMut() -> Result<Option<Bytes>, E>,
) -> Result<BoundedBody, E> {
    let mut bytes = BytesMut::new();
    let mut is_cut_off = false;
    while !is_cut_off && let Some(chunk) = next_chunk().await? {
        let room = max - bytes.len();
        is_cut_off = chunk.len() > room;
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    let bytes = bytes.freeze();
    Ok(BoundedBody { bytes, is_cut_off })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    async fn read(max: usize, chunks: &[&'static str]) -> Result<(String, bool), ()> {
        let mut chunks = chunks.iter();
        let next = async || {
            Ok(chunks
                .next()
                .map(|chunk| Bytes::from_static(chunk.as_bytes())))
        };
        let body = read_body(max, next).await?;
        Ok((String::from_utf8_lossy(&body.bytes).into(), body.is_cut_off))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        for (max, read_so_far, is_cut_off) in [
            (0, "", true),
            (2, "ab", true),
            (4, "abcd", true),
            (5, "abcde", false),
            (9, "abcde", false),
        ] {
            let expected = Ok((read_so_far.to_owned(), is_cut_off));
            assert_eq!(read(max, &["abc", "", "de"]).await, expected, "{max}");
        }
        assert_eq!(read(0, &[]).await, Ok((String::new(), false)));
    }
}
