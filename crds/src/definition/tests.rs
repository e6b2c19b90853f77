use super::*;

fn schema_of(definition: &Definition) -> &JSONSchemaProps {
    let version = definition.resource.spec.versions.first().unwrap();
    version.schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap()
}

fn property<'a>(schema: &'a JSONSchemaProps, name: &str) -> &'a JSONSchemaProps {
    schema.properties.as_ref().unwrap().get(name).unwrap()
}

/// The paths below which something has no bound.
fn unbounded(schema: &JSONSchemaProps, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_bounded = match schema.type_.as_deref() {
        Some("string") => schema.max_length.is_some() || schema.enum_.is_some(),
        Some("array") => schema.max_items.is_some(),
        Some("object") if schema.additional_properties.is_some() => schema.max_properties.is_some(),
        _ => true,
    };
    if !is_bounded {
        found.push(path.to_owned());
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        found.extend(unbounded(items, &format!("{path}[]")));
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        found.extend(unbounded(values, &format!("{path}{{}}")));
    }
    for (name, property) in schema.properties.iter().flatten() {
        found.extend(unbounded(property, &format!("{path}.{name}")));
    }
    found
}

#[test]
fn the_files_are_what_the_types_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (definition, folder) in
        definitions().iter().flat_map(|definition| FOLDERS.map(|folder| (definition, folder)))
    {
        let found = std::fs::read_to_string(root.join(folder).join(definition.file_name)).unwrap();
        assert!(
            found == definition.to_yaml().unwrap(),
            "run `make crds`: {folder}/{} is old",
            definition.file_name
        );
    }
}

#[test]
fn everything_a_user_writes_is_bounded_but_the_label_selector_of_kubernetes_itself() {
    let found: Vec<String> = definitions()
        .iter()
        .flat_map(|definition| unbounded(property(schema_of(definition), "spec"), "spec"))
        .filter(|path| !path.starts_with("spec.allowedNamespaces.selector"))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

/// The paths of text that may hold any character.
fn unrestrained(schema: &JSONSchemaProps, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_restrained =
        schema.enum_.is_some() || schema.pattern.is_some() || schema.x_kubernetes_validations.is_some();
    if schema.type_.as_deref() == Some("string") && !is_restrained {
        found.push(path.to_owned());
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        found.extend(unrestrained(items, &format!("{path}[]")));
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        found.extend(unrestrained(values, &format!("{path}{{}}")));
    }
    for (name, property) in schema.properties.iter().flatten() {
        found.extend(unrestrained(property, &format!("{path}.{name}")));
    }
    found
}

#[test]
fn no_text_a_user_writes_may_hold_control_characters_but_the_label_selector_of_kubernetes_itself() {
    let found: Vec<String> = definitions()
        .iter()
        .flat_map(|definition| unrestrained(property(schema_of(definition), "spec"), "spec"))
        .filter(|path| !path.starts_with("spec.allowedNamespaces.selector"))
        .collect();
    assert_eq!(found, Vec::<String>::new());
    let [_, tenant] = definitions();
    let display_name = property(property(schema_of(&tenant), "spec"), "displayName");
    assert_eq!(display_name.pattern.as_deref(), Some(r"^[^\x00-\x1f\x7f]*$"));
}

#[test]
fn a_status_starts_with_a_generation_that_never_was() {
    for definition in definitions() {
        let default = property(schema_of(&definition), "status").default.clone();
        assert_eq!(default, Some(JSON(json!({ "observedGeneration": -1 }))));
    }
}

#[test]
fn a_tenant_needs_no_field_of_its_spec() {
    let [_, tenant] = definitions();
    assert_eq!(property(schema_of(&tenant), "spec").required, None);
}

#[test]
fn a_tenant_is_listed_with_what_people_ask_first() {
    let [_, tenant] = definitions();
    let columns = tenant.resource.spec.versions.first().unwrap().additional_printer_columns.clone().unwrap();
    let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["Ready", "Reason", "URL", "Users", "Age"]);
}

