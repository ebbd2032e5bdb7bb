//! AES-256-GCM for what is not Parquet: wrapped keys and the frames of a spill. A random nonce before each text, its tag behind it.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::error::{Error, Result};

/// Encrypts a text; `bound` is not in it but must be the same to open it.
pub(super) fn close(key: &[u8; 32], bound: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0u8; NONCE_LEN];
    random(&mut nonce)?;
    let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let tag = cipher(key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut sealed[NONCE_LEN..])
        .map_err(|_| Error::fault("AES-GCM took no text"))?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Opens what [`close`] made; `None` where the key or `bound` is another one, or a bit was changed.
pub(super) fn open(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>> {
    let Some((nonce, text)) = sealed.split_first_chunk::<NONCE_LEN>() else { return Ok(None) };
    let mut text = text.to_vec();
    let opened = cipher(key)?.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound), &mut text).map(|plain| plain.len());
    Ok(opened.ok().map(|length| {
        text.truncate(length);
        text
    }))
}

/// Fills with random bytes of the system.
pub(super) fn random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|e| Error::fault(format!("the system gave no random bytes: {e}")))
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::fault("AES-GCM took no key"))?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn opens_with_the_same_key_and_place_alone() {
        let (key, other) = ([7; 32], [8; 32]);
        let sealed = close(&key, b"place", b"text").unwrap();
        assert_eq!(open(&key, b"place", &sealed).unwrap().unwrap(), b"text");
        assert_ne!(sealed, close(&key, b"place", b"text").unwrap(), "a nonce was used twice");
        assert!(open(&other, b"place", &sealed).unwrap().is_none());
        assert!(open(&key, b"elsewhere", &sealed).unwrap().is_none());
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(open(&key, b"place", &bad).unwrap().is_none(), "byte {at}");
            assert!(open(&key, b"place", &sealed[..at]).unwrap().is_none(), "cut at {at}");
        }
    }
}
