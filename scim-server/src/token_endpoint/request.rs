//! What a client asks the token endpoint for, and by what it proves who it is (RFC 6749, sections 2.3.1 and 4.4.2;
//! RFC 7521, section 4.2).

use std::{borrow::Cow, fmt};

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::{authorization::Authorization, token_endpoint::refusal::Refusal};

const GRANT: &str = "client_credentials";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// By what a client proves who it is. Printing it tells no secret.
#[derive(PartialEq, Eq)]
pub(super) enum Proof {
    /// A secret that it was given.
    Secret {
        /// Who it says it is.
        client_id: String,
        /// The secret.
        client_secret: String,
    },
    /// A token that an issuer signed for it (RFC 7523, section 2.2).
    Assertion {
        /// Who it says it is, which the assertion says better.
        client_id: Option<String>,
        /// The token.
        assertion: String,
    },
}

/// The parameters that mean something here. Others, `scope` among them, are ignored: a token is good for the
/// whole tenant.
#[derive(Default)]
struct Parameters {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    scope: Option<String>,
}

/// Reads a request for the only grant that there is: client credentials.
pub(super) fn read(authorization: Authorization<'_>, form: &[u8]) -> Result<Proof, Refusal> {
    let parameters = Parameters::read(form)?;
    match parameters.grant_type.as_deref() {
        None => return Err(Refusal::InvalidRequest("grant_type is missing")),
        Some(GRANT) => {}
        Some(_) => return Err(Refusal::UnsupportedGrantType),
    }
    match authorization {
        Authorization::Absent => parameters.proof(),
        Authorization::Basic { .. } | Authorization::Bearer(_) | Authorization::Unreadable
            if parameters.has_proof() =>
        {
            Err(Refusal::InvalidRequest("the client authenticates in more than one way"))
        }
        Authorization::Basic { user_name, password } => parameters.proof_of_header(&user_name, &password),
        Authorization::Bearer(_) | Authorization::Unreadable => Err(Refusal::InvalidClient),
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Secret { .. } => "Secret(…)",
            Self::Assertion { .. } => "Assertion(…)",
        })
    }
}

impl Parameters {
    fn read(form: &[u8]) -> Result<Self, Refusal> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(form) {
            let place = match name.as_ref() {
                "grant_type" => &mut parameters.grant_type,
                "client_id" => &mut parameters.client_id,
                "client_secret" => &mut parameters.client_secret,
                "client_assertion_type" => &mut parameters.client_assertion_type,
                "client_assertion" => &mut parameters.client_assertion,
                "scope" => &mut parameters.scope,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Refusal::InvalidRequest("a parameter is repeated"));
            }
        }
        Ok(parameters.without_empty())
    }

    /// A parameter without a value is none (RFC 6749, section 3.2).
    fn without_empty(mut self) -> Self {
        for place in [
            &mut self.grant_type,
            &mut self.client_id,
            &mut self.client_secret,
            &mut self.client_assertion_type,
            &mut self.client_assertion,
        ] {
            place.take_if(|value| value.is_empty());
        }
        self
    }

    /// Whether the form authenticates the client. Its id alone does not.
    fn has_proof(&self) -> bool {
        self.client_secret.is_some()
            || self.client_assertion.is_some()
            || self.client_assertion_type.is_some()
    }

    fn proof_of_header(&self, user_name: &str, password: &str) -> Result<Proof, Refusal> {
        let client_id = decoded(user_name).ok_or(Refusal::InvalidClient)?;
        let client_secret = decoded(password).ok_or(Refusal::InvalidClient)?;
        match &self.client_id {
            Some(other) if *other != client_id => {
                Err(Refusal::InvalidRequest("client_id is another one than that of the Authorization header"))
            }
            _ => Ok(Proof::Secret { client_id, client_secret }),
        }
    }

    fn proof(self) -> Result<Proof, Refusal> {
        match (self.client_secret, self.client_assertion_type, self.client_assertion) {
            (Some(client_secret), None, None) => {
                let missing = Refusal::InvalidRequest("client_id is missing");
                Ok(Proof::Secret { client_id: self.client_id.ok_or(missing)?, client_secret })
            }
            (None, Some(kind), Some(assertion)) if kind == ASSERTION => {
                Ok(Proof::Assertion { client_id: self.client_id, assertion })
            }
            (None, None, None) | (None, Some(_), Some(_)) => Err(Refusal::InvalidClient),
            (None, None, Some(_)) => Err(Refusal::InvalidRequest("client_assertion_type is missing")),
            (None, Some(_), None) => Err(Refusal::InvalidRequest("client_assertion is missing")),
            (Some(_), ..) => Err(Refusal::InvalidRequest("the client authenticates in more than one way")),
        }
    }
}