#[test]
fn the_rules_of_a_class_are_these() {
    let [class, _] = definitions();
    insta::assert_snapshot!(rules(schema_of(&class), "").join("\n"), @r#"
    : self.metadata.name.size() <= 63
    .spec.allowedNamespaces: (self.from == 'Selector') == has(self.selector)
    .spec.controllerName: self == oldSelf
    .spec.deletionDelay: duration(self) <= duration('8760h')
    .spec.profile.attributes[]: !has(self.enforce) || !self.enforce || has(self.canonicalValues)
    .spec.profile.extensions[]: has(self.attributes) || has(self.additionalAttributes)
    .spec.profile.extensions[]: self.resource == 'User' || !has(self.attributes) || self.attributes.all(attribute, attribute.uniqueness == 'none' && (!has(attribute.subAttributes) || attribute.subAttributes.all(part, part.uniqueness == 'none')))
    .spec.profile.extensions[].attributes[]: (self.type == 'complex') == has(self.subAttributes)
    .spec.profile.extensions[].attributes[]: !has(self.enforce) || !self.enforce || has(self.canonicalValues)
    .spec.profile.extensions[].attributes[].subAttributes[]: !has(self.enforce) || !self.enforce || has(self.canonicalValues)
    .spec.route: (self.kind == 'HTTPRoute') == has(self.gateway)
    .spec.route: self.kind == 'Ingress' || !has(self.ingress)
    .spec.sourceRanges[]: isCIDR(self) && cidr(self) == cidr(self).masked()
    .spec.url: self.replace('{namespace}', 'a').replace('{name}', 'a').matches('^https?://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[1-9][0-9]{0,4})?$')
    .spec.url: !self.matches('^https?://[0-9]+([.][0-9]+){3}(:|$)')
    "#);
}

#[test]
fn the_rules_of_a_tenant_are_these() {
    let [_, tenant] = definitions();
    insta::assert_snapshot!(rules(schema_of(&tenant), "").join("\n"), @r#"
    : self.metadata.name.matches('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')
    .spec.authentication: [has(self.bearerToken), has(self.basic), has(self.oauth2), has(self.jwt)].filter(one, one).size() <= 1
    .spec.authentication.basic: !has(self.existingSecret) || !has(self.secretName)
    .spec.authentication.basic: !has(self.existingSecret) || !has(self.rotation) || !has(self.rotation.every)
    .spec.authentication.basic.rotation.every: duration(self) >= duration('1h')
    .spec.authentication.basic.rotation.overlap: self == 'UntilUsed' || (duration(self) > duration('0s') && duration(self) <= duration('8760h'))
    .spec.authentication.bearerToken: !has(self.existingSecret) || !has(self.secretName)
    .spec.authentication.bearerToken: !has(self.existingSecret) || !has(self.rotation) || !has(self.rotation.every)
    .spec.authentication.bearerToken.rotation.every: duration(self) >= duration('1h')
    .spec.authentication.bearerToken.rotation.overlap: self == 'UntilUsed' || (duration(self) > duration('0s') && duration(self) <= duration('8760h'))
    .spec.authentication.jwt: has(self.entra) != has(self.issuer)
    .spec.authentication.oauth2: has(self.clientSecret) != has(self.federation)
    .spec.authentication.oauth2: !has(self.federation) || !has(self.federation.entra) || (has(self.federation.entra.audience) && has(self.federation.entra.subject))
    .spec.authentication.oauth2: !has(self.federation) || !has(self.federation.issuer) || has(self.federation.issuer.subject)
    .spec.authentication.oauth2.accessTokenLifetime: duration(self) >= duration('1h') && duration(self) <= duration('6h')
    .spec.authentication.oauth2.clientSecret.rotation.every: duration(self) >= duration('1h')
    .spec.authentication.oauth2.clientSecret.rotation.overlap: self == 'UntilUsed' || (duration(self) > duration('0s') && duration(self) <= duration('8760h'))
    .spec.authentication.oauth2.federation: has(self.entra) != has(self.issuer)
    .spec.deletionDelay: duration(self) <= duration('8760h')
    .spec.profile.extensions[]: has(self.attributes) || has(self.additionalAttributes)
    .spec.profile.extensions[]: self.resource == 'User' || !has(self.attributes) || self.attributes.all(attribute, attribute.uniqueness == 'none' && (!has(attribute.subAttributes) || attribute.subAttributes.all(part, part.uniqueness == 'none')))
    .spec.profile.extensions[].attributes[]: (self.type == 'complex') == has(self.subAttributes)
    .spec.profile.extensions[].attributes[]: !has(self.enforce) || !self.enforce || has(self.canonicalValues)
    .spec.profile.extensions[].attributes[].subAttributes[]: !has(self.enforce) || !self.enforce || has(self.canonicalValues)
    .spec.sourceRanges[]: isCIDR(self) && cidr(self) == cidr(self).masked()
    "#);
}

/// Every CEL rule with the path that it holds for.
fn rules(schema: &JSONSchemaProps, path: &str) -> Vec<String> {
    let own = schema.x_kubernetes_validations.iter().flatten();
    let mut found: Vec<String> = own.map(|rule| format!("{path}: {}", rule.rule)).collect();
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        found.extend(rules(items, &format!("{path}[]")));
    }
    for (name, property) in schema.properties.iter().flatten() {
        found.extend(rules(property, &format!("{path}.{name}")));
    }
    found
}
