//! A line of a file in `changes/`.

use csv::ByteRecord;
use jiff::Timestamp;

use super::changes::Kind;

/// A readable line.
#[derive(Debug, Clone)]
pub(super) struct ChangeLine {
    pub(super) time: Timestamp,
    pub(super) login: String,
    pub(super) kind: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) record: ByteRecord,
}

impl ChangeLine {
    pub(super) fn read(record: ByteRecord) -> Option<Self> {
        let cell = |place| {
            let cell = record.get(place).unwrap_or_default();
            String::from_utf8_lossy(cell).into_owned()
        };
        Some(Self {
            time: cell(0).parse().ok()?,
            login: cell(1),
            kind: cell(4),
            from: cell(5),
            to: cell(6),
            record,
        })
    }

    /// Whether the change is of that kind.
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kind == kind.as_str()
    }
}
