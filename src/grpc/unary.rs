//! One call: who makes it, and by which method; and the one way in which calls with one answer are answered.

use tonic::{Request, Response, Status};

use crate::access::{Method, Told};
use crate::service::{Asker, Caller, Problem, Service, Sight, Target};

use super::pages::{Paged, fewer};
use super::{caller, to_status};

/// A call of a method by a caller.
pub(crate) struct Call<'a> {
    pub service: &'a Service,
    pub method: &'static Method,
    pub caller: Caller,
    /// It has been let in before, and stands in the journal as far as it does.
    is_again: bool,
}

impl<'a> Call<'a> {
    /// The call that a request makes of a method.
    pub(crate) fn new<Q>(service: &'a Service, method: &'static Method, request: &Request<Q>) -> Self {
        Self::of(service, method, caller(request))
    }

    /// A caller's call of a method.
    pub(crate) fn of(service: &'a Service, method: &'static Method, caller: Caller) -> Self {
        Self { service, method, caller, is_again: false }
    }

    /// Lets the caller do this to what the call is about.
    ///
    /// # Errors
    /// As [`Service::permit`].
    pub(crate) async fn permit(&self, target: Target<'_>) -> Result<(), Problem> {
        let told = if self.is_again { Told::Never } else { self.method.told };
        self.service.permit(&self.caller, &Method { told, ..*self.method }, target).await
    }

    /// As [`Call::permit`], by the right of another method.
    ///
    /// # Errors
    /// As [`Service::permit`].
    pub(crate) async fn permit_as(&self, method: &Method, target: Target<'_>) -> Result<(), Problem> {
        self.service.permit(&self.caller, &Method { right: method.right, ..*self.method }, target).await
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

/// As [`answer`], for a page of a list: with fewer things than asked for where more would make the answer too long.
pub(crate) async fn answer_page<'a, Q: Paged, W: Future<Output = Result<Q::Answer, Problem>>>(
    service: &'a Service,
    method: &'static Method,
    request: Request<Q>,
    work: impl Fn(Q, Call<'a>) -> W,
) -> Result<Response<Q::Answer>, Status> {
    let caller = caller(&request);
    let (metadata, _, mut question) = request.into_parts();
    let mut is_again = false;
    loop {
        let call = Call { service, method, caller: caller.clone(), is_again };
        let page = work(question.clone(), call).await.map_err(|problem| to_status(&problem, &metadata))?;
        let Some(size) = fewer::<Q>(&page) else { return Ok(Response::new(page)) };
        question.set_page_size(size);
        is_again = true;
    }
}
