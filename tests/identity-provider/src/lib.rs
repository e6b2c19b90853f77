//! Plays an identity provider: Entra's and Okta's provisioning cycles over HTTP.
