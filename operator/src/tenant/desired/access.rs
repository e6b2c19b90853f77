//! How a tenant's identity provider is to be let in: from what is declared and what was found to what is to be done.

use crds::{Reason, ScimTenant};
use database::registry::{NewCredential, Overlap, RegisteredTenant};
use tenancy::{CredentialKind, TenantUrl, Token, Trust};

use crate::object::Found;
use crate::obstacle::Obstacle;
use crate::settings::Settings;
use crate::tenant::brought::Offer;
use crate::tenant::credentials::{
    Keeper, NextGiven, decide_brought, decide_issued, decide_trusted, revocation,
};
use crate::tenant::dereference::Dereferenced;
use crate::tenant::desired::{Connection, Credentials, Given, Issued, Step};
use crate::tenant::entrance::{BroughtSecret, Entrance, IssuedKind, Rotation, without_class};
use crate::tenant::identity::Identity;
use crate::tenant::secret::{ConnectionSecret, LiveSecret};
use crate::tenant::standing::name;

/// What is decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'a> {
    /// The tenant.
    pub(super) tenant: &'a ScimTenant,
    /// Who that is.
    pub(super) identity: &'a Identity,
    /// What the registry holds of it, if that is to be taken up.
    pub(super) registered: Option<&'a RegisteredTenant>,
    /// Where it is reached.
    pub(super) url: &'a TenantUrl,
    /// What was read.
    pub(super) found: &'a Dereferenced,
    /// What this installation is.
    pub(super) settings: &'a Settings,
}

impl Situation<'_> {
    /// What is to be done so that this lets the identity provider in.
    pub(super) fn let_in(self, entrance: &Entrance) -> Step<Credentials> {
        let credentials = match entrance {
            Entrance::Issued { kind, rotation } => self.issued(*kind, *rotation),
            Entrance::Brought { secret, overlap } => self.brought(secret, *overlap),
            Entrance::Trusted { kind, trust, overlap } => Ok(self.trusted(*kind, trust, *overlap)),
        };
        credentials.map_or_else(Step::Blocked, Step::Do)
    }

    /// The same for a tenant that was not accepted: as long as the way in is the one that was accepted last.
    pub(super) fn let_in_as_before(self) -> Step<Credentials> {
        let latest = self.registered.and_then(|registered| registered.credentials.last());
        match without_class(self.tenant) {
            Some(entrance) if latest.is_some_and(|latest| latest.kind == entrance.kind()) => {
                self.let_in(&entrance)
            }
            _ => Step::Keep,
        }
    }

    fn issued(self, kind: IssuedKind, rotation: Rotation) -> Result<Credentials, Obstacle> {
        let name = &self.identity.secret_name;
        if let Found::Foreign = self.found.secret {
            return Err(Obstacle::lasting(
                Reason::SecretNameTaken,
                format!("the Secret {name} is there and does not belong to this ScimTenant"),
            ));
        }
        let (live, old) = (self.found.secret.ours().cloned(), self.found.old_secret.clone());
        let held: Vec<Token> =
            [&live, &old].into_iter().flatten().filter_map(|secret| secret.issued(kind)).collect();
        let path = self.identity.key.path();
        Ok(Credentials::Issued(Box::new(Issued {
            decision: decide_issued(self.tenant, self.registered, kind, rotation, &held, self.keeper()),
            secret: ConnectionSecret::new(self.tenant, &path, name, kind, self.url, self.settings),
            live,
            old,
        })))
    }

    /// A status names the Secret that the newest credential is in.
    fn keeper(self) -> Keeper {
        let old = self.found.old_secret.as_ref().map(LiveSecret::name);
        let ours = [Some(self.identity.secret_name.as_str()), old];
        let named = self.tenant.status.as_ref().and_then(|status| status.secret_name.as_deref());
        if named.is_none() || ours.contains(&named) { Keeper::Ours } else { Keeper::Others }
    }

    fn brought(self, secret: &BroughtSecret, overlap: Overlap) -> Result<Credentials, Obstacle> {
        let offer = self.found.brought.as_ref().unwrap_or(&Offer::Absent);
        let credential = offer.credential(secret).map_err(|obstacle| self.meanwhile(obstacle))?;
        let brought = credential.to_new();
        let decision = decide_brought(self.tenant, self.registered, &brought, overlap);
        let verdict = match decision.next {
            NextGiven::Present => Ok(()),
            NextGiven::New(_) => {
                let key = &self.identity.key;
                credential.check(secret, &[key.namespace.as_str(), key.name.as_str()])
            }
            NextGiven::Revoked => Err(credential.revoked(secret)),
        };
        verdict.map_err(|obstacle| self.meanwhile(obstacle))?;
        Ok(Credentials::Given(Box::new(Given {
            credential: brought,
            decision,
            connection: Connection::Brought { secret_name: secret.name.clone() },
            obsolete: self.obsolete(Some(&secret.name)),
        })))
    }

    fn trusted(self, kind: CredentialKind, trust: &Trust, overlap: Overlap) -> Credentials {
        let credential =
            NewCredential { kind, digest: trust.digest(), principal: None, trust: Some(trust.clone()) };
        Credentials::Given(Box::new(Given {
            decision: decide_trusted(self.tenant, self.registered, &credential, overlap),
            credential,
            connection: Connection::Trusted,
            obsolete: self.obsolete(None),
        }))
    }

    /// The Secrets of ours from before; none that is brought.
    fn obsolete(self, brought: Option<&str>) -> Vec<LiveSecret> {
        let ours = self.found.secret.ours().into_iter().chain(&self.found.old_secret);
        ours.filter(|secret| Some(secret.name()) != brought).cloned().collect()
    }

    /// Says what goes on working while nothing new can be had.
    fn meanwhile(self, obstacle: Obstacle) -> Obstacle {
        let works = self.registered.filter(|registered| revocation(self.tenant, registered).is_none());
        match works.and_then(RegisteredTenant::newest) {
            Some(newest) => {
                let message = format!("{}; {} goes on working", obstacle.message, name(newest));
                Obstacle { message, ..obstacle }
            }
            None => obstacle,
        }
    }
}
