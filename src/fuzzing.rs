//! What must be true for any bytes that others wrote, one function for each parser. The programs in
//! `fuzz/fuzz_targets` call these with bytes that libFuzzer makes up. Compiled only for that.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::LINK;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::github::Links;
use crate::github::address::ApiAddress;
use crate::github::app::PrivateKey;
use crate::github::error::ApiError;
use crate::history::people::People;
use crate::history::tombstones::{self, Tombstones};
use crate::history::totals::Totals;
use crate::history::{SeatChange, changes, seats};
use crate::report::Report;
use crate::report::columns::ColumnSet;
use crate::report::completeness::Reading;
use crate::report::csv::{self, RecordedReport};
use crate::report::manifest::RecordedManifest;
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::Seat;
use crate::system::environment::Environment;

/// A page of seats: what's read is in the report, and is read back from it.
pub fn seat_page(json: &[u8]) {
    if let Some(seats) = crate::github::seats::on_page(json) {
        is_written_and_read_back(ScopeKind::Enterprise, seats);
    }
}

/// A `Link` header: no page that's followed is on another server.
pub fn link(header: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(header) else {
        return;
    };
    let links = Links::of(&HeaderMap::from_iter([(LINK, value)]));
    let text = String::from_utf8_lossy(header);
    let api = ApiAddress::from_environment(&Environment::default());
    for link in links.next.iter().chain(&links.last) {
        assert!(text.contains(&format!("<{link}>")));
        if let Ok(api) = &api
            && let Ok(url) = api.rest(["orgs"]).join(link)
            && api.owns(&url)
        {
            assert_eq!(url.host_str(), Some("api.github.com"));
            assert_eq!((url.scheme(), url.port()), ("https", None));
            assert_eq!((url.username(), url.password()), ("", None));
        }
    }
}

/// A response that refuses a request: what's shown of it is one line of limited length.
pub fn api_error(body: &[u8]) {
    let error = ApiError::new(StatusCode::FORBIDDEN, &HeaderMap::new(), body);
    assert!(!error.message.contains(char::is_control));
    let _ = (error.is_limit(), error.to_string());
}

/// A private key: the ways in which a secret can change it don't matter.
pub fn private_key(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let parsed = PrivateKey::parse(text).map(|_| ());
    if parsed.is_ok() {
        for changed in [
            format!("\"{text}\""),
            text.replace('\n', "\r\n"),
            BASE64_STANDARD.encode(text),
        ] {
            assert!(PrivateKey::parse(&changed).is_ok());
        }
    }
}

/// A response of the artifact service: content goes only to an encrypted URL, and its signature is
/// masked.
pub fn artifact_answer(body: &[u8]) {
    crate::runner::artifact::fuzz_answer(body);
}

/// A report's CSV file: what's accepted stays the same, byte for byte, and all of it is read.
pub fn report_csv(file: &[u8]) {
    let Ok(recorded) = RecordedReport::read_download(file, "acme") else {
        assert!(RecordedReport::read(file).is_err());
        return;
    };
    let bytes = Bytes::copy_from_slice(file);
    let is_github = RecordedReport::read(file).is_ok();
    let seats = recorded.seats();
    let kind = recorded.kind;
    let form = recorded.into_github_form(bytes.clone(), kind);
    assert!(form.is_ok());
    if let Ok((recorded, form)) = form {
        assert!(!is_github || form == bytes);
        let again = RecordedReport::read(&form);
        let again = again.map(|again| (again.time, again.seats()));
        let (time, again) = again.unwrap_or_default();
        let form = |seat| Seat::in_githubs_form(seat, kind);
        assert_eq!(time, recorded.time);
        assert!(again.iter().map(form).eq(seats.iter().map(form)));
    }
    is_written_and_read_back(kind, seats);
}

/// `seats.csv`: what's read is written, and read back.
pub fn seats_csv(file: &[u8]) {
    if let Ok(read) = seats::read(file) {
        let written = seats::write(&read).unwrap_or_default();
        assert_eq!(seats::read(&written).ok(), Some(read));
    }
}

/// `people.csv`: a file that was written once stays the same, and no line is lost.
pub fn people_csv(file: &[u8]) {
    if let Ok((people, damaged)) = People::read(file) {
        let count = people.logins().count();
        let written = people.write().unwrap_or_default();
        let again = People::read(&written);
        assert!(again.is_ok());
        if let Ok((again, still_damaged)) = again {
            assert_eq!(still_damaged.len(), damaged.len());
            assert_eq!(again.logins().count(), count);
            assert_eq!(again.write().ok(), Some(written));
        }
    }
}

/// `totals.csv`: a file that was written once stays the same, and no line is lost.
pub fn totals_csv(file: &[u8]) {
    let (totals, damaged) = Totals::read(file);
    let days: Vec<_> = totals.days().copied().collect();
    let written = totals.write().unwrap_or_default();
    let (again, still_damaged) = Totals::read(&written);
    assert_eq!(again.days().copied().collect::<Vec<_>>(), days);
    assert_eq!(still_damaged.len(), damaged.len());
    assert_eq!(again.write().ok(), Some(written));
}

/// `changes/YYYY.csv`: a line is a change or has a number, and each byte stays.
pub fn changes_csv(file: &[u8]) {
    let mut last = 0;
    for line in changes::lines(file) {
        match line {
            Ok(record) => drop(SeatChange::read(&record)),
            Err(number) => {
                assert!(number > last, "line {number} after {last}");
                last = number;
            }
        }
    }
    let appended = changes::append(file, Timestamp::UNIX_EPOCH, &[]).unwrap_or_default();
    assert!(appended.starts_with(file));
}

/// `tombstones.csv`: what's read is written, and read back.
pub fn tombstones_csv(file: &[u8]) {
    let read = Tombstones::read(file);
    let written = tombstones::append(&[], read.all()).unwrap_or_default();
    assert_eq!(Tombstones::read(&written).all(), read.all());
}

/// A manifest: one that's cut off is never accepted, and a file has the first hash in it.
pub fn manifest(file: &[u8]) {
    let Ok(manifest) = RecordedManifest::read(file) else {
        return;
    };
    let whole = file.trim_ascii();
    for length in (0..whole.len()).rev().step_by(16) {
        let cut = whole.get(..length).unwrap_or_default();
        assert!(RecordedManifest::read(cut).is_err());
    }
    for entry in &manifest.files {
        let mut same = manifest.files.iter().filter(|one| one.name == entry.name);
        let hash = same.next().map(|first| &*first.sha256);
        assert_eq!(manifest.sha256(&entry.name), hash);
    }
    let _ = (manifest.continuity(), manifest.run(), manifest.control());
    let _ = (manifest.settings(), manifest.repository());
    assert!(!manifest.scope.described().contains(char::is_control));
}

fn is_written_and_read_back(kind: ScopeKind, seats: Vec<Seat>) {
    let reading = Reading {
        pages: 1,
        ..Reading::default()
    };
    let Ok(scope) = Scope::new(kind, "acme") else {
        return;
    };
    let report = Report::new(scope, reading, seats);
    let mut file = Vec::new();
    assert!(csv::write(&report, ColumnSet::Github, &mut file).is_ok());
    let recorded = RecordedReport::read(&file);
    let read = recorded
        .map(|recorded| recorded.seats())
        .unwrap_or_default();
    let form = |seat| Seat::in_githubs_form(seat, kind);
    let (read, written) = (read.iter().map(form), report.seats().iter().map(form));
    assert!(read.eq(written));
}
