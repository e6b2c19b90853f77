//! Which namespaces the operator works in.

use std::fmt::Debug;

use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource};
use tenancy::Namespace;

/// Which namespaces the operator works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of them, those too that come later.
    Cluster,
    /// These alone. Classes are then read and never written.
    Namespaces(Vec<Namespace>),
}

impl Scope {
    /// Whether tenants of a namespace are looked after.
    pub(crate) fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::Cluster => true,
            Self::Namespaces(names) => names.iter().any(|name| name.as_str() == namespace),
        }
    }

    /// What to ask for all objects of a kind: the cluster once, or each namespace.
    pub(crate) fn apis<K>(&self, client: &Client) -> Vec<Api<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match self {
            Self::Cluster => vec![Api::all(client.clone())],
            Self::Namespaces(names) => {
                names.iter().map(|name| Api::namespaced(client.clone(), name.as_str())).collect()
            }
        }
    }
}

impl From<Vec<Namespace>> for Scope {
    /// No name means the whole cluster.
    fn from(mut names: Vec<Namespace>) -> Self {
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { Self::Cluster } else { Self::Namespaces(names) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(names: &[&str]) -> Scope {
        Scope::from(names.iter().map(|name| name.parse().unwrap()).collect::<Vec<Namespace>>())
    }

    #[test]
    fn without_a_name_every_namespace_is_looked_after() {
        assert_eq!(scope(&[]), Scope::Cluster);
        assert!(scope(&[]).contains("any"));
    }

    #[test]
    fn with_names_these_alone_are_looked_after_each_once() {
        let both = scope(&["b", "a", "b"]);
        assert!(both.contains("a") && both.contains("b") && !both.contains("c"));
        assert_eq!(both, scope(&["a", "b"]));
    }
}
