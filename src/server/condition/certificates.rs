//! Whether the certificates can be used, and how long yet. What clients hold is theirs to look at.

use jiff::{SignedDuration, Timestamp};

use crate::config::Tls;
use crate::grpc::{RevocationList, TlsError, TlsFiles, Validity, revocations, validities};
use crate::report::{Message, because};
use crate::service::{Condition, ConditionState};

use super::moment;

/// Certificates that end sooner are to be renewed now.
const RENEWAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What comes of a certificate that is not good, and where a new one goes.
struct Use {
    name: &'static str,
    /// How bad it is.
    state: ConditionState,
    consequence: (&'static str, &'static str),
    renewal: (&'static str, &'static str),
}

const SERVER: Use = Use {
    name: "server_certificate",
    state: ConditionState::Fault,
    consequence: ("客户端将拒绝连接", "clients refuse to connect"),
    renewal: (
        "请更换证书与私钥文件（tls.certificate、tls.key）；服务会自行采用，无须重启",
        "put a new certificate and its key into tls.certificate and tls.key; the service takes them on by itself",
    ),
};

const CLIENT_AUTHORITY: Use = Use {
    name: "client_ca",
    // It is trusted as it stands there; it is the certificates of its clients that end.
    state: ConditionState::Warning,
    consequence: ("由其签发的客户端证书不可依赖", "the client certificates that it issued are not to be relied on"),
    renewal: (
        "请将新的颁发机构证书加入其文件（tls.client_ca），并重新签发客户端证书",
        "add the authority's new certificate to tls.client_ca, and have client certificates issued anew",
    ),
};

/// Looks at the files of TLS, where it is on.
pub(crate) fn examine(tls: &Tls, now: Timestamp) -> Vec<Condition> {
    if !tls.is_on() {
        return Vec::new();
    }
    let readable = TlsFiles::read(tls).map(|_| ());
    let is_readable = readable.is_ok();
    let mut findings = vec![match readable {
        Ok(()) => {
            Condition::good("tls", "证书与私钥可用，彼此相符", "certificates and key can be used and belong together")
        }
        Err(error) => unusable("tls", &error),
    }];
    let client_ca = Some((&CLIENT_AUTHORITY, &tls.client_ca)).filter(|(_, path)| !path.as_os_str().is_empty());
    for (of_use, path) in [(&SERVER, &tls.certificate)].into_iter().chain(client_ca) {
        match validities(path) {
            Ok(certificates) => findings.push(judge(of_use, &certificates, now)),
            Err(error) if is_readable => findings.push(unusable(of_use.name, &error)),
            // Said above.
            Err(_) => {}
        }
    }
    if !tls.client_crl.as_os_str().is_empty() && is_readable {
        findings.push(match revocations(&tls.client_crl, &tls.client_ca) {
            Ok(lists) => judge_lists(&lists, now),
            Err(error) => unusable(REVOCATIONS, &error),
        });
    }
    findings
}

const REVOCATIONS: &str = "client_crl";

/// Lists that end sooner are to be made anew now: an authority makes one each month.
const LIST_RENEWAL: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How the lists of revoked certificates are: as the one that is worst.
fn judge_lists(lists: &[RevocationList], now: Timestamp) -> Condition {
    let remedy = Message::new(
        "请由颁发客户端证书的机构重新生成吊销列表（openssl ca -gencrl），写入其文件（tls.client_crl）；服务会自行采用",
        "have the authority that issues client certificates make the list anew (openssl ca -gencrl), and put it into \
         tls.client_crl; the service takes it on by itself",
    );
    if let Some(list) = lists.iter().find(|list| !list.is_of_authority) {
        let message = Message::new(
            format!("吊销列表由 {} 签发，不属于所配置的颁发机构（tls.client_ca）：不起作用", list.issuer),
            format!(
                "the list of {} is signed by none of the authorities in tls.client_ca: it revokes nothing",
                list.issuer
            ),
        );
        return Condition::new(REVOCATIONS, ConditionState::Fault, message, remedy);
    }
    let ending = lists.iter().filter_map(|list| Some((list, list.ends?))).min_by_key(|(_, ends)| *ends);
    let Some((list, ends)) = ending else {
        return Condition::good(REVOCATIONS, "吊销列表可用", "the list of revoked certificates can be used");
    };
    let (issuer, end) = (&list.issuer, moment(ends));
    if ends < now {
        let message = Message::new(
            format!("{issuer} 的吊销列表已于 {} 过期：其后吊销的证书仍被接受", end.zh),
            format!("the list of {issuer} expired at {}: certificates revoked since are still taken", end.en),
        );
        return Condition::new(REVOCATIONS, ConditionState::Fault, message, remedy);
    }
    if ends.duration_since(now) < LIST_RENEWAL {
        let message = Message::new(
            format!("{issuer} 的吊销列表将于 {} 过期", end.zh),
            format!("the list of {issuer} expires at {}", end.en),
        );
        return Condition::new(REVOCATIONS, ConditionState::Warning, message, remedy);
    }
    Condition::good(
        REVOCATIONS,
        format!("{issuer} 的吊销列表有效期至 {}", end.zh),
        format!("the list of {issuer} is valid until {}", end.en),
    )
}

