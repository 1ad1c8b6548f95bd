//! Changing. Each call reads what it needs, then sends its one change.

use futures::{StreamExt as _, stream};
use reconcile::{
    names::same_reference,
    ports::{
        Associate, Configure, Create, Credential, Outcome, PullImages, RefusalKind, Remove, Source, Update, Variables,
    },
};
use secrecy::ExposeSecret as _;
use types::catalog::git_login;

use super::{
    super::{
        EnvironmentId, PortainerError, StackId,
        docker::{ImagePull, pulled},
        stacks::{
            GitAccess, GitFile, GitRedeploy, GitSettings, GitSource, NewStack, Stack, StackKind, StackSource,
            TextUpdate, Variable,
        },
    },
    PortainerTarget,
    observe::missing,
    outcome::{after, before, refused},
};

/// Pulls at once on one host: Docker itself downloads three layers at a time.
const PULLS_AT_ONCE: usize = 3;
/// How registries and Docker say that an image wants a login.
const WANTS_LOGIN: [&str; 4] = ["unauthorized", "denied", "no basic auth", "authentication required"];

/// A change with its end.
type Change = Result<(), Outcome>;

impl PortainerTarget {
    /// The number of an environment, afresh.
    async fn environment_id(&self, name: &str) -> Result<EnvironmentId, Outcome> {
        let all = self.read(self.portainer.environments()).await.map_err(|error| before(&error))?;
        let found = all.into_iter().find(|one| one.name == name);
        found.map(|one| one.id).ok_or_else(|| refused(RefusalKind::NotFound, 0, missing(name)))
    }

    /// A row as it is now. It must still be what the engine took it for: Portainer acts on whatever host it is told.
    async fn own_row(&self, environment: &str, id: i64, name: Option<&str>) -> Result<Stack, Outcome> {
        let home = self.environment_id(environment).await?;
        let stack = self.read(self.portainer.stack(StackId(id))).await.map_err(|error| before(&error))?;
        if stack.environment != home || name.is_some_and(|name| name != stack.name) {
            let message = format!(
                "Portainer's stack {id} is now “{}” on another environment or under another name. Plan again.",
                stack.name
            );
            return Err(refused(RefusalKind::NotFound, 0, message));
        }
        Ok(stack)
    }

    pub(super) async fn pull_all(&self, call: &PullImages) -> Change {
        let environment = self.environment_id(&call.environment).await?;
        let pulls = call.images.clone().into_iter().map(|image| self.pull(environment, image));
        let mut ends: Vec<Change> = stream::iter(pulls).buffer_unordered(PULLS_AT_ONCE).collect().await;
        // What only wants a login is the least of what may be wrong: the deploy logs in with what Portainer has stored.
        let weight = |end: &Change| match end {
            Ok(()) => 0,
            Err(Outcome::Refused(refusal)) if refusal.kind == RefusalKind::Unsupported => 1,
            Err(Outcome::Unknown { .. }) => 2,
            Err(_) => 3,
        };
        ends.sort_by_key(weight);
        ends.pop().unwrap_or(Ok(()))
    }

