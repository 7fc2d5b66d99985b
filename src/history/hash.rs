//! SHA-256 of files, in lowercase hexadecimal as in the manifests.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a file, in lowercase hexadecimal.
pub(super) fn sha256(file: &[u8]) -> String {
    hex::encode(Sha256::digest(file))
}

/// A reader that hashes a file as it's read.
pub(super) struct HashingReader<R> {
    file: R,
    size: u64,
    hash: Sha256,
}

impl<R> HashingReader<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            file,
            size: 0,
            hash: Sha256::new(),
        }
    }

    /// The number and SHA-256 of the bytes read so far.
    pub(super) fn so_far(&self) -> (u64, String) {
        (self.size, hex::encode(self.hash.clone().finalize()))
    }

    /// The number of bytes read so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