fn unusable(name: &'static str, error: &TlsError) -> Condition {
    let message = Message::new(
        format!("证书或私钥文件不可用{}", because(&error.to_string())),
        format!("the files cannot be used: {error}"),
    );
    let remedy = match error {
        TlsError::File { .. } => Message::new(
            "请核对该路径、服务用户的读取权限及其内容（PEM）；服务缺少它无法启动",
            "check the path, that the service's user may read it, and its content (PEM); the service does not start \
             without it",
        ),
        TlsError::Key(_) => Message::new(
            "请将与首个证书（tls.certificate）配对的私钥写入私钥文件（tls.key）；先签发的证书须在链的最前",
            "put the key of the first certificate in tls.certificate into tls.key; the server's own certificate comes \
             first in its chain",
        ),
        TlsError::ClientAuthority(_) => Message::new(
            "请将颁发客户端证书的机构证书（PEM）写入其文件（tls.client_ca），吊销列表写入其文件（tls.client_crl）",
            "put the certificate of the authority that issues client certificates (PEM) into tls.client_ca, and its \
             revocations into tls.client_crl",
        ),
        TlsError::Protocol(_) => Message::new("请重新安装本程序", "install the program anew"),
    };
    Condition::new(name, ConditionState::Fault, message, remedy)
}

/// How the certificates of one file are: as the one that is worst.
fn judge(of_use: &Use, certificates: &[Validity], now: Timestamp) -> Condition {
    let Use { name, state, consequence, renewal } = *of_use;
    let renewal = Message::new(renewal.0, renewal.1);
    if let Some(Validity { subject, begins, .. }) = certificates.iter().find(|certificate| now < certificate.begins) {
        let (begin, now) = (moment(*begins), moment(now));
        let message = Message::new(
            format!("{subject} 自 {} 起才有效，现为 {}：{}", begin.zh, now.zh, consequence.0),
            format!("{subject} is not valid before {}, and it is {}: {}", begin.en, now.en, consequence.1),
        );
        let remedy = Message::new(
            format!("请核对本机时钟；时钟无误的，{}", renewal.zh),
            format!("check the clock of this machine; where it is right, {}", renewal.en),
        );
        return Condition::new(name, state, message, remedy);
    }
    let Some(Validity { subject, ends, .. }) = certificates.iter().min_by_key(|certificate| certificate.ends) else {
        return Condition::good(name, "没有证书", "there is no certificate");
    };
    let end = moment(*ends);
    if *ends < now {
        let message = Message::new(
            format!("{subject} 已于 {} 过期：{}", end.zh, consequence.0),
            format!("{subject} expired at {}: {}", end.en, consequence.1),
        );
        return Condition::new(name, state, message, renewal);
    }
    let left = ends.duration_since(now);
    let days = left.as_hours() / 24;
    if left < RENEWAL {
        let message = Message::new(
            format!("{subject} 将于 {} 过期，尚余{days}天", end.zh),
            format!("{subject} expires at {}, in {days} day(s)", end.en),
        );
        return Condition::new(name, ConditionState::Warning, message, renewal);
    }
    Condition::good(
        name,
        format!("{subject} 有效期至 {}，尚余{days}天", end.zh),
        format!("{subject} is valid until {}, for {days} days", end.en),
    )
}
