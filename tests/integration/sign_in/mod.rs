//! Signing in with an identity provider: the program itself, a provider that also answers wrongly, and a browser that
//! brings what a page of another site would.

mod attempts;
mod browser;
mod doctor;
mod identity;
mod provider;
mod set_up;
