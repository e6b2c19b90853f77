//! From a profile to resource types: the standard schemas, narrowed, and the profile's own.

use std::sync::Arc;

use super::{Catalog, ResourceType, extension, form, narrow::Place, urns};
use crate::{
    Kind, Profile,
    path::strip_urn,
    profile::Groups,
    schema::{common, core_group, core_user, enterprise_user},
};

/// Why a profile cannot work. The text names the part of the profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A path of `required` or `attributes` names nothing.
    #[error("the path '{path}' names no attribute that the profile has")]
    UnknownPath {
        /// The path as it was written.
        path: String,
    },
    /// A path names an attribute that cannot be narrowed like that.
    #[error("'{path}' cannot be narrowed: {reason}")]
    Narrowing {
        /// The path as it was written.
        path: String,
        /// Why not.
        reason: &'static str,
    },
    /// An extension's URN cannot be used.
    #[error("the extension '{urn}' cannot be used: {reason}")]
    Urn {
        /// The URN as it was written.
        urn: String,
        /// Why not.
        reason: String,
    },
    /// An attribute of an extension cannot be used.
    #[error("the attribute '{name}' of '{urn}' cannot be used: {reason}")]
    Attribute {
        /// The extension.
        urn: String,
        /// The attribute, or `attribute.subAttribute`.
        name: String,
        /// Why not.
        reason: &'static str,
    },
}

/// The resource types of a profile.
pub(super) fn catalog(profile: &Profile) -> Result<Catalog, ProfileError> {
    urns::check(&profile.extensions)?;
    let mut user = resource_type(Kind::User, profile)?;
    let mut group = resource_type(Kind::Group, profile)?;
    let mut of_path = |path: &str, change: &dyn Fn(&mut Place<'_>) -> Result<(), ProfileError>| {
        let of_group = strip_urn(path, core_group::URN).is_some() || group_extension(profile, path);
        let resource_type = if of_group { &mut group } else { &mut user };
        change(&mut Place::find(resource_type, path)?)
    };
    for path in &profile.required {
        of_path(path, &|place| place.require(path))?;
    }
    for narrowing in &profile.attributes {
        of_path(&narrowing.path, &|place| place.narrow(narrowing))?;
    }
    let group = match profile.groups {
        Groups::Enabled => Some(group),
        Groups::Disabled => None,
    };
    let form = form::of(std::iter::once(&user).chain(&group));
    Ok(Catalog { user, group, form })
}

fn group_extension(profile: &Profile, path: &str) -> bool {
    profile
        .extensions
        .iter()
        .any(|extension| extension.resource == Kind::Group && strip_urn(path, &extension.urn).is_some())
}

fn resource_type(kind: Kind, profile: &Profile) -> Result<ResourceType, ProfileError> {
    let (mut core, mut extensions) = match kind {
        Kind::User => (core_user::schema(), vec![enterprise_user::schema()]),
        Kind::Group => (core_group::schema(), Vec::new()),
    };
    if kind == Kind::User && profile.groups == Groups::Disabled {
        core.attributes.retain(|attribute| attribute.name != "groups");
    }
    for extension in profile.extensions.iter().filter(|extension| extension.resource == kind) {
        extensions.push(extension::schema(extension)?);
    }
    let common = common::attributes().into_iter().map(Arc::new).collect();
    Ok(ResourceType { kind, core, extensions, common })
}
