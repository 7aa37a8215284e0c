//! Private keys to sign tokens with, made once for all tests.

use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::EncodingKey;
use p256::SecretKey;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::rand_core::OsRng;

static RSA: LazyLock<EncodingKey> = LazyLock::new(|| rsa_of(2048));
static SHORT_RSA: LazyLock<EncodingKey> = LazyLock::new(|| rsa_of(1024));
static EC: LazyLock<EncodingKey> = LazyLock::new(|| {
    let key = SecretKey::random(&mut OsRng).to_pkcs8_der().unwrap();
    EncodingKey::from_ec_der(key.as_bytes())
});
static ED: LazyLock<EncodingKey> = LazyLock::new(|| {
    let key = KeypairBytes {
        secret_key: SigningKey::generate(&mut OsRng).to_bytes(),
        // Without it the key has 48 bytes, by which `Jwk::from_encoding_key` knows the curve.
        public_key: None,
    };
    EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes())
});

/// A key for RS256.
pub(crate) fn rsa() -> EncodingKey {
    RSA.clone()
}

/// A key for RS256 that is too short to be trusted.
pub(crate) fn short_rsa() -> EncodingKey {
    SHORT_RSA.clone()
}

/// A key for ES256.
pub(crate) fn ec() -> EncodingKey {
    EC.clone()
}

/// A key for `EdDSA`.
pub(crate) fn ed() -> EncodingKey {
    ED.clone()
}

fn rsa_of(bits: usize) -> EncodingKey {
    let key = RsaPrivateKey::new(&mut OsRng, bits).unwrap();
    EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes())
}
