//! Time stamps of an authority (RFC 3161): what is asked for, and whether a token says what it should. Bytes in, values
//! out; who asks, and how, is not known here.

use cms::cert::CertificateChoices;
use cms::cert::x509::Certificate;
use cms::cert::x509::ext::pkix::ExtendedKeyUsage;
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{Int, ObjectIdentifier, OctetString};
use der::{Any, Decode, Encode, Reader, SliceReader, Tag, Tagged as _};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_tsp::{Accuracy, MessageImprint, TimeStampReq, TimeStampResp, TspVersion};

use crate::report::{Hash, Message};

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// The same, as it stands in a certificate.
const TIME_STAMPING_BYTES: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// Why a token is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampError(pub Message);

fn fault(zh: impl Into<String>, en: impl Into<String>) -> StampError {
    StampError(Message::new(zh, en))
}

impl From<der::Error> for StampError {
    fn from(error: der::Error) -> Self {
        fault(format!("不是有效的时间戳（{error}）"), format!("it is no time stamp ({error})"))
    }
}

/// What a token says that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When the authority saw the digest.
    pub time: Timestamp,
    /// Subject of its certificate.
    pub authority: String,
}

/// A question for an authority: that it stamps a SHA-256, with this nonce, and sends its certificate along.
///
/// # Errors
/// None that is known of.
pub fn request(digest: Hash, nonce: [u8; 8]) -> Result<Vec<u8>, StampError> {
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned { oid: SHA_256, parameters: Some(Any::null()) },
            hashed_message: OctetString::new(digest.0)?,
        },
        req_policy: None,
        nonce: Some(number(nonce)?),
        cert_req: true,
        extensions: None,
    };
    Ok(request.to_der()?)
}

/// A positive number in as few bytes as there can be.
fn number(mut nonce: [u8; 8]) -> Result<Int, StampError> {
    nonce[0] = nonce[0] & 0x3f | 0x40;
    Ok(Int::new(&nonce)?)
}

/// The token in an authority's answer to a question. Whether its signature holds is for [`verify`] to say.
///
/// # Errors
/// Where the authority refused, or answered another question.
pub fn token(answer: &[u8], digest: Hash, nonce: [u8; 8]) -> Result<Vec<u8>, StampError> {
    let answer = TimeStampResp::from_der(answer)?;
    let Some(token) = answer.time_stamp_token else {
        let why = format!("{:?} {:?}", answer.status.status, answer.status.fail_info);
        return Err(fault(format!("时间戳机构拒绝：{why}"), format!("the authority refused: {why}")));
    };
    let token = token.to_der()?;
    let info = Signed::of(&token)?.info;
    if info.nonce != Some(number(nonce)?) || !info.is_of(digest) {
        return Err(fault("答复的不是这次请求", "it answers another request"));
    }
    Ok(token)
}

/// What is stamped. Written here, as the fractions of seconds that RFC 3161 allows are no time to the library.
struct TstInfo {
    imprint: MessageImprint,
    time: Timestamp,
    nonce: Option<Int>,
}

impl TstInfo {
    fn is_of(&self, digest: Hash) -> bool {
        self.imprint.hash_algorithm.oid == SHA_256 && self.imprint.hashed_message.as_bytes() == digest.0
    }
}

impl<'a> Decode<'a> for TstInfo {
    fn decode<R: Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        reader.sequence(|reader| {
            let _version = u8::decode(reader)?;
            let _policy = ObjectIdentifier::decode(reader)?;
            let imprint = MessageImprint::decode(reader)?;
            let _serial = Int::decode(reader)?;
            let time = Any::decode(reader)?;
            let _accuracy = Option::<Accuracy>::decode(reader)?;
            let _ordering = Option::<bool>::decode(reader)?;
            let nonce = Option::<Int>::decode(reader)?;
            while !reader.is_finished() {
                Any::decode(reader)?;
            }
            let time = (time.tag() == Tag::GeneralizedTime).then(|| generalized(time.value())).flatten();
            Ok(Self { imprint, time: time.ok_or_else(|| Tag::GeneralizedTime.value_error())?, nonce })
        })
    }
}

