//! From a filter as written to one over a schema: names become attributes, constants typed operands.

use std::sync::Arc;

use super::{
    Comparator, Comparison, Filter, Literal, Node, Operand, Operator, invalid_at,
    known::{Known, extension, is_always_present},
    names::{self, Names},
    syntax::Written,
};
use crate::{
    AttributeRef, EntityTag, Error, ResourceType, Special,
    path::{Base, Element, PathError, sub_attribute},
    schema::Attribute,
};

/// Resolves a filter on resources of several types: one filter for each. What one type lacks has no value there.
pub(super) fn resolve(node: &Node<'_>, resource_types: &[&ResourceType]) -> Result<Vec<Filter>, Error> {
    let mut names = Names::default();
    let mut filters = Vec::with_capacity(resource_types.len());
    for resource_type in resource_types {
        filters.push(Scope::Resource(resource_type).resolve(node, &mut names)?);
    }
    names.check()?;
    Ok(filters)
}

/// Resolves the filter in the brackets of a PATCH path: its references are relative to one element of the
/// attribute.
pub(crate) fn resolve_in_element(node: &Node<'_>, attribute: &AttributeRef) -> Result<Filter, Error> {
    let mut names = Names::default();
    let filter = Scope::Element(attribute).resolve(node, &mut names)?;
    names.check()?;
    Ok(filter)
}

