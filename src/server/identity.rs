//! The identity provider that people sign in with, as the settings name it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use crate::config::{Config, Oidc};
use crate::identity::{Cause, Provider};
use crate::telemetry::metrics;

/// The provider; none where people sign in with tokens only. `key` is what instances have in common, where there are several.
///
/// # Errors
/// Where the secret or the authorities cannot be read.
pub fn provider(config: &Config, key: Option<[u8; 32]>) -> anyhow::Result<Option<Arc<Provider>>> {
    let settings = &config.access.oidc;
    if !settings.is_on() {
        return Ok(None);
    }
    let provider = Provider::new(settings, &config.server.public_url, secret(settings)?, key)?;
    Ok(Some(Arc::new(provider)))
}

/// The secret of the client: from its file, else from the environment; none for a client without one.
///
/// # Errors
/// Where the file cannot be read, or is empty.
pub(crate) fn secret(settings: &Oidc) -> anyhow::Result<Option<String>> {
    let file = &settings.client_secret_file;
    if file == Path::new("") {
        return Ok(std::env::var(Oidc::SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty()));
    }
    let context = || format!("access.oidc.client_secret_file: {}", file.display());
    let text = std::fs::read_to_string(file).with_context(context)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!secret.is_empty(), "{}: it is empty", context());
    Ok(Some(secret.to_owned()))
}

/// Says so where the provider does not answer at the start; the service goes on, and asks again at each sign-in.
pub(crate) async fn look(provider: Arc<Provider>) {
    for cause in Cause::ALL {
        metrics::sign_in_may_end("provider", cause.as_str());
    }
    let issuer = provider.settings().issuer.as_str();
    match provider.check().await {
        Ok(()) => tracing::info!(issuer, "people sign in with the identity provider"),
        Err(refusal) => {
            let cause = refusal.cause.as_str();
            tracing::warn!(
                issuer,
                cause,
                detail = refusal.detail,
                "the identity provider does not answer as it should"
            );
        }
    }
}
