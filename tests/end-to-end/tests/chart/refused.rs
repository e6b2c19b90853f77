//! Wrong values are refused before anything is made, and the message has the key.

use product::{Error, chart};

use crate::renders::{NAMESPACE, RELEASE};
use crate::world::Cluster;

/// Values, and what helm says of them.
const REFUSED: &[(&str, &str)] = &[
    ("operater: {}", "at '': additional properties 'operater' not allowed"),
    ("operator: {replica: 3}", "at '/operator': additional properties 'replica' not allowed"),
    (
        "server: {autoscaling: {enabeld: true}}",
        "at '/server/autoscaling': additional properties 'enabeld' not allowed",
    ),
    ("operator: {replicas: -1}", "at '/operator/replicas': minimum: got -1, want 0"),
    ("server: {replicas: two}", "at '/server/replicas': got string, want integer"),
    (
        "server: {trustedProxies: [10.0.0.0/33]}",
        "at '/server/trustedProxies/0': '10.0.0.0/33' does not match",
    ),
    ("server: {trustedProxies: [everybody]}", "at '/server/trustedProxies/0': 'everybody' does not match"),
    (
        "networkPolicy: {apiServerCIDRs: [10.0.0]}",
        "at '/networkPolicy/apiServerCIDRs/0': '10.0.0' does not match",
    ),
    ("server: {requestTimeout: 14}", "at '/server/requestTimeout': got number, want string"),
    ("server: {requestTimeout: soon}", "at '/server/requestTimeout': 'soon' does not match"),
    ("server: {shutdown: {delay: -1s}}", "at '/server/shutdown/delay': '-1s' does not match"),
    ("operator: {auditInterval: 1 minute}", "at '/operator/auditInterval': '1 minute' does not match"),
    ("server: {maxBody: 1MiB}", "at '/server/maxBody': got string, want integer"),
    ("operator: {logFormat: xml}", "at '/operator/logFormat': value must be one of 'json', 'text'"),
    ("server: {service: {port: 70000}}", "at '/server/service/port': maximum: got 70,000, want 65,535"),
    (
        "server: {service: {type: ExternalName}}",
        "at '/server/service/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'",
    ),
    ("operator: {image: {digest: latest}}", "at '/operator/image/digest': 'latest' does not match"),
    (
        "operator: {image: {pullPolicy: Sometimes}}",
        "at '/operator/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'",
    ),
    ("watchNamespaces: customer-acme", "at '/watchNamespaces': got string, want array"),
    ("watchNamespaces: [Customer_Acme]", "at '/watchNamespaces/0': 'Customer_Acme' does not match"),
    ("installation: Not A Label", "at '/installation': 'Not A Label' does not match"),
    ("fullnameOverride: Upper", "at '/fullnameOverride': 'Upper' does not match"),
    ("tracing: {endpoint: tempo:4318}", "at '/tracing/endpoint': 'tempo:4318' does not match"),
    (
        "database: {embedded: {enabled: false}}",
        "databases: name at least one database, or set database.embedded.enabled",
    ),
    (
        "databases: {primary: {operator: {secretName: a}, server: {secretName: b}}}",
        "database.embedded.enabled: must be false where databases has entries: it is one or the other",
    ),
    (
        "database: {embedded: {enabled: false}}\ndatabases: {primary: {operator: {secretName: a}}}",
        "at '/databases/primary': missing property 'server'",
    ),
    (
        "database: {embedded: {enabled: false}}\ndatabases: {Primary: {operator: {secretName: a}, server: {secretName: b}}}",
        "at '/databases': additional properties 'Primary' not allowed",
    ),
    (
        "database: {embedded: {enabled: false}}\n\
         databases: {primary: {operator: {secretName: a, keys: {uri: uri}}, server: {secretName: b}}}",
        "at '/databases/primary/operator/keys': additional properties 'uri' not allowed",
    ),
    (
        "database: {embedded: {enabled: false}}\n\
         databases: {primary: {sslmode: maybe, operator: {secretName: a}, server: {secretName: b}}}",
        "at '/databases/primary/sslmode': value must be one of 'disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'",
    ),
    (
        "database: {embedded: {storage: {size: plenty}}}",
        "at '/database/embedded/storage/size': 'plenty' does not match",
    ),
    (
        "defaultClass: {create: true}",
        "defaultClass.spec.url: is needed where defaultClass.create is true, for instance https://scim.example.com",
    ),
    (
        "defaultClass: {create: true, spec: {url: scim.example.com}}",
        "at '/defaultClass/spec/url': 'scim.example.com' does not match",
    ),
    (
        "defaultClass: {create: true, spec: {url: 'https://scim.example.com', database: eu}}",
        "defaultClass.spec.database: there is no database eu; there are: primary",
    ),
    (
        "server: {autoscaling: {enabled: true, minReplicas: 5, maxReplicas: 2}}",
        "server.autoscaling.minReplicas: must not be more than server.autoscaling.maxReplicas",
    ),
    (
        "metrics: {podMonitor: {enabled: true}, serviceMonitor: {enabled: true}}",
        "metrics.serviceMonitor.enabled: must be false where metrics.podMonitor.enabled is true: everything would be scraped twice",
    ),
    (
        "tests: {namespace: other}\nwatchNamespaces: [customer-acme]",
        "tests.namespace: other is none of watchNamespaces",
    ),
    ("tests: {database: eu}", "tests.database: there is no database eu; there are: primary"),
    ("uninstall: {timeoutSeconds: 0}", "at '/uninstall/timeoutSeconds': minimum: got 0, want 90"),
];

pub(crate) async fn wrong_values_are_refused_with_their_key(_: &Cluster) {
    let mut wrong = Vec::new();
    for (values, expected) in REFUSED {
        let said = match chart::template(RELEASE, NAMESPACE, values).await {
            Ok(_) => "nothing: it renders".to_owned(),
            Err(Error::Helm { said }) => gist(&said),
            Err(other) => panic!("{other:?}"),
        };
        if said != *expected {
            wrong.push(format!("{values}\n  is told {said:?}\n  and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What helm says, without where in the chart it found out, and without the patterns of the schema.
fn gist(said: &str) -> String {
    let by_schema: Vec<_> = said.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    if !by_schema.is_empty() {
        let said = by_schema.iter().map(|said| said.split(" pattern '").next().unwrap_or(said));
        return said.collect::<Vec<_>>().join("; ");
    }
    let line = said.lines().next().unwrap_or_default();
    line.split_once("): ").map_or(line, |(_, told)| told).to_owned()
}
