//! Digests of 64 bits that are the same in every process and every version of the program.

use sha2::{Digest, Sha256};

/// The first 64 bits of the SHA-256 of the parts, each preceded by its length: moving a byte from one part to
/// the next gives another digest.
pub(crate) fn of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> u64 {
    let mut digest = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let whole: [u8; 32] = digest.finalize().into();
    whole.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_never_changes() {
        assert_eq!(of(["a", "bc"]), 4_589_064_456_534_337_473);
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(of(["a", "bc"]), of(["ab", "c"]));
        assert_ne!(of(["a"]), of(["a", ""]));
    }
}
