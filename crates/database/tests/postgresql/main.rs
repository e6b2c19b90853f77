//! What only a real PostgreSQL can prove. Needs `TEST_DATABASE_URL`; `make test` sets it.

#[cfg(test)]
mod grants;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod view;
