//! A resolved filter as text that parses to the same filter.

use std::fmt;

use super::{Comparison, Filter, Operand, Operator};

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What always holds needs a name that every resource has.
            Self::And(filters) if filters.is_empty() => formatter.write_str("meta pr"),
            Self::Or(filters) if filters.is_empty() => formatter.write_str("not (meta pr)"),
            Self::And(filters) => separated(filters, " and ", formatter),
            Self::Or(filters) => separated(filters, " or ", formatter),
            Self::Not(filter) => write!(formatter, "not ({filter})"),
            Self::Compare(Comparison { attribute, operator, operand }) => {
                write!(formatter, "{attribute} {operator} {}", operand.to_comparable())
            }
            Self::Present(attribute) => write!(formatter, "{attribute} pr"),
            Self::Element { attribute, filter } => write!(formatter, "{attribute}[{filter}]"),
        }
    }
}

fn separated(filters: &[Filter], separator: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (position, filter) in filters.iter().enumerate() {
        if position > 0 {
            formatter.write_str(separator)?;
        }
        match filter {
            Filter::And(_) | Filter::Or(_) => write!(formatter, "({filter})")?,
            _ => write!(formatter, "{filter}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "eq",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::GreaterThan => "gt",
            Self::GreaterOrEqual => "ge",
            Self::LessThan => "lt",
            Self::LessOrEqual => "le",
        })
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.to_comparable())
    }
}
