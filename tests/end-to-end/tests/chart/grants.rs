//! The roles of the chart, read: nobody gets everything, an operator of a few namespaces gets no more than the other, and
//! people get tenants alone.

use product::{SYSTEM_NAMESPACE, Site, chart};
use serde_json::{Value, json};

use crate::rules::rights;
use crate::world::Cluster;

pub(crate) async fn nobody_gets_everything(_: &Cluster) {
    for values in [json!({}), json!({"watchNamespaces": ["customer-acme"]})] {
        let rendered = chart::render("scim-operator", SYSTEM_NAMESPACE, &values).await.unwrap();
        let rules = rendered.objects().iter().map(|object| &object["rules"]).filter(|rules| rules.is_array());
        assert!(rules.clone().count() > 5);
        assert!(rules.clone().all(|rules| !rules.to_string().contains('*')));
    }
}

pub(crate) async fn an_operator_of_a_few_namespaces_only_reads_what_is_the_clusters(_: &Cluster) {
    let few = Site::default().rights(&["customer-acme"]).await.unwrap();
    let everywhere = rights(few.objects()).into_iter().filter(|right| right.namespace.is_none());
    let everywhere: Vec<_> = everywhere.map(|right| format!("{} {}", right.verb, right.resource)).collect();
    let expected = [
        "list scimtenantclasses",
        "watch scimtenantclasses",
        "get namespaces",
        "list namespaces",
        "watch namespaces",
    ];
    assert_eq!(everywhere, expected);
}

pub(crate) async fn an_operator_of_a_few_namespaces_may_do_there_what_the_other_may_do_everywhere(
    _: &Cluster,
) {
    let grants = async |watches: &[&str], namespace: Option<&str>| {
        let manifest = Site::default().rights(watches).await.unwrap();
        let rights =
            rights(manifest.objects()).into_iter().filter(|right| right.namespace.as_deref() == namespace);
        rights.map(|right| (right.verb, right.group, right.resource)).collect::<Vec<_>>()
    };
    let everywhere = grants(&[], None).await;
    let there = grants(&["customer-acme"], Some("customer-acme")).await;
    assert!(there.len() > 5 && there.iter().all(|grant| everywhere.contains(grant)), "{there:?}");
    let servers = Some(SYSTEM_NAMESPACE);
    assert_eq!(grants(&[], servers).await, grants(&["customer-acme"], servers).await);
}

pub(crate) async fn people_get_tenants_and_neither_their_status_nor_classes(_: &Cluster) {
    let prefix = "rbac.authorization.k8s.io/aggregate-to-";
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let people = chart::rights_of_people().await.unwrap();
    let lines = people.objects().iter().map(|role| {
        let labels = role["metadata"]["labels"].as_object().unwrap().keys();
        let mut to: Vec<_> = labels.filter_map(|label| label.strip_prefix(prefix)).collect();
        to.sort_unstable();
        let rules = role["rules"].as_array().unwrap().iter();
        let rules: Vec<_> = rules
            .map(|rule| {
                format!("{}: {}", texts(&rule["resources"]).join(" "), texts(&rule["verbs"]).join(" "))
            })
            .collect();
        format!("{} → {}: {}", role["metadata"]["name"].as_str().unwrap(), to.join(" "), rules.join(", "))
    });
    let expected = [
        "scim-operator-scim-system-view → admin edit view: scimtenants: get list watch",
        "scim-operator-scim-system-edit → admin edit: scimtenants: create update patch delete",
        "scim-operator-scim-system-admin → admin: scimtenants: create update patch delete deletecollection",
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}
