//! What only a real PostgreSQL can prove. Needs `TEST_DATABASE_URL`; `make test` sets it.

#[cfg(test)]
mod access;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod binding;
#[cfg(test)]
mod control;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod forgetting;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod view;
