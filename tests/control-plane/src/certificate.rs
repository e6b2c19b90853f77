//! Certificates of one run: an authority, and what it signs. Nothing outside of the run trusts it.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// A certificate authority. Its key is in memory only.
#[derive(Debug)]
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    certificate_der: Vec<u8>,
}

/// A server's certificate with its key, both PEM: `tls.crt` and `tls.key` of a Secret of type `kubernetes.io/tls`.
#[derive(Clone)]
pub struct ServerCertificate {
    /// The certificate.
    pub certificate_pem: String,
    /// Its key, PKCS #8.
    pub key_pem: String,
}

/// A certificate cannot be made: a name in it is none.
#[derive(Debug, thiserror::Error)]
#[error("the certificate cannot be made")]
pub struct CertificateError(#[from] rcgen::Error);

impl CertificateAuthority {
    /// A new authority with that common name.
    pub fn new(common_name: &str) -> Result<Self, CertificateError> {
        let mut parameters = named(common_name, Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        let (certificate_pem, certificate_der) = (certificate.pem(), certificate.der().to_vec());
        Ok(Self { issuer: Issuer::new(parameters, key), certificate_pem, certificate_der })
    }

    /// Its certificate (PEM), for clients to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its certificate (DER), as the root store of rustls takes it.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// A certificate for a server with these DNS names and IP addresses.
    pub fn issue(&self, names: &[&str]) -> Result<ServerCertificate, CertificateError> {
        let alternatives = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = named(names.first().copied().unwrap_or_default(), alternatives)?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate_pem = parameters.signed_by(&key, &self.issuer)?.pem();
        Ok(ServerCertificate { certificate_pem, key_pem: key.serialize_pem() })
    }
}

/// The keys that the API server signs tokens of ServiceAccounts with: private and public half, PEM.
pub(crate) fn token_keys() -> Result<(String, String), CertificateError> {
    let key = KeyPair::generate()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn named(common_name: &str, alternatives: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(alternatives)?;
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_for_names_and_addresses() {
        let authority = CertificateAuthority::new("test").unwrap();
        let server = authority.issue(&["scim.lab.test", "127.0.0.1"]).unwrap();
        assert!(server.certificate_pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(server.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