/// Such as `20260131160000.5Z`.
fn generalized(time: &[u8]) -> Option<Timestamp> {
    let time = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let time = DateTime::strptime("%Y%m%d%H%M%S%.f", time).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// A token taken apart.
struct Signed {
    data: SignedData,
    /// What was signed, byte for byte.
    content: Vec<u8>,
    info: TstInfo,
}

impl Signed {
    fn of(token: &[u8]) -> Result<Self, StampError> {
        let other = || fault("不是时间戳", "it is something else than a time stamp");
        let token = ContentInfo::from_der(token)?;
        if token.content_type != SIGNED_DATA {
            return Err(other());
        }
        let data: SignedData = token.content.decode_as()?;
        if data.encap_content_info.econtent_type != TST_INFO {
            return Err(other());
        }
        let content = data.encap_content_info.econtent.as_ref().ok_or_else(other)?;
        let content = content.decode_as::<OctetString>()?.into_bytes();
        let info = TstInfo::decode(&mut SliceReader::new(&content)?)?;
        Ok(Self { data, content, info })
    }

    /// The certificates that came along.
    fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        let all = self.data.certificates.iter().flat_map(|set| set.0.iter());
        all.filter_map(
            |one| if let CertificateChoices::Certificate(certificate) = one { Some(certificate) } else { None },
        )
    }

    /// The one signer with its certificate.
    fn signer(&self) -> Result<(&SignerInfo, &Certificate), StampError> {
        let [signer] = self.data.signer_infos.0.as_slice() else {
            return Err(fault("须恰有一个签名", "it must have one signature"));
        };
        let is_signer = |certificate: &&Certificate| match &signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(id) => {
                id.issuer == certificate.tbs_certificate.issuer
                    && id.serial_number == certificate.tbs_certificate.serial_number
            }
            // RFC 3161 names signers by their certificates.
            SignerIdentifier::SubjectKeyIdentifier(_) => false,
        };
        let certificate = self.certificates().find(is_signer);
        let missing = || fault("未附签名者的证书", "the certificate of its signer did not come along");
        Ok((signer, certificate.ok_or_else(missing)?))
    }
}

/// Whether a token stamps this digest, signed by a time-stamping authority under one of these.
///
/// `authorities`: certificates in PEM, one after another.
///
/// # Errors
/// What does not hold.
pub fn verify(token: &[u8], digest: Hash, authorities: &str) -> Result<Stamp, StampError> {
    let signed = Signed::of(token)?;
    if !signed.info.is_of(digest) {
        return Err(fault("盖的不是此内容的时间戳", "it stamps something else"));
    }
    let (signer, certificate) = signed.signer()?;
    check_signature(&signed, signer, certificate)?;
    check_purpose(certificate)?;
    check_path(&signed, certificate, authorities)?;
    Ok(Stamp { time: signed.info.time, authority: certificate.tbs_certificate.subject.to_string() })
}

/// The one value of a signed attribute.
fn attribute(signer: &SignerInfo, kind: ObjectIdentifier) -> Option<&Any> {
    let attributes = signer.signed_attrs.as_ref()?;
    let found = attributes.iter().find(|attribute| attribute.oid == kind)?;
    if let [value] = found.values.as_slice() { Some(value) } else { None }
}

