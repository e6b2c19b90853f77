use serde_json::json;

use super::*;
use crate::fixtures::class;

fn concerned(url: &str, route_name: &str) -> bool {
    may_catch(&class("default", json!({"url": url})), route_name)
}

#[test]
fn a_catch_all_concerns_every_class_of_its_host() {
    for url in ["https://scim.example.com", "http://scim.example.com:8080", "https://scim.example.com/"] {
        assert!(concerned(url, "host.scim.example.com"), "{url}");
    }
    assert!(!concerned("https://scim.example.net", "host.scim.example.com"));
    assert!(!concerned("https://scim.example.com", "tenant.customer-acme.acme"));
}

#[test]
fn a_catch_all_concerns_every_class_with_hosts_such_as_its() {
    let url = "https://{name}-{namespace}.scim.example.com:8443";
    assert!(concerned(url, "host.acme-customer.scim.example.com"));
    assert!(!concerned(url, "host.scim.example.com"));
    assert!(!concerned(url, "host.acme-customer.example.com"));
    assert!(concerned("https://scim-{namespace}.example.com", "host.scim-acme.example.com"));
    assert!(!concerned("https://scim-{namespace}.example.com", "host.other-acme.example.com"));
}