    async fn pull(&self, environment: EnvironmentId, image: String) -> Change {
        let pull = ImagePull { image: image.clone(), registry_id: None };
        let end = match self.portainer.pull_image(environment, &pull).await {
            Ok(steps) => pulled(steps).await,
            Err(error) => Err(error),
        };
        let error = match end {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let wants_login = match &error {
            PortainerError::Docker { detail, .. } | PortainerError::NotFound { detail, .. } => {
                WANTS_LOGIN.iter().any(|words| detail.to_lowercase().contains(words))
            }
            _ => false,
        };
        let named = |text: String| format!("{image}: {text}");
        Err(match after(&error) {
            Outcome::Refused(refusal) if wants_login => {
                refused(RefusalKind::Unsupported, refusal.status, named(refusal.message))
            }
            // A registry without the image, not an environment that is gone.
            Outcome::Refused(refusal) if refusal.kind == RefusalKind::NotFound => {
                refused(RefusalKind::Deploy, refusal.status, named(refusal.message))
            }
            Outcome::Refused(refusal) => refused(refusal.kind, refusal.status, named(refusal.message)),
            Outcome::Unknown { detail } => Outcome::Unknown { detail: named(detail) },
            Outcome::Done => Outcome::Done,
        })
    }

    pub(super) async fn create_stack(&self, call: Create) -> Change {
        let environment = self.environment_id(&call.environment).await?;
        let swarm_id = if call.swarm { Some(self.swarm(environment, &call.environment).await?) } else { None };
        let source = match call.source {
            Source::Text(text) => StackSource::Text(text),
            Source::Git { url, reference, compose_file, additional_files, credential } => {
                let access = access(credential.as_ref());
                let reference = self.reference(reference.as_deref(), None, &url, &compose_file, &access).await;
                StackSource::Git(GitSource {
                    url,
                    reference,
                    config_file: compose_file,
                    additional_files,
                    access,
                    auto_update: None,
                    tls_skip_verify: false,
                })
            }
        };
        let new = NewStack { environment, name: call.name, swarm_id, source, variables: variables(&call.variables) };
        sent(self.portainer.create_stack(&new).await)
    }

    /// The swarm that a host manages.
    async fn swarm(&self, environment: EnvironmentId, name: &str) -> Result<String, Outcome> {
        let id = self.read(self.portainer.swarm_id(environment)).await.map_err(|error| before(&error))?;
        id.ok_or_else(|| {
            let message =
                format!("The Docker host of “{name}” manages no swarm. Deploy a compose stack, or init a swarm.");
            refused(RefusalKind::Unsupported, 0, message)
        })
    }

    pub(super) async fn update_stack(&self, call: Update) -> Change {
        let stack = self.own_row(&call.environment, call.id, Some(&call.name)).await?;
        let variables = variables(&call.variables);
        match call.source {
            Source::Text(text) => {
                let update = TextUpdate { text, variables, pull_images: true, prune: true, detach_from_git: true };
                sent(self.portainer.update_stack_text(&stack, &update).await)
            }
            Source::Git { url, reference, compose_file, credential, .. } => {
                let access = access(credential.as_ref());
                let reference = self.reference(reference.as_deref(), Some(&stack), &url, &compose_file, &access).await;
                let redeploy = GitRedeploy { reference, access, variables, pull_images: true, prune: true };
                sent(self.portainer.redeploy_git(&stack, &redeploy).await)
            }
        }
    }

    pub(super) async fn configure_stack(&self, call: Configure) -> Change {
        let stack = self.own_row(&call.environment, call.id, None).await?;
        let Source::Git { url, reference, compose_file, credential, .. } = call.source else {
            let message = format!("The stack “{}” has no repository, so there is no polling to turn off.", stack.name);
            return Err(refused(RefusalKind::Unsupported, 0, message));
        };
        let access = access(credential.as_ref());
        let reference = self.reference(reference.as_deref(), Some(&stack), &url, &compose_file, &access).await;
        let tls_skip_verify = stack.git.as_ref().is_some_and(|git| git.tls_skip_verify);
        let variables = variables(&call.variables);
        let settings = GitSettings { reference, access, auto_update: None, variables, prune: true, tls_skip_verify };
        sent(self.portainer.update_git_settings(&stack, &settings).await)
    }

    pub(super) async fn associate_stack(&self, call: &Associate) -> Change {
        let all = self.read(self.portainer.environments()).await.map_err(|error| before(&error))?;
        let home = all.iter().find(|one| one.name == call.environment).map(|one| one.id);
        let home = home.ok_or_else(|| refused(RefusalKind::NotFound, 0, missing(&call.environment)))?;
        let mut stack = self.read(self.portainer.stack(StackId(call.id))).await.map_err(|error| before(&error))?;
        if let Some(other) = all.iter().find(|one| one.id == stack.environment && one.id != home) {
            let message = format!("The stack “{}” belongs to “{}” now. Plan again.", stack.name, other.name);
            return Err(refused(RefusalKind::Conflict, 0, message));
        }
        stack.swarm_id =
            if stack.kind == StackKind::Swarm { self.swarm(home, &call.environment).await? } else { String::new() };
        sent(self.portainer.associate_stack(&stack, home).await)
    }

    pub(super) async fn remove_stack(&self, call: &Remove) -> Change {
        let stack = self.own_row(&call.environment, call.id, Some(&call.name)).await?;
        sent(self.portainer.delete_stack(&stack).await)
    }

    /// The full reference that Portainer wants. A short name that the row does not know is a branch, unless the repository has only
    /// a tag of that name.
    async fn reference(
        &self,
        wanted: Option<&str>,
        row: Option<&Stack>,
        url: &str,
        path: &str,
        access: &GitAccess,
    ) -> String {
        let wanted = wanted.filter(|reference| *reference != "HEAD").unwrap_or_default();
        if let Some(git) = row.and_then(|row| row.git.as_ref())
            && same_reference(wanted, &git.reference)
        {
            return git.reference.clone();
        }
        if wanted.is_empty() || wanted.starts_with("refs/") {
            return wanted.to_owned();
        }
        let (branch, tag) = (format!("refs/heads/{wanted}"), format!("refs/tags/{wanted}"));
        let has = |reference: &str| {
            let file = GitFile {
                url: url.to_owned(),
                reference: reference.to_owned(),
                access: access.clone(),
                path: path.to_owned(),
                tls_skip_verify: false,
            };
            async move { self.read(self.portainer.preview_git_file(&file)).await }
        };
        match has(&branch).await {
            Err(PortainerError::CloneFailed { .. } | PortainerError::ServerError { .. }) if has(&tag).await.is_ok() => {
                tag
            }
            // Whatever else is wrong, the change itself tells.
            _ => branch,
        }
    }
}

/// The end of a change that was sent.
fn sent<T>(result: Result<T, PortainerError>) -> Change {
    result.map(drop).map_err(|error| after(&error))
}

fn variables(variables: &Variables) -> Vec<Variable> {
    variables.0.iter().map(|(name, value)| Variable::new(name, value.expose_secret())).collect()
}

/// `user:password`, or a token alone.
fn access(credential: Option<&Credential>) -> GitAccess {
    let Some(Credential(secret)) = credential else { return GitAccess::Public };
    let (user, password) = git_login(secret.expose_secret());
    GitAccess::Password { user: user.to_owned(), password: password.to_owned().into() }
}
