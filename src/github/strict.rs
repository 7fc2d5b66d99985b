//! Deserializes JSON more strictly than serde, which also accepts an array of the fields' values
//! for a struct, and lists of any length.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Deserializes `T` from a JSON object, and from nothing else. GitHub never sends an array for a
/// struct, and `[0,[]]` isn't a page without seats.
pub(super) struct MapOnly<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for MapOnly<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Reads a list, and returns its first `N` entries and its length. A response of a few megabytes
/// has room for millions of empty entries, each of which takes far more memory than its two bytes.
pub(super) fn deserialize_bounded<
    'de,
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    const N: usize,
>(
    deserializer: D,
) -> Result<(Vec<T>, usize), D::Error> {
    deserializer.deserialize_seq(BoundedVec::<T, N>(PhantomData))
}

struct BoundedVec<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for BoundedVec<T, N> {
    type Value = (Vec<T>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < N
            && let Some(entry) = list.next_element()?
        {
            kept.push(entry);
        }
        let mut all = kept.len();
        if all == N {
            while list.next_element::<IgnoredAny>()?.is_some() {
                all += 1;
            }
        }
        Ok((kept, all))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_list_keeps_its_beginning_and_knows_its_length() {
        for (list, kept, all) in [
            (json!([]), vec![], 0),
            (json!([1, 2]), vec![1, 2], 2),
            (json!([1, 2, 3]), vec![1, 2, 3], 3),
            (json!([1, 2, 3, {"x": []}, null]), vec![1, 2, 3], 5),
        ] {
            assert_eq!(deserialize_bounded::<_, u8, 3>(list).unwrap(), (kept, all));
        }
        assert!(deserialize_bounded::<_, u8, 3>(json!(null)).is_err());
    }
}
