//! A provisioning cycle: every user, every group, then the references between them `[how]`.

use std::{collections::BTreeMap, fmt};

use super::{Change, Job};
use crate::{Directory, Error, Exchange, Group, GroupMapping, Person};

/// How many members go into one request. Several do `[dev]`; the number is nowhere documented.
const MEMBERS_PER_REQUEST: usize = 50;

/// What a cycle did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cycle {
    /// By object id in the directory.
    pub users: BTreeMap<String, Provisioned>,
    /// By object id in the directory.
    pub groups: BTreeMap<String, Provisioned>,
    /// Everything that was sent and came back, in order.
    pub exchanges: Vec<Exchange>,
}

/// One object at the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// Its id there.
    pub id: String,
    /// What the cycle did to it.
    pub outcome: Outcome,
}

/// What a cycle did to one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
}

impl Cycle {
    /// The id at the service of a person of the directory.
    pub fn user_id(&self, object_id: &str) -> Option<&str> {
        self.users.get(object_id).map(|user| user.id.as_str())
    }

    /// The id at the service of a group of the directory.
    pub fn group_id(&self, object_id: &str) -> Option<&str> {
        self.groups.get(object_id).map(|group| group.id.as_str())
    }

    /// How many objects met this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.users.values().chain(self.groups.values()).filter(|object| object.outcome == outcome).count()
    }
}

/// `6 users and 2 groups: 8 created, 0 updated, 0 unchanged; 31 requests`
impl fmt::Display for Cycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} users and {} groups: {} created, {} updated, {} unchanged; {} requests",
            self.users.len(),
            self.groups.len(),
            self.count(Outcome::Created),
            self.count(Outcome::Updated),
            self.count(Outcome::Unchanged),
            self.exchanges.len()
        )
    }
}

impl Job {
    /// A cycle over the whole directory: the initial one and, with a directory that has changed since, every later
    /// one. An object that was provisioned before is found by its matching attribute, read, and changed where it
    /// differs. An inactive person who is not there is not created.
    pub async fn cycle(&self, directory: &Directory) -> Result<Cycle, Error> {
        let mut cycle = Cycle::default();
        for person in &directory.people {
            self.provision_user(person, &mut cycle).await?;
        }
        if self.mapping.groups() != GroupMapping::Disabled {
            for group in &directory.groups {
                self.provision_group(group, &mut cycle).await?;
            }
        }
        if self.mapping.has_manager() {
            for person in &directory.people {
                self.provision_manager(person, &mut cycle).await?;
            }
        }
        if self.mapping.groups() == GroupMapping::Full {
            for group in &directory.groups {
                self.provision_members(group, &mut cycle).await?;
            }
        }
        Ok(cycle)
    }

    async fn provision_user(&self, person: &Person, cycle: &mut Cycle) -> Result<(), Error> {
        let (found, exchange) = self.find_user(person).await?;
        cycle.exchanges.push(exchange);
        let provisioned = match found {
            None if !person.active => return Ok(()),
            None => {
                let created = self.create_user(person).await?;
                let id = created.id()?;
                cycle.exchanges.push(created);
                Provisioned { id, outcome: Outcome::Created }
            }
            Some(id) => {
                let held = self.get_user(&id).await?;
                let changes = self.differences(person, held.document()?);
                cycle.exchanges.push(held);
                let outcome = self.change(&format!("/Users/{id}"), &changes, cycle).await?;
                Provisioned { id, outcome }
            }
        };
        cycle.users.insert(person.object_id.clone(), provisioned);
        Ok(())
    }

    async fn provision_group(&self, group: &Group, cycle: &mut Cycle) -> Result<(), Error> {
        let (found, exchange) = self.find_group(group).await?;
        cycle.exchanges.push(exchange);
        let provisioned = if let Some(id) = found {
            let held = self.get_group(&id).await?;
            let changes = self.group_differences(group, held.document()?);
            cycle.exchanges.push(held);
            let outcome = self.change(&format!("/Groups/{id}"), &changes, cycle).await?;
            Provisioned { id, outcome }
        } else {
            let created = self.create_group(group).await?;
            let id = created.id()?;
            cycle.exchanges.push(created);
            Provisioned { id, outcome: Outcome::Created }
        };
        cycle.groups.insert(group.object_id.clone(), provisioned);
        Ok(())
    }

    async fn change(&self, path: &str, changes: &[Change], cycle: &mut Cycle) -> Result<Outcome, Error> {
        if changes.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        cycle.exchanges.push(self.patch(path, changes).await?);
        Ok(Outcome::Updated)
    }

    async fn provision_manager(&self, person: &Person, cycle: &mut Cycle) -> Result<(), Error> {
        // A manager who was not provisioned is left out, as one who is not in scope is.
        let manager =
            person.manager.as_ref().and_then(|object_id| cycle.user_id(object_id)).map(str::to_owned);
        let (Some(id), Some(manager)) = (cycle.user_id(&person.object_id).map(str::to_owned), manager) else {
            return Ok(());
        };
        let (has_manager, exchange) = self.has_manager(&id, &manager).await?;
        cycle.exchanges.push(exchange);
        if !has_manager {
            cycle.exchanges.push(self.set_manager(&id, &manager).await?);
            if let Some(user) = cycle.users.get_mut(&person.object_id)
                && user.outcome == Outcome::Unchanged
            {
                user.outcome = Outcome::Updated;
            }
        }
        Ok(())
    }

    /// Adds every member, those too who are there: that is no error `[dev]`.
    async fn provision_members(&self, group: &Group, cycle: &mut Cycle) -> Result<(), Error> {
        let not_provisioned = |object_id: &String| Error::NotProvisioned { object_id: object_id.clone() };
        let id =
            cycle.group_id(&group.object_id).ok_or_else(|| not_provisioned(&group.object_id))?.to_owned();
        let members = group.members.iter().filter_map(|object_id| cycle.user_id(object_id));
        let members = members.map(str::to_owned).collect::<Vec<_>>();
        for members in members.chunks(MEMBERS_PER_REQUEST) {
            cycle.exchanges.push(self.add_members(&id, members).await?);
        }
        Ok(())
    }
}
