//! Words that the operator and the server share: ids, schema names, tokens, a tenant's configuration. No I/O.

mod base62;
mod configuration;
mod credential;
mod digest;
mod id;
mod key;
mod label;
mod owner;
mod token;
mod url;

/// Part of a [`TenantConfiguration`], so that users of this crate need not name `scim` for it.
pub use scim::Profile;

pub use crate::configuration::{Limits, Service, SourceRanges, TenantConfiguration};
pub use crate::credential::{ClientId, CredentialKind, KindError, PrivateAddresses, Trust};
pub use crate::digest::{DigestError, TokenDigest};
pub use crate::id::{Generation, SchemaName, TenantId};
pub use crate::key::{InstallationId, Namespace, TenantKey, TenantName, TenantPath};
pub use crate::label::LabelError;
pub use crate::owner::Owner;
pub use crate::token::{Token, TokenError};
pub use crate::url::{ClassUrl, ClassUrlError, HostUrl, HostUrlError, TenantUrl, TenantUrlError};
