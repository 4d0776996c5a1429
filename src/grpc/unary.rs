//! One call: who makes it, and by which method; and the one way in which calls with one answer are answered.

use tonic::{Request, Response, Status};

use crate::access::Method;
use crate::service::{Asker, Caller, Problem, Service, Sight, Target};

use super::{caller, to_status};

/// A call of a method by a caller.
pub(crate) struct Call<'a> {
    pub service: &'a Service,
    pub method: &'static Method,
    pub caller: Caller,
}

impl<'a> Call<'a> {
    /// The call that a request makes of a method.
    pub(crate) fn new<Q>(service: &'a Service, method: &'static Method, request: &Request<Q>) -> Self {
        Self { service, method, caller: caller(request) }
    }

    /// Lets the caller do this to what the call is about.
    ///
    /// # Errors
    /// As [`Service::permit`].
    pub(crate) async fn permit(&self, target: Target<'_>) -> Result<(), Problem> {
        self.service.permit(&self.caller, self.method, target).await
    }

    /// Who asks, for questions whose answers are made of more than what is named.
    pub(crate) fn asker(&self) -> Asker {
        Asker::new(&self.caller, self.method)
    }

    /// What the caller sees of many things.
    ///
    /// # Errors
    /// As [`Service::sight`].
    pub(crate) fn sight(&self) -> Result<Sight, Problem> {
        self.service.sight(&self.caller, self.method)
    }

    /// Sees to it that the refusal of a call that would have changed something is in the journal.
    ///
    /// # Errors
    /// As [`Service::conclude`].
    pub(crate) async fn conclude<T>(
        &self,
        outcome: Result<T, Problem>,
        subject: impl FnOnce() -> String,
        validate_only: bool,
    ) -> Result<T, Problem> {
        self.service.conclude(outcome, &self.caller, self.method, subject, validate_only).await
    }

    /// Changes what no role over a part of the tree reaches, once the caller may, and sees to it that a refusal is in the
    /// journal.
    ///
    /// # Errors
    /// The work's; as [`Call::permit`].
    pub(crate) async fn administer<T>(
        &self,
        subject: String,
        validate_only: bool,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let outcome = async {
            self.permit(Target::Service).await?;
            work.await
        };
        self.conclude(outcome.await, || subject, validate_only).await
    }
}

/// Answers a call: what it asks goes to `work`, and what is wrong becomes a status in the caller's language.
pub(crate) async fn answer<'a, Q, A, W: Future<Output = Result<A, Problem>>>(
    service: &'a Service,
    method: &'static Method,
    request: Request<Q>,
    work: impl FnOnce(Q, Call<'a>) -> W,
) -> Result<Response<A>, Status> {
    let call = Call::new(service, method, &request);
    let (metadata, _, question) = request.into_parts();
    work(question, call).await.map(Response::new).map_err(|problem| to_status(&problem, &metadata))
}
