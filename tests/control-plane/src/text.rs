//! Short random texts: names, passwords and tokens of one run.

use std::fmt::Write as _;

/// `bytes` random bytes of the operating system as lower-case hexadecimal text.
pub(crate) fn random(bytes: usize) -> std::io::Result<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(std::io::Error::other)?;
    Ok(hexadecimal(&buffer))
}

/// `bytes` as lower-case hexadecimal text.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String does not fail
        text
    })
}
