//! Documents of Word and Excel that are locked by a password (MS-OFFCRYPTO, ECMA-376 encryption): decrypted before anything looks
//! at what they are. A PDF is opened by its own reader.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::error::ReadError;
use super::package::attribute;
use super::password::Password;
use super::told::is_compound_with;

/// What they are called: which of the two one is, is not known before it is opened.
const NAME: &str = "DOCX/XLSX";

/// Most times that a password is hashed; Office does so 100,000 times.
const MAX_SPINS: u32 = 10_000_000;
/// How often it is hashed where the file does not say.
const STANDARD_SPINS: u32 = 50_000;
/// Bytes of the document that are encrypted together.
const SEGMENT: usize = 4096;
/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// What each key is made for (MS-OFFCRYPTO, 2.3.4.13).
const FOR_VERIFIER: [u8; 8] = [0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79];
const FOR_VERIFIER_HASH: [u8; 8] = [0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E];
const FOR_KEY: [u8; 8] = [0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6];

/// The document as it is without its password; as it came where it has none.
///
/// # Errors
/// [`ReadError::Locked`], [`ReadError::WrongPassword`], [`ReadError::Damaged`]; [`ReadError::Protected`] where it is locked in a
/// way that is not read.
pub fn opened<'b>(bytes: &'b [u8], password: &Password) -> Result<Cow<'b, [u8]>, ReadError> {
    if !is_compound_with(bytes, "EncryptedPackage") {
        return Ok(Cow::Borrowed(bytes));
    }
    let Some(password) = password.get() else { return Err(ReadError::Locked { format: NAME }) };
    let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let info = stream(bytes, "EncryptionInfo")?;
    let package = stream(bytes, "EncryptedPackage")?;
    let (length, content) = package.split_first_chunk::<8>().ok_or_else(|| damaged("no content"))?;
    let mut opened = match info.split_first_chunk::<8>() {
        Some(([4, 0, 4, 0, ..], xml)) => Agile::parse(xml)?.decrypt(content, &password)?,
        Some(([2..=4, 0, 2, 0, ..], header)) => Standard::parse(header)?.decrypt(content, &password)?,
        _ => return Err(ReadError::Protected { format: NAME }),
    };
    // The last block is filled up.
    opened.truncate(usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX));
    Ok(Cow::Owned(opened))
}

fn damaged(detail: &str) -> ReadError {
    ReadError::damaged(NAME, detail)
}

fn wrong_password() -> ReadError {
    ReadError::WrongPassword { format: NAME }
}

fn stream(bytes: &[u8], name: &str) -> Result<Vec<u8>, ReadError> {
    let failed = |error: std::io::Error| damaged(&error.to_string());
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(failed)?;
    let mut content = Vec::new();
    // What the file says of a length is not trusted.
    file.open_stream(name).map_err(failed)?.take(bytes.len() as u64).read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// How hashes are made.
#[derive(Debug, Clone, Copy)]
struct Hashing(fn(&[&[u8]]) -> Vec<u8>);

fn hash<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().to_vec()
}

impl Hashing {
    fn named(name: &str) -> Option<Self> {
        match name {
            "SHA1" | "SHA-1" => Some(Self(hash::<Sha1>)),
            "SHA256" | "SHA-256" => Some(Self(hash::<Sha256>)),
            "SHA384" | "SHA-384" => Some(Self(hash::<Sha384>)),
            "SHA512" | "SHA-512" => Some(Self(hash::<Sha512>)),
            _ => None,
        }
    }

    /// The password, hashed over and over.
    fn of_password(self, salt: &[u8], password: &[u8], spins: u32) -> Vec<u8> {
        (0..spins).fold((self.0)(&[salt, password]), |digest, spin| (self.0)(&[&spin.to_le_bytes(), &digest]))
    }
}

/// A digest cut off, or filled up, to a length.
fn fitted(mut digest: Vec<u8>, length: usize) -> Vec<u8> {
    digest.resize(length, 0x36);
    digest
}

fn cbc_of<C: BlockCipherDecrypt + KeyInit>(key: &[u8], start: &[u8], bytes: &mut [u8]) -> Option<()> {
    cbc::Decryptor::<C>::new_from_slices(key, start).ok()?.decrypt_padded::<NoPadding>(bytes).ok().map(drop)
}

/// Decrypts whole blocks, each chained to the one before, the first to `start`.
fn chained(key: &[u8], start: &[u8], encrypted: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut bytes = encrypted.to_vec();
    let done = match key.len() {
        16 => cbc_of::<Aes128>(key, start, &mut bytes),
        24 => cbc_of::<Aes192>(key, start, &mut bytes),
        32 => cbc_of::<Aes256>(key, start, &mut bytes),
        _ => return Err(ReadError::Protected { format: NAME }),
    };
    done.map(|()| bytes).ok_or_else(|| damaged("blocks are cut off"))
}

/// Decrypts whole blocks, each by itself.
fn unchained(key: &[u8], encrypted: &[u8]) -> Result<Vec<u8>, ReadError> {
    let block = |block: &[u8]| chained(key, &[0; BLOCK], block);
    encrypted.chunks(BLOCK).map(block).collect::<Result<Vec<_>, _>>().map(|blocks| blocks.concat())
}

/// Encryption of Office 2010 and later (2.3.4.10): the password opens a key, and this the document.
struct Agile {
    data: Sealed,
    key: Sealed,
    spins: u32,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
    sealed_key: Vec<u8>,
}

/// How something is encrypted.
struct Sealed {
    hashing: Hashing,
    /// Bytes of its key.
    length: usize,
    salt: Vec<u8>,
}