fn check_signature(signed: &Signed, signer: &SignerInfo, certificate: &Certificate) -> Result<(), StampError> {
    use webpki::ring as with;
    let broken = || fault("签名无效：时间戳被改动", "the signature does not hold: it was changed");
    let (digest, algorithms): (_, [&dyn SignatureVerificationAlgorithm; 3]) = match signer.digest_alg.oid {
        SHA_256 => (
            &ring::digest::SHA256,
            [with::RSA_PKCS1_2048_8192_SHA256, with::ECDSA_P256_SHA256, with::ECDSA_P384_SHA256],
        ),
        SHA_384 => (
            &ring::digest::SHA384,
            [with::RSA_PKCS1_2048_8192_SHA384, with::ECDSA_P256_SHA384, with::ECDSA_P384_SHA384],
        ),
        SHA_512 => (
            &ring::digest::SHA512,
            [with::RSA_PKCS1_2048_8192_SHA512, with::ED25519, with::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        other => {
            return Err(fault(
                format!("不支持的摘要算法 {other}"),
                format!("its digest algorithm {other} is not one of SHA-256, SHA-384 and SHA-512"),
            ));
        }
    };
    let content_type = attribute(signer, CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    let message_digest = attribute(signer, MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    let of_content = ring::digest::digest(digest, &signed.content);
    if content_type != Some(TST_INFO) || message_digest.is_none_or(|said| said.as_bytes() != of_content.as_ref()) {
        return Err(broken());
    }
    let der = CertificateDer::from(certificate.to_der()?);
    if !names_certificate(signer, &der) {
        return Err(fault("未声明签名所用的证书", "it does not say by which certificate it is signed"));
    }
    let attributes = signer.signed_attrs.as_ref().ok_or_else(broken)?.to_der()?;
    let key = EndEntityCert::try_from(&der).map_err(|error| unusable(&error))?;
    let holds = |algorithm: &&dyn SignatureVerificationAlgorithm| {
        key.verify_signature(*algorithm, &attributes, signer.signature.as_bytes()).is_ok()
    };
    if algorithms.iter().any(holds) { Ok(()) } else { Err(broken()) }
}

/// Whether the signed attributes name this certificate by its hash (RFC 5035, RFC 2634), as RFC 3161 demands: it cannot be exchanged for another with the
/// same key.
fn names_certificate(signer: &SignerInfo, certificate: &[u8]) -> bool {
    let named = |kind| {
        let value = attribute(signer, kind)?.value();
        // SEQUENCE { certs SEQUENCE OF CertID, … }: the first is the signer's.
        let certificates = Any::decode(&mut SliceReader::new(value).ok()?).ok()?;
        let mut reader = SliceReader::new(certificates.value()).ok()?;
        let id = Any::decode(&mut reader).ok()?;
        let mut reader = SliceReader::new(id.value()).ok()?;
        let algorithm = if kind == SIGNING_CERTIFICATE {
            None
        } else {
            Option::<AlgorithmIdentifierOwned>::decode(&mut reader).ok()?.map(|algorithm| algorithm.oid)
        };
        let hash = OctetString::decode(&mut reader).ok()?;
        let digest = match algorithm {
            None if kind == SIGNING_CERTIFICATE => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            None | Some(SHA_256) => &ring::digest::SHA256,
            Some(SHA_384) => &ring::digest::SHA384,
            Some(SHA_512) => &ring::digest::SHA512,
            Some(_) => return None,
        };
        Some(hash.as_bytes() == ring::digest::digest(digest, certificate).as_ref())
    };
    named(SIGNING_CERTIFICATE_V2).or_else(|| named(SIGNING_CERTIFICATE)).unwrap_or(false)
}

/// Whether the certificate is for time stamps, and for nothing else.
fn check_purpose(certificate: &Certificate) -> Result<(), StampError> {
    let usage = certificate.tbs_certificate.get::<ExtendedKeyUsage>()?;
    match usage {
        Some((true, ExtendedKeyUsage(purposes))) if purposes == [TIME_STAMPING] => Ok(()),
        _ => Err(fault(
            "签名证书不是专用于时间戳的证书（扩展密钥用法须仅为 timeStamping 且为关键项）",
            "its certificate is not for time stamps alone (extended key usage timeStamping, critical)",
        )),
    }
}

/// Whether the certificate was, at the time that is stamped, of one of the authorities.
fn check_path(signed: &Signed, certificate: &Certificate, authorities: &str) -> Result<(), StampError> {
    let trusted: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(authorities.as_bytes()).collect();
    let trusted = trusted.ok().filter(|found| !found.is_empty());
    let trusted =
        trusted.ok_or_else(|| fault("所给文件没有证书（PEM）", "there is no certificate in the file (PEM)"))?;
    let anchors: Result<Vec<TrustAnchor<'_>>, _> = trusted.iter().map(anchor_from_trusted_cert).collect();
    let anchors = anchors.map_err(|error| unusable(&error))?;
    let others: Result<Vec<_>, der::Error> =
        signed.certificates().map(|one| one.to_der().map(CertificateDer::from)).collect();
    let (others, der) = (others?, CertificateDer::from(certificate.to_der()?));
    let leaf = EndEntityCert::try_from(&der).map_err(|error| unusable(&error))?;
    let since = signed.info.time.duration_since(Timestamp::UNIX_EPOCH);
    let time = UnixTime::since_unix_epoch(since.try_into().unwrap_or_default());
    let path = leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &others,
        time,
        KeyUsage::required(TIME_STAMPING_BYTES),
        None,
        None,
    );
    path.map(|_| ()).map_err(|error| {
        fault(
            format!("签名证书不属于所给机构，或在盖戳之时已失效（{error}）"),
            format!("its certificate is not of the authorities given, or did not hold at that time ({error})"),
        )
    })
}

fn unusable(error: &webpki::Error) -> StampError {
    fault(format!("证书无法使用（{error}）"), format!("a certificate cannot be used ({error})"))
}
