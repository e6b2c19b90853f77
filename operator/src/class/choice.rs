//! Which class a tenant belongs to.

use crds::{Reason, ScimTenant, ScimTenantClass};

use crate::obstacle::Obstacle;

/// The class of a tenant: by name, or the only default. The obstacle is always a lasting one.
pub(crate) fn choose_class<'a>(
    tenant: &ScimTenant,
    classes: &'a [ScimTenantClass],
) -> Result<&'a ScimTenantClass, Obstacle> {
    if let Some(name) = &tenant.spec.class_name {
        return classes.iter().find(|class| class.metadata.name.as_ref() == Some(name)).ok_or_else(|| {
            Obstacle::lasting(Reason::ClassNotFound, format!("there is no ScimTenantClass {name}"))
        });
    }
    let defaults: Vec<&ScimTenantClass> = classes.iter().filter(|class| class.is_default()).collect();
    match defaults.as_slice() {
        [class] => Ok(class),
        [] => Err(Obstacle::lasting(
            Reason::NoDefaultClass,
            "spec.className is missing, and no ScimTenantClass is the default",
        )),
        several => {
            let mut names: Vec<&str> =
                several.iter().filter_map(|class| class.metadata.name.as_deref()).collect();
            names.sort_unstable();
            Err(Obstacle::lasting(
                Reason::SeveralDefaultClasses,
                format!(
                    "spec.className is missing, and more than one class is the default: {}",
                    names.join(", ")
                ),
            ))
        }
    }
}

/// Whether a tenant belongs to a class. One that names none belongs to no class as long as several are the default, so any
/// of these can go.
pub(super) fn belongs(tenant: &ScimTenant, class: &ScimTenantClass, classes: &[ScimTenantClass]) -> bool {
    choose_class(tenant, classes).is_ok_and(|chosen| chosen.metadata.uid == class.metadata.uid)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{class, tenant};

    fn class_with_uid(name: &str) -> ScimTenantClass {
        let mut class = class(name, json!({}));
        class.metadata.uid = Some(name.to_owned());
        class
    }

    #[test]
    fn a_tenant_belongs_to_the_class_that_it_names_or_to_the_default() {
        let default = class_with_uid("default");
        let mut special = class_with_uid("special");
        special.metadata.annotations = None;
        let classes = [default.clone(), special.clone()];
        let (unnamed, named) = (tenant(json!({})), tenant(json!({"className": "special"})));
        assert!(belongs(&unnamed, &default, &classes) && belongs(&named, &special, &classes));
        assert!(!belongs(&named, &default, &classes) && !belongs(&unnamed, &special, &classes));
    }

    #[test]
    fn one_of_two_default_classes_is_in_use_by_those_alone_that_name_it() {
        let classes = [class_with_uid("a"), class_with_uid("b")];
        let (unnamed, named) = (tenant(json!({})), tenant(json!({"className": "a"})));
        let [a, b] = &classes;
        assert!(belongs(&named, a, &classes) && !belongs(&unnamed, a, &classes));
        assert!(!belongs(&named, b, &classes) && !belongs(&unnamed, b, &classes));
    }
}
