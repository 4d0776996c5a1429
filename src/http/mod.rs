//! HTTP beside gRPC on the same port: signing in.

pub mod session;
