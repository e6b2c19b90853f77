//! The custom resources of `scim-operator.io`: what people declare, and the words the operator answers with.
//!
//! The YAML beside this crate's `src` is made from these types: `cargo run -p crds` writes it, a test compares it.

// KubeSchema copies each struct, with its `pub`, into the function that makes the schema.
#![allow(unreachable_pub)]

pub mod authentication;
pub mod class;
pub mod conditions;
pub mod definition;
pub mod handbook;
pub mod metadata;
pub mod profile;
pub mod reference;
pub mod tenant;
mod text;

pub use class::{ScimTenantClass, ScimTenantClassSpec, ScimTenantClassStatus};
pub use conditions::{ConditionType, Reason};
pub use tenant::{ScimTenant, ScimTenantSpec, ScimTenantStatus};
