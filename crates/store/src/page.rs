//! A page of a listing, by index (RFC 7644 §3.4.2.4).

/// Which part of a listing: `count` resources from the one at `start_index` on, which counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The position of the first resource; 0 means 1.
    pub start_index: u64,
    /// How many at most; with 0 only the total is wanted.
    pub count: u32,
}

impl Page {
    pub(crate) fn limit(self) -> i64 {
        i64::from(self.count)
    }

    pub(crate) fn offset(self) -> i64 {
        i64::try_from(self.start_index.saturating_sub(1)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_resource_has_the_index_one() {
        let offset = |start_index| Page { start_index, count: 10 }.offset();
        assert_eq!([offset(0), offset(1), offset(2), offset(u64::MAX)], [0, 0, 1, i64::MAX]);
    }
}
