//! Why a command ends with another code than 0, in the languages that are told.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::access::{PrincipalNameError, RoleError};
use crate::config::ConfigError;
use crate::report::{AgencyIdError, JurisdictionCodeError, Message, NameError, YearError, in_chinese};
use crate::store::StoreError;
use crate::store::transfer::{DamagedStream, KeptError};

use super::{both, language};

/// Why a command ends with another code than 0.
pub(crate) enum Failure {
    /// Findings, or a refusal that was printed already: 1.
    Refused,
    /// Something else went wrong, to be said: 1.
    Failed(String),
    /// The command makes no sense as given: 2.
    Usage(String),
    /// The server cannot be reached: 3.
    Unreachable(String),
    /// Nobody reads any more what is printed, as in `huizong form … | head`: 0.
    Unread,
}

impl Failure {
    /// Something went wrong that is said by a library or the system.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        Self::Failed(both(&words(error)))
    }

    /// As [`Failure::of`], with the file or address that it is about.
    pub(crate) fn at(place: impl std::fmt::Display, error: &(dyn Error + 'static)) -> Self {
        Self::Failed(said_at(place, error))
    }
}

/// What is wrong, after the file or address that it is about.
pub(crate) fn said_at(place: impl std::fmt::Display, error: &(dyn Error + 'static)) -> String {
    let Message { zh, en } = words(error);
    both(&Message::new(format!("{place}：{zh}"), format!("{place}: {en}")))
}

/// An error in both languages: those of ours have words, those of libraries and the system mostly known ones.
pub(crate) fn words(error: &(dyn Error + 'static)) -> Message {
    macro_rules! ours {
        ($($kind:ty),*) => {$(
            if let Some(error) = error.downcast_ref::<$kind>() {
                return error.message();
            }
        )*};
    }
    ours!(
        AgencyIdError,
        DamagedStream,
        JurisdictionCodeError,
        NameError,
        PrincipalNameError,
        RoleError,
        StoreError,
        YearError
    );
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return settings(error);
    }
    if let Some(KeptError::Damaged { path, error }) = error.downcast_ref() {
        let (path, why) = (path.display(), error.message());
        return Message::new(
            format!("{path} 与所写内容不符：{}", why.zh),
            format!("{path} is not as it was written: {}", why.en),
        );
    }
    let text = error.to_string();
    Message::new(in_chinese(&text), text)
}

/// What is wrong with settings.
fn settings(error: &ConfigError) -> Message {
    let zh = match error {
        ConfigError::Read { path, error } => format!("{}：{error}", path.display()),
        ConfigError::Parse { path, error } => {
            // Before its words stand the line and a picture of it.
            let whole = error.to_string();
            let place = whole.strip_prefix("TOML parse error at line ").and_then(|rest| rest.split_once('\n'));
            let place = place.and_then(|(place, _)| place.split_once(", column "));
            let place = place.map(|(line, column)| format!("第{line}行第{column}列，")).unwrap_or_default();
            format!("{}：{place}{}", path.display(), in_chinese(error.message()))
        }
        ConfigError::Zero(key) => format!("{key} 至少为1"),
        ConfigError::AboveMost(key, most) => format!("{key} 不得大于{most}"),
        ConfigError::Within(inner, outer) => format!("{inner} 不得在 {outer} 之内：否则会一同丢失"),
        ConfigError::Incomplete(key, other) => format!("{key} 与 {other} 须同时设置"),
        ConfigError::Address(key, form) => format!("{key} 的形式为 {form}"),
    };
    Message::new(zh, error.to_string())
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let text = format!("{error:#}");
        let known = error.downcast_ref::<StoreError>().map(StoreError::message);
        Self::Failed(both(&known.unwrap_or_else(|| Message::new(in_chinese(&text), text))))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe { Self::Unread } else { Self::of(&error) }
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => Self::Failed(format!("{other:?}")),
        }
    }
}

/// What is wrong with arguments, in Chinese; none for what its library alone says.
pub(crate) fn of_arguments(error: &clap::Error) -> Option<String> {
    let list = |texts: &[String]| texts.join(" ");
    let context = |kind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(texts) => list(texts),
            other => other.to_string(),
        })
    };
    let argument = || context(ContextKind::InvalidArg).unwrap_or_default();
    let text = match error.kind() {
        ErrorKind::ValueValidation => {
            let why = error.source().map(|source| words(source).zh).unwrap_or_default();
            // What a parser of ours says has been put in the languages already, and says the Chinese first.
            let why = why.lines().next().unwrap_or_default();
            format!("{} 的值“{}”无效：{why}", argument(), context(ContextKind::InvalidValue)?)
        }
        ErrorKind::InvalidValue => {
            let known = context(ContextKind::ValidValue).map(|known| format!("；可用 {known}")).unwrap_or_default();
            match context(ContextKind::InvalidValue).filter(|value| !value.is_empty()) {
                Some(value) => format!("{} 没有“{value}”这个值{known}", argument()),
                None => format!("{} 须有值{known}", argument()),
            }
        }
        ErrorKind::UnknownArgument => {
            let meant = context(ContextKind::SuggestedArg).map(|meant| format!("；是否为 {meant}")).unwrap_or_default();
            format!("没有参数 {}{meant}", argument())
        }
        ErrorKind::InvalidSubcommand => format!("没有命令 {}", context(ContextKind::InvalidSubcommand)?),
        ErrorKind::MissingRequiredArgument => format!("缺少 {}", argument()),
        ErrorKind::ArgumentConflict => {
            format!("{} 不能与 {} 同用", argument(), context(ContextKind::PriorArg).unwrap_or_default())
        }
        _ => return None,
    };
    Some(format!("错误：{text}"))
}

/// The arguments of this process; ends it where they make no sense, or only help is wanted.
pub fn parse() -> super::Arguments {
    language::listen(std::env::args_os());
    let error = match <super::Arguments as clap::Parser>::try_parse() {
        Ok(arguments) => return arguments,
        Err(error) => error,
    };
    match of_arguments(&error).filter(|_| !language::is_english()) {
        None => error.exit(),
        Some(text) if language::is_chinese() => eprintln!("{text}\n\n详见 --help"),
        Some(text) => eprint!("{text}\n{error}"),
    }
    std::process::exit(error.exit_code())
}
