//! What the command palette offers beyond the menu: the person's newest conversations, and the stacks and environments of whoever
//! looks after deployments.

use serde::Serialize;

use crate::{
    AppError,
    pages::admin::deploy::places::places as of_deployments,
    server::{RequestCx, mend},
};

/// A place to go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// What it is called.
    pub label: String,
    /// What it is, to tell it from others of its name.
    pub hint: String,
    /// Its path.
    pub href: String,
}

/// Lists the places of the person who asks. Deployments are told from the newest look: nobody else is asked.
///
/// # Errors
/// `SignInRequired` for nobody; when the database fails.
pub async fn places(request: &RequestCx) -> Result<Vec<Place>, AppError> {
    mend(request, request.viewer.signed_in())?;
    let mut places = request.viewer.onlooker().map(|onlooker| of_deployments(request, &onlooker)).unwrap_or_default();
    // Who only looks on has no chat.
    if let Ok(member) = request.viewer.member() {
        let conversations = mend(request, request.services.chat().list(member, None).await)?.conversations;
        places.extend(conversations.into_iter().map(|one| Place {
            label: one.title,
            hint: "Conversation".to_owned(),
            href: format!("/chat/{}", one.id),
        }));
    }
    Ok(places)
}
