//! Filters joined and negated; what always or never holds is settled on the way.

use super::Filter;

impl Filter {
    /// Every resource passes.
    pub(crate) fn always() -> Self {
        Self::And(Vec::new())
    }

    /// No resource passes.
    pub(crate) fn never() -> Self {
        Self::Or(Vec::new())
    }

    pub(super) fn is_always(&self) -> bool {
        matches!(self, Self::And(filters) if filters.is_empty())
    }

    pub(super) fn is_never(&self) -> bool {
        matches!(self, Self::Or(filters) if filters.is_empty())
    }

    /// Every one of the filters holds.
    pub(super) fn all(filters: Vec<Self>) -> Self {
        if filters.iter().any(Self::is_never) {
            return Self::never();
        }
        let conjuncts = filters.into_iter().flat_map(|filter| match filter {
            Self::And(filters) => filters,
            other => vec![other],
        });
        one_or(conjuncts.collect(), Self::And)
    }

    /// One of the filters holds at least.
    pub(super) fn any(filters: Vec<Self>) -> Self {
        if filters.iter().any(Self::is_always) {
            return Self::always();
        }
        let disjuncts = filters.into_iter().flat_map(|filter| match filter {
            Self::Or(filters) => filters,
            other => vec![other],
        });
        one_or(disjuncts.collect(), Self::Or)
    }

    /// The filter does not hold.
    pub(super) fn not(filter: Self) -> Self {
        if filter.is_always() {
            Self::never()
        } else if filter.is_never() {
            Self::always()
        } else {
            Self::Not(Box::new(filter))
        }
    }
}

fn one_or(mut filters: Vec<Filter>, several: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(filter)) => filter,
        (_, last) => {
            filters.extend(last);
            several(filters)
        }
    }
}
