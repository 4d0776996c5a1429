//! Who the government's identity provider says that somebody is: OpenID Connect, by authorization code with PKCE.
//!
//! - `provider`: the steps of signing in, and where to sign out.
//! - `attempt`: what ties the provider's answer to the browser that asked for it.
//! - `discovery`: where the provider's endpoints are, and its keys; both kept for a while.
//! - `id_token`: what a token must be, and say, to be believed.
//! - `signatures`: the signatures of tokens, checked by ring.
//! - `client`: requests to the provider, bounded in time and size.
//! - `refusal`: why nobody is signed in, in words.

mod attempt;
mod client;
mod discovery;
mod id_token;
mod provider;
mod refusal;
mod signatures;

pub use attempt::{ATTEMPT_SECONDS, own_path};
pub use client::ClientError;
pub use provider::{Answer, Begun, Identity, Provider, Refused};
pub use refusal::{Cause, Class, Refusal};
