//! Why the demo does not go on.

/// Text for a person at a terminal; the sources say more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the product could not be started")]
    Product(#[from] product::Error),
    #[error("the identity provider's request was not answered as it expects")]
    IdentityProvider(#[from] identity_provider::Error),
    #[error(transparent)]
    NotInstalled(#[from] control_plane::NotInstalled),
    #[error("{0} cannot be written")]
    Write(String, #[source] std::io::Error),
    #[error("kubectl does not run")]
    Kubectl(#[source] std::io::Error),
    #[error("the examples hold no ScimTenant")]
    NoTenant,
}
