//! Why nobody is signed in: a stable cause for log and metrics, and words for whoever tried.

use crate::report::Message;

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Whoever tries, by trying again.
    Attempt,
    /// The provider's answer is not believed; the operators of both sides.
    Untrusted,
    /// The provider does not answer, or not so that it can be understood.
    Unavailable,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident, $zh:literal, $en:literal;)*) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Cause {
            $($(#[$doc])* #[doc = concat!("As people are told: ", $en, ".")] $name,)*
        }

        impl Cause {
            /// All, in the order of the table.
            pub const ALL: &[Cause] = &[$(Cause::$name),*];

            /// As it stands in the log and in metrics.
            pub fn as_str(self) -> &'static str {
                match self { $(Cause::$name => $text,)* }
            }

            /// Who can do something about it.
            pub fn class(self) -> Class {
                match self { $(Cause::$name => Class::$class,)* }
            }

            fn words(self) -> (&'static str, &'static str) {
                match self { $(Cause::$name => ($zh, $en),)* }
            }
        }
    };
}

causes! {
    /// The answer comes with no attempt of this browser, or with one that is too old.
    NotBegunHere = "not_begun_here", Attempt,
        "此次登录不是从本浏览器发起的，或已超过10分钟，或其间服务已重启",
        "this sign-in was not begun in this browser, or longer than 10 minutes ago, or the service has started anew since";
    AnsweredBefore = "answered_before", Attempt,
        "此次登录的答复已经用过", "the answer to this sign-in was used before";
    ConsentRefused = "consent_refused", Attempt,
        "在身份认证平台上未同意登录，或平台不允许此账号登录本服务",
        "consent was not given at the identity provider, or it does not let this account sign in here";
    CodeRefused = "code_refused", Attempt,
        "身份认证平台不认可此次登录的授权码：已过期、已用过，或不是发给本服务的",
        "the identity provider does not take the code of this sign-in: it has expired, was used, or is not for this service";
    ProviderRefused = "provider_refused", Untrusted,
        "身份认证平台未受理此次登录", "the identity provider did not accept the sign-in";
    AnswerMalformed = "answer_malformed", Untrusted,
        "身份认证平台的答复不完整或有重复", "the answer of the identity provider is incomplete, or says something twice";
    IssuerMixedUp = "issuer_mixed_up", Untrusted,
        "答复来自另一个身份认证平台", "the answer is of another identity provider";
    TokenMalformed = "token_malformed", Untrusted,
        "身份认证平台给出的身份令牌无法识别", "the identity token of the provider cannot be read";
    Algorithm = "algorithm", Untrusted,
        "身份令牌未以允许的算法（RS256、PS256、ES256、EdDSA）签名",
        "the identity token is not signed by an algorithm that is allowed (RS256, PS256, ES256, EdDSA)";
    KeyUnknown = "key_unknown", Untrusted,
        "身份令牌的签名密钥不在身份认证平台公布的密钥之中",
        "the identity token is signed with a key that the provider does not publish";
    Signature = "signature", Untrusted,
        "身份令牌的签名不符", "the signature of the identity token is not right";
    Issuer = "issuer", Untrusted,
        "身份令牌由另一个平台签发", "the identity token was issued by another provider";
    Audience = "audience", Untrusted,
        "身份令牌不是签发给本服务的", "the identity token is not for this service";
    Expired = "expired", Untrusted,
        "身份令牌已过期；若刚刚登录，则两处时钟不一致",
        "the identity token has expired; if it is new, the clocks of both sides differ";
    Clock = "clock", Untrusted,
        "身份令牌的签发时间在将来：两处时钟不一致",
        "the identity token was issued in the future: the clocks of both sides differ";
    Nonce = "nonce", Untrusted,
        "身份令牌属于另一次登录", "the identity token belongs to another sign-in";
    ClaimMissing = "claim_missing", Untrusted,
        "身份认证平台没有给出作为账号名称的声明",
        "the identity provider does not give the claim that names the principal";
    Unreachable = "unreachable", Unavailable,
        "无法连接身份认证平台", "the identity provider cannot be reached";
    TooSlow = "too_slow", Unavailable,
        "身份认证平台未能及时答复", "the identity provider did not answer in time";
    TooLarge = "too_large", Unavailable,
        "身份认证平台的答复过大", "the answer of the identity provider is too large";
    NotUnderstood = "not_understood", Unavailable,
        "身份认证平台的答复无法理解", "the answer of the identity provider cannot be understood";
    ClientRefused = "client_refused", Unavailable,
        "身份认证平台不认可本服务的客户端标识或密钥",
        "the identity provider does not take the client id or the secret of this service";
    OtherIssuer = "other_issuer", Unavailable,
        "该地址公布的是另一个身份认证平台", "what is published at the address is another identity provider";
    Unprotected = "unprotected", Unavailable,
        "身份认证平台公布的地址未受 TLS 保护", "the identity provider publishes an address without TLS";
}

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What went wrong.
    pub cause: Cause,
    /// For the log; never a secret, a code or a token.
    pub detail: String,
}

impl Refusal {
    /// `detail` goes into the log: no secret, no code, no token.
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }

    /// What is wrong.
    pub fn message(&self) -> Message {
        let (zh, en) = self.cause.words();
        Message::new(zh, en)
    }

    /// What to do; `contact` is whom to ask.
    pub fn remedy(&self, contact: &Message) -> Message {
        let cause = self.cause.as_str();
        let Message { zh, en } = contact;
        match self.cause.class() {
            Class::Attempt => Message::new(
                format!("请重新登录；仍不成功的，请联系{zh}"),
                format!("sign in again; where that does not help, ask {en}"),
            ),
            Class::Untrusted => Message::new(
                format!("未登录任何人；请重试，仍不成功的，请联系{zh}，并告知原因代码 {cause}"),
                format!("nobody was signed in; try again, and where that does not help, tell {en} the cause {cause}"),
            ),
            Class::Unavailable => Message::new(
                format!("请稍后重试；仍不成功的，请联系{zh}，并告知原因代码 {cause}；持有令牌的，可用令牌登录"),
                format!(
                    "try again later, and where that does not help, tell {en} the cause {cause}; whoever has a token may \
                     sign in with it"
                ),
            ),
        }
    }
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self::new(cause, "")
    }
}
