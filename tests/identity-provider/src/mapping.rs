//! Which attributes a provisioning job maps: the tables of the seeds.

use crate::{Attribute, Person};

/// An attribute mapping, as an administrator sets it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapping {
    /// The whole table of the first seed, with all that its older document deletes.
    Full,
    /// The first seed without what its older document deletes: manager, employeeNumber, costCenter, organization,
    /// division and department of users, externalId (objectID) and members of groups.
    Reduced,
    /// The second seed: userType, a role, folders and free metadata.
    Platform,
    /// The third seed: names and e-mail, no groups.
    People,
}

/// What of a group is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupMapping {
    /// displayName, externalId and members.
    Full,
    /// displayName alone.
    NameOnly,
    /// The group mapping is switched off: the job never asks for groups.
    Disabled,
}

const NAMES: &[Attribute] = &[
    Attribute::UserName,
    Attribute::ExternalId,
    Attribute::DisplayName,
    Attribute::GivenName,
    Attribute::FamilyName,
    Attribute::WorkEmail,
];

const DETAILS: &[Attribute] = &[
    Attribute::Title,
    Attribute::PreferredLanguage,
    Attribute::Locale,
    Attribute::FormattedName,
    Attribute::MobilePhone,
    Attribute::WorkPhone,
    Attribute::Country,
    Attribute::Locality,
    Attribute::Region,
    Attribute::PostalCode,
    Attribute::FormattedAddress,
    Attribute::StreetAddress,
];

const EMPLOYMENT: &[Attribute] = &[
    Attribute::Department,
    Attribute::EmployeeNumber,
    Attribute::CostCenter,
    Attribute::Organization,
    Attribute::Division,
];

const PLATFORM: &[Attribute] = &[Attribute::UserType, Attribute::Role, Attribute::Folders];

impl Mapping {
    /// The mapped attributes of this person in their order, without `active` (always mapped) and without the
    /// manager (a reference, provisioned later). A person's metadata keys are part of it where they are mapped.
    pub fn attributes(self, person: &Person) -> Vec<Attribute> {
        let fixed: &[&[Attribute]] = match self {
            Self::Full => &[NAMES, DETAILS, EMPLOYMENT],
            Self::Reduced => &[NAMES, DETAILS],
            Self::Platform => &[NAMES, PLATFORM],
            Self::People => &[NAMES],
        };
        let metadata =
            person.metadata.keys().filter(|_| self == Self::Platform).cloned().map(Attribute::Metadata);
        fixed.concat().into_iter().chain(metadata).collect()
    }

    /// What of a group is mapped.
    pub fn groups(self) -> GroupMapping {
        match self {
            Self::Full | Self::Platform => GroupMapping::Full,
            Self::Reduced => GroupMapping::NameOnly,
            Self::People => GroupMapping::Disabled,
        }
    }

    /// Whether managers are mapped.
    pub fn has_manager(self) -> bool {
        self == Self::Full
    }

    /// Whether a created user names the enterprise extension.
    pub(crate) fn has_enterprise_extension(self) -> bool {
        self == Self::Full
    }
}
