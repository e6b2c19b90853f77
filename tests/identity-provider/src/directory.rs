//! People and groups as a directory holds them, and a generator that always makes the same ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Attribute;

/// What an identity provider provisions from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    /// In the order in which they are provisioned.
    pub people: Vec<Person>,
    /// In the order in which they are provisioned.
    pub groups: Vec<Group>,
}

/// A person, with the attributes of the seeds. What is `None` is not set in the directory.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is named as the SCIM attribute that it feeds")]
pub struct Person {
    /// The directory's own id; `externalId` in SCIM.
    pub object_id: String,
    pub user_name: String,
    /// False for one who is out of scope, blocked or in the recycle bin.
    pub active: bool,
    pub display_name: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    pub title: Option<String>,
    pub preferred_language: Option<String>,
    pub locale: Option<String>,
    pub mobile_phone: Option<String>,
    pub work_phone: Option<String>,
    pub address: Option<PostalAddress>,
    pub department: Option<String>,
    pub employee_number: Option<String>,
    pub cost_center: Option<String>,
    pub organization: Option<String>,
    pub division: Option<String>,
    /// The manager's object id.
    pub manager: Option<String>,
    pub user_type: Option<String>,
    pub role: Option<String>,
    pub folders: Vec<String>,
    pub metadata: BTreeMap<String, Value>,
}

/// A person's work address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is named as the SCIM attribute that it feeds")]
pub struct PostalAddress {
    pub street_address: String,
    pub postal_code: String,
    pub locality: String,
    pub region: String,
    pub country: String,
}

/// A group of people. Entra does not support nested ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The directory's own id; `externalId` in SCIM.
    pub object_id: String,
    /// The group's name.
    pub display_name: String,
    /// Object ids of people.
    pub members: Vec<String>,
}

impl Person {
    /// The value of the attribute; nothing when the directory has none. The manager is not a value of its own: it is
    /// known by another id at the service.
    pub fn value(&self, attribute: &Attribute) -> Option<Value> {
        let text = |text: &str| Some(json!(text));
        let optional = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let address =
            |part: fn(&PostalAddress) -> String| self.address.as_ref().map(|address| json!(part(address)));
        match attribute {
            Attribute::UserName => text(&self.user_name),
            Attribute::ExternalId => text(&self.object_id),
            Attribute::Active => Some(json!(self.active)),
            Attribute::DisplayName => text(&self.display_name),
            Attribute::Title => optional(&self.title),
            Attribute::PreferredLanguage => optional(&self.preferred_language),
            Attribute::Locale => optional(&self.locale),
            Attribute::UserType => optional(&self.user_type),
            Attribute::GivenName => text(&self.given_name),
            Attribute::FamilyName => text(&self.family_name),
            Attribute::FormattedName => Some(json!(format!("{} {}", self.given_name, self.family_name))),
            Attribute::WorkEmail => text(&self.email),
            Attribute::MobilePhone => optional(&self.mobile_phone),
            Attribute::WorkPhone => optional(&self.work_phone),
            Attribute::Country => address(|address| address.country.clone()),
            Attribute::Locality => address(|address| address.locality.clone()),
            Attribute::Region => address(|address| address.region.clone()),
            Attribute::PostalCode => address(|address| address.postal_code.clone()),
            Attribute::FormattedAddress => address(PostalAddress::formatted),
            Attribute::StreetAddress => address(|address| address.street_address.clone()),
            Attribute::Department => optional(&self.department),
            Attribute::EmployeeNumber => optional(&self.employee_number),
            Attribute::CostCenter => optional(&self.cost_center),
            Attribute::Organization => optional(&self.organization),
            Attribute::Division => optional(&self.division),
            Attribute::Manager => None,
            Attribute::Role => optional(&self.role),
            Attribute::Folders => (!self.folders.is_empty()).then(|| json!(self.folders)),
            Attribute::Metadata(key) => self.metadata.get(key).cloned(),
        }
    }
}

impl PostalAddress {
    fn formatted(&self) -> String {
        format!("{}\n{} {}\n{}", self.street_address, self.postal_code, self.locality, self.country)
    }
}

/// Given and family names with letters and signs that have broken SCIM services.
const GIVEN_NAMES: [&str; 8] = ["Anna", "Björn", "Chloé", "Đorđe", "Éowyn", "Nour", "Seán", "Wei"];
const FAMILY_NAMES: [&str; 9] =
    ["Berg", "D'Angelo", "Müller", "O'Neill", "Nguyễn", "Smith-Jones", "van der Berg", "Østergård", "王"];
const DEPARTMENTS: [&str; 5] = ["Engineering", "Finance", "Legal & Risk", "People", "Sales"];
const PLACES: [(&str, &str, &str, &str); 3] =
    [("Bergen", "Vestland", "5003", "NO"), ("Boston", "MA", "02108", "US"), ("Zürich", "ZH", "8001", "CH")];
const ROLES: [&str; 4] = ["ReadOnly", "User", "Admin", "EnterpriseAdmin"];

