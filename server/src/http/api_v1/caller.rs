//! Who asks, and how they are answered.

use app::server::RequestCx;
use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, request::Parts};
use serde::Serialize;
use service::{Deploy, DeployError, Deployer, Onlooker, Operator, ServiceError, Viewer, deploy::edit_conflict};
use tracing::Instrument as _;
use types::{Problem, ProblemCode, SessionPublicId, UserId};

use crate::{http::problem, state::AppState};

/// What a route asks for.
pub(super) trait Proof: Sized {
    /// The proof, if the viewer has it.
    fn of(viewer: &Viewer) -> Result<Self, ServiceError>;
}

impl Proof for Onlooker {
    fn of(viewer: &Viewer) -> Result<Self, ServiceError> {
        viewer.onlooker()
    }
}

impl Proof for Deployer {
    fn of(viewer: &Viewer) -> Result<Self, ServiceError> {
        viewer.deployer()
    }
}

impl Proof for Operator {
    fn of(viewer: &Viewer) -> Result<Self, ServiceError> {
        viewer.operator()
    }
}

/// Somebody who may what the route asks for; an administrator unless it says otherwise. Taken before the body is read.
pub(super) struct Caller<P = Operator> {
    pub(super) deploy: Deploy,
    pub(super) proof: P,
    /// Who, and by which session or token: what ends when that ends.
    pub(super) by: Option<(UserId, SessionPublicId)>,
    trace_id: String,
}

impl<P: Proof> FromRequestParts<AppState> for Caller<P> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let cx = parts.extensions.get::<RequestCx>().ok_or_else(|| {
            tracing::error!("a route of the JSON API stands outside of the viewer's layer");
            problem::json(&Problem::new(ProblemCode::Internal, "Something went wrong on our side."))
        })?;
        let trace_id = cx.viewer.origin().trace_id.clone();
        let proof = P::of(&cx.viewer).map_err(|error| refuse(error.into(), &trace_id))?;
        let by = cx.viewer.user().map(|user| user.id).zip(cx.viewer.session());
        Ok(Self { deploy: state.services.deploy().clone(), proof, by, trace_id })
    }
}

impl<P> Caller<P> {
    /// Answers with what `act` reads. Ends with the request.
    pub(super) async fn read<T, Fut>(self, act: impl FnOnce(Deploy, P) -> Fut) -> Response
    where
        T: Serialize,
        Fut: Future<Output = Result<T, DeployError>>,
    {
        answer(StatusCode::OK, act(self.deploy, self.proof).await, &self.trace_id)
    }

    /// Answers with what `act` did. What was begun is brought to its end even if the caller goes away meanwhile.
    pub(super) async fn write<T, Fut>(self, status: StatusCode, act: impl FnOnce(Deploy, P) -> Fut) -> Response
    where
        T: Serialize + Send + 'static,
        Fut: Future<Output = Result<T, DeployError>> + Send + 'static,
    {
        let work = tokio::spawn(act(self.deploy, self.proof).instrument(tracing::Span::current()));
        let done = match work.await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only the runtime's end cancels it, and then nobody reads this.
                Err(error) => Err(ServiceError::defect("a write of the JSON API", error).into()),
            },
        };
        answer(status, done, &self.trace_id)
    }

    /// Words a refusal.
    pub(super) fn refuse(&self, error: DeployError) -> Response {
        refuse(error, &self.trace_id)
    }
}

fn answer<T: Serialize>(status: StatusCode, done: Result<T, DeployError>, trace_id: &str) -> Response {
    match done {
        Ok(_) if status == StatusCode::NO_CONTENT => status.into_response(),
        Ok(body) => (status, Json(body)).into_response(),
        Err(error) => refuse(error, trace_id),
    }
}

/// A refusal as JSON. What a program can go on with comes along: the plan as it is now, or both sides of a conflict.
fn refuse(error: DeployError, trace_id: &str) -> Response {
    let extension = match &error {
        DeployError::Moved(fresh) => serde_json::to_value(fresh).ok().map(|fresh| ("fresh", fresh)),
        DeployError::Conflict(sides) => {
            serde_json::to_value(edit_conflict(sides)).ok().map(|sides| ("conflict", sides))
        }
        DeployError::Service(_) => None,
    };
    let found = problem::from_service(&ServiceError::from(error), trace_id);
    problem::ask_for_token(problem::extended(&found, extension))
}