/// Id and secret are form-encoded before they become user name and password (RFC 6749, section 2.3.1). Those that are issued
/// hold nothing that the encoding would change, so clients that forget it get by.
fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET_IN_FORM: &str =
        "grant_type=client_credentials&client_id=customer-acme.acme&client_secret=s3cr3t";

    fn of_form(form: &str) -> Result<Proof, Refusal> {
        read(Authorization::Absent, form.as_bytes())
    }

    fn of_header(user_name: &str, password: &str, form: &str) -> Result<Proof, Refusal> {
        let (user_name, password) = (user_name.to_owned(), password.to_owned());
        read(Authorization::Basic { user_name, password }, form.as_bytes())
    }

    fn secret(client_id: &str, client_secret: &str) -> Proof {
        Proof::Secret { client_id: client_id.to_owned(), client_secret: client_secret.to_owned() }
    }

    #[track_caller]
    fn is_invalid_request(result: &Result<Proof, Refusal>) {
        assert!(matches!(result, Err(Refusal::InvalidRequest(_))), "{result:?}");
    }

    #[test]
    fn a_secret_is_in_the_form_or_in_the_header() {
        assert_eq!(of_form(SECRET_IN_FORM).unwrap(), secret("customer-acme.acme", "s3cr3t"));
        let header = of_header("customer-acme.acme", "s3cr3t", "grant_type=client_credentials");
        assert_eq!(header.unwrap(), secret("customer-acme.acme", "s3cr3t"));
        let both = of_header("a.b", "s3cr3t", "grant_type=client_credentials&client_id=a.b");
        assert_eq!(both.unwrap(), secret("a.b", "s3cr3t"));
    }

    #[test]
    fn the_header_is_form_encoded_inside() {
        let header = of_header("a%2Fb", "s+3%2B%C3%A9", "grant_type=client_credentials");
        assert_eq!(header.unwrap(), secret("a/b", "s 3+é"));
        assert!(matches!(
            of_header("a", "%FF", "grant_type=client_credentials"),
            Err(Refusal::InvalidClient)
        ));
    }

    #[test]
    fn an_assertion_comes_with_its_type() {
        let form = "grant_type=client_credentials&client_assertion=a.b.c&client_assertion_type=\
                    urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let expected = |client_id| Proof::Assertion { client_id, assertion: "a.b.c".to_owned() };
        assert_eq!(of_form(form).unwrap(), expected(None));
        assert_eq!(of_form(&format!("{form}&client_id=x")).unwrap(), expected(Some("x".to_owned())));
        let saml = "grant_type=client_credentials&client_assertion=a&client_assertion_type=urn:saml2-bearer";
        assert!(matches!(of_form(saml), Err(Refusal::InvalidClient)));
        is_invalid_request(&of_form("grant_type=client_credentials&client_assertion=a.b.c"));
        is_invalid_request(&of_form("grant_type=client_credentials&client_assertion_type=x"));
    }

    #[test]
    fn scope_and_unknown_parameters_are_ignored() {
        let form = format!("{SECRET_IN_FORM}&scope=scim+x&resource=a&resource=b&scim");
        assert_eq!(of_form(&form).unwrap(), secret("customer-acme.acme", "s3cr3t"));
    }

    #[test]
    fn a_repeated_parameter_is_refused_even_when_it_is_empty() {
        for repeated in ["client_id=customer-acme.acme", "grant_type=", "scope=a&scope=a", "client_secret"] {
            is_invalid_request(&of_form(&format!("{SECRET_IN_FORM}&{repeated}")));
        }
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        is_invalid_request(&of_header("customer-acme.acme", "s3cr3t", SECRET_IN_FORM));
        is_invalid_request(&of_header("a.b", "s", "grant_type=client_credentials&client_assertion=a.b.c"));
        is_invalid_request(&of_form(&format!("{SECRET_IN_FORM}&client_assertion=a.b.c")));
        is_invalid_request(&of_form(&format!("{SECRET_IN_FORM}&client_assertion_type=x")));
        is_invalid_request(&of_header("a.b", "s", "grant_type=client_credentials&client_id=a.c"));
        is_invalid_request(&read(Authorization::Bearer("x"), SECRET_IN_FORM.as_bytes()));
    }

    #[test]
    fn a_client_authenticates_at_all() {
        for form in
            ["grant_type=client_credentials", "grant_type=client_credentials&client_id=a.b&client_secret="]
        {
            assert!(matches!(of_form(form), Err(Refusal::InvalidClient)), "{form}");
            let unreadable = read(Authorization::Unreadable, form.as_bytes());
            assert!(matches!(unreadable, Err(Refusal::InvalidClient)), "{form}");
        }
        is_invalid_request(&of_form("grant_type=client_credentials&client_secret=s3cr3t"));
    }

    #[test]
    fn there_is_one_grant() {
        for other in ["password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS", "é", "%00"] {
            let form = format!("grant_type={other}&client_id=a&client_secret=b");
            assert!(matches!(of_form(&form), Err(Refusal::UnsupportedGrantType)), "{other}");
        }
        for form in ["", "&&&", "grant_type", "grant_type=", "{\"grant_type\":\"client_credentials\"}"] {
            is_invalid_request(&of_form(form));
        }
    }
}
