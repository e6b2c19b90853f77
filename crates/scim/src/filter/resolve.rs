//! From a filter as written to one over a schema: names become attributes, constants typed operands.

use std::sync::Arc;

use super::{Comparator, Comparison, Filter, Literal, Node, Operand, Operator, invalid_at, syntax::Written};
use crate::{
    AttributeRef, Error, ResourceType, fold,
    path::{Base, PathError, sub_attribute},
    schema::{Attribute, Mutability, Returned},
};

/// Resolves a filter on resources.
pub(super) fn resolve(node: &Node<'_>, resource_type: &ResourceType) -> Result<Filter, Error> {
    Scope::Resource(resource_type).resolve(node)
}

/// Resolves the filter in the brackets of a PATCH path: its references are relative to one element of the
/// attribute.
pub(crate) fn resolve_in_element(node: &Node<'_>, attribute: &AttributeRef) -> Result<Filter, Error> {
    Scope::Element(attribute).resolve(node)
}

/// What names in a filter are looked up in.
enum Scope<'a> {
    Resource(&'a ResourceType),
    /// One element of a multi-valued attribute; references are relative to it.
    Element(&'a AttributeRef),
    /// The parts of an attribute, by references that begin at the resource.
    Parts(&'a AttributeRef),
}

impl Scope<'_> {
    fn resolve(&self, node: &Node<'_>) -> Result<Filter, Error> {
        match node {
            Node::And(nodes) => {
                let parts = self.resolve_all(nodes)?;
                Ok(Filter::And(parts.into_iter().flat_map(conjuncts).collect()))
            }
            Node::Or(nodes) => {
                let parts = self.resolve_all(nodes)?;
                Ok(Filter::Or(parts.into_iter().flat_map(disjuncts).collect()))
            }
            Node::Not(node) => Ok(Filter::Not(Box::new(self.resolve(node)?))),
            Node::Present { path } => match self.extension(path.what) {
                Some(extension) => Ok(Filter::Present(extension)),
                None => Ok(Filter::Present(self.lookup(path)?)),
            },
            Node::Compare { path, comparator, literal } => self.comparison(path, *comparator, literal),
            Node::Element { path, filter } => self.element(path, filter),
        }
    }

    fn resolve_all(&self, nodes: &[Node<'_>]) -> Result<Vec<Filter>, Error> {
        nodes.iter().map(|node| self.resolve(node)).collect()
    }

    fn comparison(
        &self,
        path: &Written<&str>,
        comparator: Comparator,
        literal: &Written<Literal>,
    ) -> Result<Filter, Error> {
        let attribute = self.lookup(path)?;
        if literal.what == Literal::Null {
            let present = Filter::Present(attribute);
            return match comparator {
                Comparator::Is(Operator::Equal) => Ok(Filter::Not(Box::new(present))),
                Comparator::NotEqual => Ok(present),
                Comparator::Is(_) => {
                    Err(invalid_at(literal.position, "null can be compared by eq and ne only"))
                }
            };
        }
        let attribute = comparable_part(attribute, path)?;
        let operand = Operand::of(&attribute, comparator, literal)?;
        let compare = |operator| Filter::Compare(Comparison { attribute, operator, operand });
        Ok(match comparator {
            Comparator::Is(operator) => compare(operator),
            Comparator::NotEqual => Filter::Not(Box::new(compare(Operator::Equal))),
        })
    }

    fn element(&self, path: &Written<&str>, filter: &Node<'_>) -> Result<Filter, Error> {
        let Self::Resource(_) = self else {
            return Err(invalid_at(path.position, "brackets cannot stand inside brackets"));
        };
        let attribute = self.lookup(path)?;
        if attribute.sub_attribute.is_some() {
            return Err(invalid_at(
                path.position,
                format!("brackets follow an attribute, not the sub-attribute {attribute}"),
            ));
        }
        if !attribute.is_multi_valued() {
            return Scope::Parts(&attribute).resolve(filter);
        }
        let has_elements_of_its_own = attribute.attribute.is_complex() && attribute.special().is_none();
        if has_elements_of_its_own {
            let filter = Box::new(Scope::Element(&attribute).resolve(filter)?);
            return Ok(Filter::Element { attribute, filter });
        }
        // The elements are single values: one comparison in brackets is the comparison of the attribute
        // itself.
        let alternatives = Scope::Parts(&attribute).resolve(filter)?;
        let is_simple = |filter: &Filter| matches!(filter, Filter::Compare(_) | Filter::Present(_));
        match &alternatives {
            Filter::Or(filters) if filters.iter().all(is_simple) => Ok(alternatives),
            filter if is_simple(filter) => Ok(alternatives),
            _ => Err(invalid_at(
                path.position,
                format!("{attribute} has single values: write one comparison in its brackets"),
            )),
        }
    }

    /// The object that holds an extension's attributes, named by its URN.
    fn extension(&self, path: &str) -> Option<AttributeRef> {
        let Self::Resource(resource_type) = self else { return None };
        let schema =
            resource_type.extensions().iter().find(|schema| schema.urn().eq_ignore_ascii_case(path))?;
        let attribute = Arc::new(Attribute::complex(schema.urn(), "", []));
        Some(AttributeRef {
            kind: resource_type.kind(),
            base: Base::Resource,
            attribute,
            sub_attribute: None,
        })
    }

    fn lookup(&self, path: &Written<&str>) -> Result<AttributeRef, Error> {
        let found = match self {
            Self::Resource(resource_type) => {
                let found = resource_type.attribute(path.what);
                found.map(|attribute| with_comparable_name(attribute, resource_type))
            }
            Self::Element(parent) => part_of(parent, path.what).map(|part| AttributeRef {
                kind: parent.kind,
                base: Base::Element,
                attribute: part,
                sub_attribute: None,
            }),
            Self::Parts(parent) if parent.attribute.is_complex() => {
                sub_attribute(&parent.attribute, path.what, parent)
                    .map(|part| AttributeRef { sub_attribute: Some(part), ..(*parent).clone() })
            }
            Self::Parts(parent) => part_of(parent, path.what).map(|_| (*parent).clone()),
        };
        let attribute = found.map_err(|error| invalid_at(path.position, error))?;
        match reason_not_to_filter(&attribute) {
            Some(reason) => {
                Err(invalid_at(path.position, format!("{attribute} cannot be filtered by: {reason}")))
            }
            None => Ok(attribute),
        }
    }
}

/// The sub-attribute of an element; of an element that is a single value, `value` is that.
pub(crate) fn part_of(parent: &AttributeRef, name: &str) -> Result<Arc<Attribute>, PathError> {
    if !parent.attribute.is_complex() && name.eq_ignore_ascii_case("value") {
        let single = Attribute {
            name: "value".to_owned(),
            multi_valued: false,
            ..Attribute::clone(&parent.attribute)
        };
        return Ok(Arc::new(single));
    }
    sub_attribute(&parent.attribute, name, parent)
}

/// Additional attributes have folded names in the comparable form, since names are the same in any case.
fn with_comparable_name(attribute: AttributeRef, resource_type: &ResourceType) -> AttributeRef {
    let schema = attribute.extension().and_then(|urn| resource_type.schema_named(urn));
    if schema.is_none_or(|schema| schema.declared(attribute.name()).is_some()) {
        return attribute;
    }
    let folded = Attribute { name: fold(attribute.name()), ..Attribute::clone(&attribute.attribute) };
    AttributeRef { attribute: Arc::new(folded), ..attribute }
}

/// What a comparison compares: of a complex attribute its `value` (RFC 7643 §2.4).
fn comparable_part(attribute: AttributeRef, path: &Written<&str>) -> Result<AttributeRef, Error> {
    if !attribute.definition().is_complex() {
        return Ok(attribute);
    }
    if let Some(value) = attribute.attribute.sub_attribute("value").cloned() {
        return Ok(AttributeRef { sub_attribute: Some(value), ..attribute });
    }
    let parts: Vec<_> =
        attribute.attribute.sub_attributes.iter().map(|part| format!("{attribute}.{}", part.name)).collect();
    Err(invalid_at(path.position, format!("{attribute} is complex: compare one of {}", parts.join(", "))))
}

fn reason_not_to_filter(attribute: &AttributeRef) -> Option<&'static str> {
    if attribute.definition().returned == Returned::Never {
        return Some("it is never returned");
    }
    if attribute.base != Base::Resource {
        let is_derived = attribute.definition().mutability == Mutability::ReadOnly;
        return is_derived.then_some("it is derived from other attributes");
    }
    match (attribute.name(), attribute.sub_attribute()) {
        ("members" | "groups", Some(part)) if part != "value" => Some("only its value can"),
        ("meta", Some("location")) => Some("it is derived from the id"),
        _ => None,
    }
}

fn conjuncts(filter: Filter) -> Vec<Filter> {
    match filter {
        Filter::And(filters) => filters,
        other => vec![other],
    }
}

fn disjuncts(filter: Filter) -> Vec<Filter> {
    match filter {
        Filter::Or(filters) => filters,
        other => vec![other],
    }
}