impl Directory {
    /// A directory of this many people below a mail domain, always the same for the same arguments. Everyone is in
    /// the group of a department and in `Everyone`; all but the first have a manager; each fifth person lacks what a
    /// directory often lacks: phones, address, title.
    pub fn generate(domain: &str, people: usize) -> Self {
        let people = (0..people).map(|index| person(domain, index)).collect::<Vec<_>>();
        let group = |number: usize, display_name: &str, members: Vec<String>| Group {
            object_id: object_id(domain, "group", number),
            display_name: display_name.to_owned(),
            members,
        };
        let ids = |is_member: &dyn Fn(usize) -> bool| {
            let members = people.iter().enumerate().filter(|(index, _)| is_member(*index));
            members.map(|(_, person)| person.object_id.clone()).collect::<Vec<_>>()
        };
        let departments = DEPARTMENTS.iter().enumerate().map(|(number, department)| {
            group(number + 1, department, ids(&|index| index % DEPARTMENTS.len() == number))
        });
        let groups = std::iter::once(group(0, "Everyone", ids(&|_| true))).chain(departments).collect();
        Self { people, groups }
    }

    /// The person with this object id.
    pub fn person(&self, object_id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.object_id == object_id)
    }
}

fn person(domain: &str, index: usize) -> Person {
    let (given_name, family_name) = (cycle(&GIVEN_NAMES, index), cycle(&FAMILY_NAMES, index));
    let (locality, region, postal_code, country) = cycle(&PLACES, index);
    let lacks_details = index % 5 == 4;
    let detail = |text: String| (!lacks_details).then_some(text);
    let user_name = format!("{}.{index}@{domain}", ascii(given_name));
    Person {
        object_id: object_id(domain, "person", index),
        // A plus sign is legal in an address and easily lost in a query.
        email: if index % 7 == 3 { user_name.replace('@', "+work@") } else { user_name.clone() },
        user_name,
        active: true,
        display_name: format!("{given_name} {family_name}"),
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        title: detail(format!("Engineer {}", index % 3 + 1)),
        preferred_language: detail("en-US".to_owned()),
        locale: detail("en-US".to_owned()),
        mobile_phone: detail(format!("+47 900 {index:05}")),
        work_phone: detail(format!("+47 55 {index:06}")),
        address: (!lacks_details).then(|| PostalAddress {
            street_address: format!("{} Market Street", index + 1),
            postal_code: postal_code.to_owned(),
            locality: locality.to_owned(),
            region: region.to_owned(),
            country: country.to_owned(),
        }),
        department: detail(cycle(&DEPARTMENTS, index).to_owned()),
        employee_number: Some(format!("{:06}", 100_000 + index)),
        cost_center: Some(format!("CC-{}", index % 9)),
        organization: Some(domain.to_owned()),
        division: Some(format!("Division {}", index % 4)),
        // A tree in which everyone leads seven.
        manager: index.checked_sub(1).map(|below| object_id(domain, "person", below / 7)),
        user_type: Some(if index.is_multiple_of(2) { "Premium" } else { "Standard" }.to_owned()),
        role: Some(cycle(&ROLES, index).to_owned()),
        folders: vec![format!("folder-{}", index % 3), "shared".to_owned()],
        metadata: BTreeMap::from([
            ("badge".to_owned(), json!(1000 + index)),
            ("remote".to_owned(), json!(index.is_multiple_of(2))),
            ("team".to_owned(), json!(cycle(&DEPARTMENTS, index))),
        ]),
    }
}

/// The element of the list at the index, starting again at its end.
fn cycle<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.iter().cycle().nth(index % list.len().max(1)).copied().unwrap_or_default()
}

fn ascii(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}

/// A GUID that depends on its arguments alone.
fn object_id(domain: &str, kind: &str, index: usize) -> String {
    // FNV-1a: nothing but a spread of the text over the upper half of the GUID.
    let spread = format!("{domain}/{kind}").bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Uuid::from_u64_pair(spread, index as u64).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_arguments_make_the_same_directory() {
        assert_eq!(Directory::generate("acme.example", 30), Directory::generate("acme.example", 30));
    }

    #[test]
    fn no_two_people_of_two_directories_share_a_user_name_an_e_mail_or_an_object_id() {
        let people = [Directory::generate("a.example", 500), Directory::generate("b.example", 500)]
            .into_iter()
            .flat_map(|directory| directory.people)
            .collect::<Vec<_>>();
        for value in [Attribute::UserName, Attribute::WorkEmail, Attribute::ExternalId] {
            let distinct = people
                .iter()
                .map(|person| person.value(&value).unwrap().to_string())
                .collect::<BTreeSet<_>>();
            assert_eq!(distinct.len(), 1000, "{value}");
        }
    }

    #[test]
    fn every_member_and_every_manager_is_a_person_of_the_directory() {
        let directory = Directory::generate("acme.example", 100);
        let members = directory.groups.iter().flat_map(|group| &group.members);
        for object_id in members.chain(directory.people.iter().filter_map(|person| person.manager.as_ref())) {
            assert!(directory.person(object_id).is_some(), "{object_id}");
        }
        assert_eq!(directory.groups.iter().map(|group| group.members.len()).sum::<usize>(), 200);
    }
}
