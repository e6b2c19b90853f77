//! Base62 with a fixed length: bytes as letters and digits that survive a double click and every form field.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Writes `bytes`, read as one big-endian number, as `length` digits, the most significant first.
///
/// The caller chooses a `length` that holds every value of that many bytes; what does not fit is cut off at the front.
pub(crate) fn encode(bytes: &[u8], length: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits: Vec<char> = (0..length).map(|_| digit(divide_by_62(&mut number))).collect();
    digits.reverse();
    digits.into_iter().collect()
}

/// Whether every character of `text` is a digit of this alphabet.
pub(crate) fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Divides the big-endian `number` in place and returns the remainder.
fn divide_by_62(number: &mut [u8]) -> u16 {
    number.iter_mut().fold(0, |remainder, byte| {
        let dividend = remainder << 8 | u16::from(*byte);
        // A remainder is below 62, so the quotient is below (62 << 8) / 62 = 256.
        *byte = u8::try_from(dividend / 62).unwrap_or(u8::MAX);
        dividend % 62
    })
}

fn digit(value: u16) -> char {
    ALPHABET.get(usize::from(value)).map_or('0', |byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &str) -> u128 {
        text.bytes()
            .fold(0, |sum, byte| sum * 62 + ALPHABET.iter().position(|digit| *digit == byte).unwrap() as u128)
    }

    #[test]
    fn zero_fills_the_whole_length() {
        assert_eq!(encode(&[0; 4], 6), "000000");
    }

    #[test]
    fn the_greatest_values_fit_the_lengths_that_tokens_use() {
        assert_eq!(encode(&[0xff; 4], 6), "4gfFC3");
        let greatest = encode(&[0xff; 32], 43);
        assert_eq!(encode(&[0xff; 32], 44), format!("0{greatest}"));
    }

    proptest! {
        #[test]
        fn what_was_encoded_can_be_read_back(number: u64) {
            prop_assert_eq!(decode(&encode(&number.to_be_bytes(), 11)), u128::from(number));
        }
    }
}