impl Sealed {
    fn parse(element: &BytesStart<'_>) -> Result<Self, ReadError> {
        let of = |name: &str| attribute(element, name).unwrap_or_default();
        let is_known = of("cipherAlgorithm") == "AES" && of("cipherChaining") == "ChainingModeCBC";
        let hashing = Hashing::named(&of("hashAlgorithm")).filter(|_| is_known);
        let hashing = hashing.ok_or(ReadError::Protected { format: NAME })?;
        let bits: usize = of("keyBits").parse().map_err(|_| damaged("no length of the key"))?;
        Ok(Self { hashing, length: bits / 8, salt: bytes_of(element, "saltValue")? })
    }
}

fn bytes_of(element: &BytesStart<'_>, name: &str) -> Result<Vec<u8>, ReadError> {
    let text = attribute(element, name).unwrap_or_default();
    BASE64_STANDARD.decode(text).map_err(|_| damaged(name))
}

impl Agile {
    fn parse(xml: &[u8]) -> Result<Self, ReadError> {
        let text = str::from_utf8(xml).map_err(|_| damaged("no text"))?;
        let mut reader = Reader::from_str(text);
        let (mut data, mut found) = (None, None);
        loop {
            match reader.read_event().map_err(|error| damaged(&error.to_string()))? {
                Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                    "keyData" => data = Some(Sealed::parse(&element)?),
                    "encryptedKey" => {
                        let spins = attribute(&element, "spinCount").and_then(|spins| spins.parse().ok());
                        found = Some((
                            Sealed::parse(&element)?,
                            spins.filter(|spins| *spins <= MAX_SPINS).ok_or_else(|| damaged("spinCount"))?,
                            bytes_of(&element, "encryptedVerifierHashInput")?,
                            bytes_of(&element, "encryptedVerifierHashValue")?,
                            bytes_of(&element, "encryptedKeyValue")?,
                        ));
                    }
                    _ => {}
                },
                Event::Eof => break,
                _ => {}
            }
        }
        match (data, found) {
            (Some(data), Some((key, spins, verifier, verifier_hash, sealed_key))) => {
                Ok(Self { data, key, spins, verifier, verifier_hash, sealed_key })
            }
            // Opened by a certificate, or by nothing that is known.
            _ => Err(ReadError::Protected { format: NAME }),
        }
    }

    fn decrypt(&self, content: &[u8], password: &[u8]) -> Result<Vec<u8>, ReadError> {
        let Self { data, key, .. } = self;
        let digest = key.hashing.of_password(&key.salt, password, self.spins);
        let opened = |purpose: &[u8], sealed: &[u8]| {
            let opening = fitted((key.hashing.0)(&[&digest, purpose]), key.length);
            chained(&opening, &fitted(key.salt.clone(), BLOCK), sealed)
        };
        let expected = (key.hashing.0)(&[&opened(&FOR_VERIFIER, &self.verifier)?]);
        if !opened(&FOR_VERIFIER_HASH, &self.verifier_hash)?.starts_with(&expected) {
            return Err(wrong_password());
        }
        let document_key = opened(&FOR_KEY, &self.sealed_key)?;
        let document_key = document_key.get(..data.length).ok_or_else(|| damaged("the key is cut off"))?;
        let segment = |(number, segment): (u32, &[u8])| {
            let start = fitted((data.hashing.0)(&[&data.salt, &number.to_le_bytes()]), BLOCK);
            chained(document_key, &start, segment)
        };
        let segments = (0..).zip(content.chunks(SEGMENT)).map(segment);
        segments.collect::<Result<Vec<_>, _>>().map(|segments| segments.concat())
    }
}

/// Encryption of Office 2007 (2.3.4.5): the password is the key.
struct Standard {
    salt: Vec<u8>,
    length: usize,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
}

impl Standard {
    /// Of what stands behind version and flags.
    fn parse(header: &[u8]) -> Result<Self, ReadError> {
        let number = |at: usize| {
            let bytes = header.get(at..).and_then(<[u8]>::first_chunk::<4>);
            bytes.map(|bytes| u32::from_le_bytes(*bytes) as usize).ok_or_else(|| damaged("the header is cut off"))
        };
        // Its length, then flags, an extra size, cipher, hash and bits of the key.
        let (length, bits) = (number(0)?, number(4 + 16)?);
        let verifier = header.get(4 + length..).ok_or_else(|| damaged("no verifier"))?;
        let part = |at: usize, length: usize| {
            verifier.get(at..at + length).map(<[u8]>::to_vec).ok_or_else(|| damaged("the verifier is cut off"))
        };
        // Lengths stand before the salt and the hash, which are those of AES and SHA-1.
        Ok(Self { salt: part(4, 16)?, verifier: part(20, 16)?, verifier_hash: part(40, 32)?, length: bits / 8 })
    }

    fn decrypt(&self, content: &[u8], password: &[u8]) -> Result<Vec<u8>, ReadError> {
        let digest = Hashing(hash::<Sha1>).of_password(&self.salt, password, STANDARD_SPINS);
        let digest = hash::<Sha1>(&[&digest, &[0; 4]]);
        let masked = |mask: u8| {
            let mut block = [mask; 64];
            block.iter_mut().zip(&digest).for_each(|(byte, of)| *byte ^= of);
            hash::<Sha1>(&[&block])
        };
        let mut key = masked(0x36);
        key.extend(masked(0x5C));
        key.truncate(self.length);
        let expected = hash::<Sha1>(&[&unchained(&key, &self.verifier)?]);
        if !unchained(&key, &self.verifier_hash)?.starts_with(&expected) {
            return Err(wrong_password());
        }
        unchained(&key, content)
    }
}