/// What names in a filter are looked up in.
enum Scope<'a> {
    Resource(&'a ResourceType),
    /// One element of a multi-valued attribute; references are relative to it.
    Element(&'a AttributeRef),
    /// The parts of a single-valued attribute, by references that begin at the resource.
    Parts(&'a ResourceType, &'a AttributeRef),
}

impl Scope<'_> {
    fn resolve(&self, node: &Node<'_>, names: &mut Names) -> Result<Filter, Error> {
        match node {
            Node::And(nodes) => Ok(Filter::all(self.resolve_all(nodes, names)?)),
            Node::Or(nodes) => Ok(Filter::any(self.resolve_all(nodes, names)?)),
            Node::Not(node) => Ok(Filter::not(self.resolve(node, names)?)),
            Node::Present { path } => self.present(path, names),
            Node::Compare { path, comparator, literal } => self.comparison(path, *comparator, literal, names),
            Node::Element { path, filter } => self.element(path, filter, names),
        }
    }

    fn resolve_all(&self, nodes: &[Node<'_>], names: &mut Names) -> Result<Vec<Filter>, Error> {
        nodes.iter().map(|node| self.resolve(node, names)).collect()
    }

    fn present(&self, path: &Written<&str>, names: &mut Names) -> Result<Filter, Error> {
        if let Some(of_schema) = self.schema_present(path.what) {
            names.note_schema(path);
            return Ok(of_schema);
        }
        Ok(self.lookup(path, names)?.map_or_else(Filter::never, present))
    }

    fn comparison(
        &self,
        path: &Written<&str>,
        comparator: Comparator,
        literal: &Written<Literal>,
        names: &mut Names,
    ) -> Result<Filter, Error> {
        let attribute = self.lookup(path, names)?;
        if literal.what == Literal::Null {
            let present = attribute.map_or_else(Filter::never, present);
            return match comparator {
                Comparator::Is(Operator::Equal) => Ok(Filter::not(present)),
                Comparator::NotEqual => Ok(present),
                Comparator::Is(_) => {
                    Err(invalid_at(literal.position, "null can be compared by eq and ne only"))
                }
            };
        }
        let operator = match comparator {
            Comparator::Is(operator) => operator,
            Comparator::NotEqual => Operator::Equal,
        };
        let holds = match attribute {
            None => Filter::never(),
            Some(attribute) => {
                let attribute =
                    names::comparable_part(attribute).map_err(|reason| invalid_at(path.position, reason))?;
                let operand = regular(&attribute, Operand::of(&attribute, comparator, literal)?);
                self.compare(Comparison { attribute, operator, operand })
            }
        };
        Ok(if comparator == Comparator::NotEqual { Filter::not(holds) } else { holds })
    }

    fn compare(&self, comparison: Comparison) -> Filter {
        match self.resource_type().and_then(|of| Known::of(&comparison.attribute, of)) {
            Some(known) => known.where_one_compares(&comparison),
            None => Filter::Compare(comparison),
        }
    }

    fn element(&self, path: &Written<&str>, node: &Node<'_>, names: &mut Names) -> Result<Filter, Error> {
        let Self::Resource(resource_type) = self else {
            return Err(invalid_at(path.position, "brackets cannot stand inside brackets"));
        };
        let Some(attribute) = self.lookup(path, names)? else { return Ok(Filter::never()) };
        if attribute.sub_attribute.is_some() {
            return Err(invalid_at(
                path.position,
                format!("brackets follow an attribute, not the sub-attribute {attribute}"),
            ));
        }
        if !attribute.is_multi_valued() {
            return Scope::Parts(resource_type, &attribute).resolve(node, names);
        }
        let filter = Scope::Element(&attribute).resolve(node, names)?;
        Ok(match Known::of(&attribute, resource_type) {
            Some(known) => known.where_one_passes(&filter),
            None => one_element(attribute, filter),
        })
    }

    /// Whether the resource has a schema, which is named by its URN.
    fn schema_present(&self, path: &str) -> Option<Filter> {
        let Self::Resource(resource_type) = self else { return None };
        let schema = resource_type.schema_named(path)?;
        let is_core = schema.urn() == resource_type.core_schema().urn();
        Some(if is_core { Filter::always() } else { Filter::Present(extension(schema, resource_type)) })
    }

    fn resource_type(&self) -> Option<&ResourceType> {
        match self {
            Self::Resource(resource_type) | Self::Parts(resource_type, _) => Some(resource_type),
            Self::Element(_) => None,
        }
    }

    fn lookup(&self, path: &Written<&str>, names: &mut Names) -> Result<Option<AttributeRef>, Error> {
        let found = match self {
            Self::Resource(resource_type) => names::attribute(path.what, resource_type),
            Self::Element(parent) => part_of(parent, path.what).map(|part| AttributeRef {
                kind: parent.kind,
                base: Base::Element(kind_of_element(parent)),
                attribute: part,
                sub_attribute: None,
            }),
            Self::Parts(_, parent) if parent.attribute.is_complex() => {
                sub_attribute(&parent.attribute, path.what, parent)
                    .map(|part| AttributeRef { sub_attribute: Some(part), ..(*parent).clone() })
            }
            Self::Parts(_, parent) => part_of(parent, path.what).map(|_| (*parent).clone()),
        };
        names.note(path, found)
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

fn kind_of_element(parent: &AttributeRef) -> Element {
    match parent.special() {
        Some(Special::Members | Special::Groups) => Element::Membership,
        _ if parent.attribute.is_complex() => Element::Object,
        _ => Element::Single,
    }
}

fn present(attribute: AttributeRef) -> Filter {
    if is_always_present(&attribute) { Filter::always() } else { Filter::Present(attribute) }
}

/// The operand as it is compared: of the tag of a resource the version alone, weak, since the groups that a user is
/// shown with are no part of `meta.version` in a filter.
fn regular(attribute: &AttributeRef, operand: Operand) -> Operand {
    match (attribute.special(), operand) {
        (Some(Special::Version), Operand::String(text)) => {
            let tag = EntityTag::from_text(&text).map(|tag| EntityTag::new(tag.version, None));
            Operand::String(tag.map_or(text, |tag| tag.to_string()))
        }
        (_, operand) => operand,
    }
}

/// The filter that holds when one element passes.
fn one_element(attribute: AttributeRef, filter: Filter) -> Filter {
    if filter.is_never() {
        return Filter::never();
    }
    if filter.is_always() {
        return Filter::Present(attribute);
    }
    match without_brackets(&attribute, &filter) {
        Some(filter) => filter,
        None => Filter::Element { attribute, filter: Box::new(filter) },
    }
}

/// The same without brackets, where the elements are single values or memberships, and one comparison is asked of
/// them, or one of several: `folders[value eq "a"]` is `folders eq "a"`, which an index may answer.
fn without_brackets(attribute: &AttributeRef, filter: &Filter) -> Option<Filter> {
    let from_resource = |part: &AttributeRef| match kind_of_element(attribute) {
        Element::Object => None,
        Element::Single => Some(attribute.clone()),
        Element::Membership => {
            Some(AttributeRef { sub_attribute: Some(Arc::clone(&part.attribute)), ..attribute.clone() })
        }
    };
    match filter {
        Filter::Or(filters) => {
            let simple = |filter| match filter {
                &Filter::Or(_) => None,
                filter => without_brackets(attribute, filter),
            };
            filters.iter().map(simple).collect::<Option<_>>().map(Filter::Or)
        }
        Filter::Compare(comparison) => {
            let attribute = from_resource(&comparison.attribute)?;
            Some(Filter::Compare(Comparison { attribute, ..comparison.clone() }))
        }
        Filter::Present(part) => from_resource(part).map(Filter::Present),
        Filter::And(_) | Filter::Not(_) | Filter::Element { .. } => None,
    }
}
