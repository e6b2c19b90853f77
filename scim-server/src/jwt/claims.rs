//! What a signed token says, and whether a tenant lets it in for that.

use jiff::Timestamp;
use serde::Deserialize;
use tenancy::Trust;

/// How far the issuer's clock may be from PostgreSQL's, in seconds. Entra's own libraries allow as much.
const LEEWAY: f64 = 300.0;

/// Registered claims (RFC 7519, section 4.1), and Entra's `tid`. Who else is named in `azp` or `appid` decides nothing.
#[derive(Debug, Deserialize)]
pub struct Claims {
    iss: String,
    aud: Audience,
    sub: Option<String>,
    tid: Option<String>,
    azp: Option<String>,
    appid: Option<String>,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Why a token with a good signature is refused. For the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfied {
    /// `iss` is another one.
    #[error("iss is not the trusted issuer")]
    Issuer,
    /// `aud` does not name the trusted audience.
    #[error("aud is not the trusted audience")]
    Audience,
    /// `sub` is another one or missing.
    #[error("sub is not the trusted subject")]
    Subject,
    /// `tid` is another one or missing.
    #[error("tid is not the trusted directory")]
    Directory,
    /// `exp` is over.
    #[error("it has expired")]
    Expired,
    /// `nbf` or `iat` is still to come.
    #[error("it is not valid yet")]
    Early,
}

impl Claims {
    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.iss
    }

    /// Whether this client id is one that the issuer knows the bearer by. RFC 7521, section 4.2 wants it to be that of
    /// the assertion; Entra has several names for one client.
    pub fn name(&self, client_id: &str) -> bool {
        [&self.sub, &self.azp, &self.appid].into_iter().flatten().any(|name| name == client_id)
    }

    /// Whether a tenant that trusts the issuer in this way lets the bearer in at this time of PostgreSQL's.
    ///
    /// A token is good for as many requests as are made before it expires: `jti` is not remembered. Entra's own tokens have
    /// none, and who can take one off the wire, which is TLS, could take the access token as well.
    pub fn satisfy(&self, trust: &Trust, now: Timestamp) -> Result<(), Unsatisfied> {
        let now = now.as_duration().as_secs_f64();
        let is_early = [self.nbf, self.iat].into_iter().flatten().any(|time| time - LEEWAY > now);
        if self.iss != trust.issuer {
            Err(Unsatisfied::Issuer)
        } else if !self.aud.names(&trust.audience) {
            Err(Unsatisfied::Audience)
        } else if trust.subject.is_some() && self.sub != trust.subject {
            Err(Unsatisfied::Subject)
        } else if !self.is_of_directory(trust.directory_id.as_deref()) {
            Err(Unsatisfied::Directory)
        } else if self.exp + LEEWAY <= now {
            Err(Unsatisfied::Expired)
        } else if is_early {
            Err(Unsatisfied::Early)
        } else {
            Ok(())
        }
    }

    fn is_of_directory(&self, directory: Option<&str>) -> bool {
        let tid = self.tid.as_deref();
        directory.is_none_or(|directory| tid.is_some_and(|tid| tid.eq_ignore_ascii_case(directory)))
    }
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn trust() -> Trust {
        Trust {
            issuer: "https://login.example.com/tid/v2.0".to_owned(),
            jwks_uri: "https://login.example.com/keys".to_owned(),
            audience: "api://scim".to_owned(),
            subject: Some("provisioning".to_owned()),
            directory_id: Some("aaaaaaaa-1111".to_owned()),
        }
    }

    /// The verdict on good claims with this one changed; null takes it away.
    fn verdict(name: &str, value: Value) -> Result<(), Unsatisfied> {
        verdict_by(&trust(), name, value)
    }

    fn verdict_by(trust: &Trust, name: &str, value: Value) -> Result<(), Unsatisfied> {
        let mut claims = json!({
            "iss": "https://login.example.com/tid/v2.0", "aud": "api://scim", "sub": "provisioning", "tid": "AAAAAAAA-1111",
            "exp": NOW + 60, "nbf": NOW - 60, "iat": NOW - 60, "jti": "1", "ver": "2.0",
        });
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        let claims: Claims = serde_json::from_value(claims).unwrap();
        claims.satisfy(trust, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn what_is_trusted_is_let_in() {
        assert_eq!(verdict("ver", json!("1.0")), Ok(()));
        assert_eq!(verdict("aud", json!(["api://other", "api://scim"])), Ok(()));
        assert_eq!(verdict("nbf", Value::Null), Ok(()));
        assert_eq!(verdict("iat", Value::Null), Ok(()));
    }

    #[test]
    fn each_claim_that_is_trusted_must_be_there_and_the_same() {
        for (name, wrong, expected) in [
            ("iss", json!("https://login.example.com/tid/v2.0/"), Unsatisfied::Issuer),
            ("aud", json!("api://SCIM"), Unsatisfied::Audience),
            ("aud", json!(["api://other"]), Unsatisfied::Audience),
            ("aud", json!([]), Unsatisfied::Audience),
            ("sub", json!("Provisioning"), Unsatisfied::Subject),
            ("sub", Value::Null, Unsatisfied::Subject),
            ("tid", json!("bbbbbbbb-1111"), Unsatisfied::Directory),
            ("tid", Value::Null, Unsatisfied::Directory),
        ] {
            assert_eq!(verdict(name, wrong.clone()), Err(expected), "{name}: {wrong}");
        }
    }

    #[test]
    fn what_is_not_trusted_by_name_may_be_anything() {
        let anybody = Trust { subject: None, directory_id: None, ..trust() };
        assert_eq!(verdict_by(&anybody, "sub", Value::Null), Ok(()));
        assert_eq!(verdict_by(&anybody, "tid", json!("bbbbbbbb-1111")), Ok(()));
    }

    #[test]
    fn clocks_may_differ_by_five_minutes_and_no_more() {
        assert_eq!(verdict("exp", json!(NOW - 299)), Ok(()));
        assert_eq!(verdict("exp", json!(NOW - 300)), Err(Unsatisfied::Expired));
        assert_eq!(verdict("exp", json!(-1e300)), Err(Unsatisfied::Expired));
        assert_eq!(verdict("exp", json!(1e300)), Ok(()));
        for name in ["nbf", "iat"] {
            assert_eq!(verdict(name, json!(NOW + 300)), Ok(()));
            assert_eq!(verdict(name, json!(NOW + 301)), Err(Unsatisfied::Early));
            assert_eq!(verdict(name, json!(1e300)), Err(Unsatisfied::Early));
        }
    }

    #[test]
    fn a_token_without_an_end_or_an_audience_says_nothing() {
        for claims in [
            json!({"iss": "a", "aud": "b"}),
            json!({"iss": "a", "aud": "b", "exp": "1800000000"}),
            json!({"iss": "a", "exp": 1}),
            json!({"iss": "a", "aud": 1, "exp": 1}),
            json!({"iss": ["a"], "aud": "b", "exp": 1}),
            json!({"aud": "b", "exp": 1}),
        ] {
            assert!(serde_json::from_value::<Claims>(claims.clone()).is_err(), "{claims}");
        }
    }

    #[test]
    fn a_client_is_named_by_its_issuer() {
        let claims = json!({"iss": "a", "aud": "b", "exp": 1, "sub": "object", "azp": "application"});
        let claims: Claims = serde_json::from_value(claims).unwrap();
        assert!(claims.name("object") && claims.name("application"));
        assert!(!claims.name("") && !claims.name("somebody"));
    }
}
