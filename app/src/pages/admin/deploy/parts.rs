//! Pieces that the pages of deployments share: addresses, tabs, findings.

use leptos::prelude::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use service::{
    DeployError, Deployer, Onlooker, Operator, ServiceError, Viewer,
    deploy::words::{Surface, Worded, Wording},
};

use crate::{
    AppError,
    routes::ROUTES,
    server::PageCx,
    ui::{ButtonKind, Icon, IconName, LinkButton, Tab, Tabs, Tone},
};

/// Everything but what stands in names without harm.
const NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Who looks at deployments.
pub(super) fn onlooker(cx: &PageCx) -> Result<Onlooker, AppError> {
    cx.ok(cx.viewer().onlooker())
}

/// What a viewer may change about deployments.
#[derive(Clone)]
pub(super) struct Hands(Option<Deployer>);

impl Hands {
    /// Those of whoever asks for the page.
    pub(super) fn of(cx: &PageCx) -> Self {
        Self(cx.viewer().deployer().ok())
    }

    /// Whether they may deploy to an environment.
    pub(super) fn may(&self, environment: &str) -> bool {
        self.0.as_ref().is_some_and(|deployer| deployer.may(environment))
    }

    /// Whether they may deploy anywhere.
    pub(super) fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Whether they may deploy to every environment, and remove what no catalog names.
    pub(super) fn everywhere(&self) -> bool {
        self.0.as_ref().is_some_and(|deployer| deployer.environments().is_none())
    }

    /// What they may, if it is not everything.
    pub(super) fn note(&self) -> Option<String> {
        match self.0.as_ref().map(Deployer::environments) {
            Some(None) => None,
            Some(Some(mine)) => {
                let names = mine.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                Some(format!("You may deploy to {names}."))
            }
            None => Some("You look on. An administrator can make you a deployer.".to_owned()),
        }
    }

    /// The button that leads to a plan, or why there is none.
    pub(super) fn review(&self, environment: Option<&str>, href: String) -> AnyView {
        let why = match environment {
            Some(name) if self.any() && !self.may(name) => format!("You may not deploy to {name}."),
            _ if !self.any() => return ().into_any(),
            _ => {
                return view! { <LinkButton href kind=ButtonKind::Primary icon=IconName::Changes>"Review changes"</LinkButton> }
                    .into_any();
            }
        };
        view! { <p class="muted">{why}" An administrator can grant it."</p> }.into_any()
    }
}

/// Who does everything about deployments.
pub(super) fn operator(cx: &PageCx) -> Result<Operator, AppError> {
    cx.ok(cx.viewer().operator())
}

/// Whether whoever asks for the page does everything about deployments.
pub(super) fn is_operator(cx: &PageCx) -> bool {
    cx.viewer().operator().is_ok()
}

/// Lets an answer through, or its problem.
pub(super) fn ok<T>(cx: &PageCx, result: Result<T, DeployError>) -> Result<T, AppError> {
    cx.ok(result.map_err(ServiceError::from))
}

/// A name as it stands in an address.
pub(super) fn encode(name: &str) -> String {
    utf8_percent_encode(name, NAMES).to_string()
}

/// A stack's page.
pub(super) fn stack_address(environment: &str, stack: &str) -> String {
    format!("/admin/stacks/{}/{}", encode(environment), encode(stack))
}

/// An environment's page.
pub(super) fn environment_address(name: &str) -> String {
    format!("/admin/environments/{}", encode(name))
}

/// The page that binds a machine, by its name, number or environment.
pub(super) fn bind_address(guest: &str) -> String {
    format!("/admin/environments/bind?guest={}", encode(guest))
}

/// A container's page.
pub(super) fn container_address(environment: &str, stack: &str, container: &str) -> String {
    format!("{}/containers/{}", stack_address(environment, stack), encode(container))
}

/// The plan of one stack.
pub(super) fn plan_address(environment: &str, stack: &str) -> String {
    format!("/admin/plan?env={}&stack={}", encode(environment), encode(stack))
}

/// A stack in the catalog's editor.
pub(super) fn catalog_stack_address(stack: &str) -> String {
    format!("/admin/catalog/{}", encode(stack))
}

/// What else can be done with a stack of the catalog.
pub(super) fn catalog_more_address(stack: &str) -> String {
    format!("{}/more", catalog_stack_address(stack))
}

/// The history of the catalog, or of one file of it.
pub(super) fn history_address(file: Option<&str>) -> String {
    let file = file.map(|file| format!("?file={}", encode(file))).unwrap_or_default();
    format!("/admin/catalog/history{file}")
}

/// One commit of the catalog.
pub(super) fn version_address(commit: &str) -> String {
    format!("/admin/catalog/history/{}", encode(commit))
}

/// Where going back to a commit is looked at first.
pub(super) fn restore_address(commit: &str) -> String {
    format!("{}/restore", version_address(commit))
}

/// The way up from the catalog's further pages.
pub(super) fn catalog_crumbs() -> impl IntoView {
    view! { <nav class="crumbs" aria-label="Above"><a href="/admin/catalog">"Catalog"</a></nav> }
}

/// The way up from a page of the catalog's history.
pub(super) fn history_crumbs() -> impl IntoView {
    view! {
        <nav class="crumbs" aria-label="Above">
            <a href="/admin/catalog">"Catalog"</a>
            <a href="/admin/catalog/history">"History"</a>
        </nav>
    }
}

/// Every value of a parameter that may stand in the query several times.
pub(super) fn all_of(path: &str, name: &str) -> Vec<String> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let value = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
    };
    query.split('&').filter_map(value).filter(|value| !value.is_empty()).collect()
}

/// The pages of deployments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Overview,
    Stacks,
    Catalog,
    Environments,
    Applies,
}

/// The links between them.
#[component]
pub(super) fn AreaTabs(current: Area) -> impl IntoView {
    let items = [
        (Area::Overview, "/admin", "Overview"),
        (Area::Stacks, "/admin/stacks", "Stacks"),
        (Area::Catalog, "/admin/catalog", "Catalog"),
        (Area::Environments, "/admin/environments", "Environments"),
        (Area::Applies, "/admin/applies", "Applies"),
    ]
    .map(|(area, href, label)| Tab { href: href.into(), label: label.into(), current: area == current });
    let viewer = use_context::<Viewer>();
    let open = |href: &str| match (&viewer, ROUTES.iter().find(|route| route.path == href)) {
        (Some(viewer), Some(route)) => viewer.may(route.permission),
        _ => true,
    };
    let items = items.into_iter().filter(|tab| open(&tab.href)).collect();
    view! { <Tabs label="Deployments" items /> }
}

/// What is so and what to do about it, with an icon.
#[component]
pub(super) fn Finding(
    /// The words.
    words: Wording,
    /// How much it matters.
    #[prop(optional)]
    tone: Tone,
    /// The picture; the tone's own if none.
    #[prop(optional, into)]
    icon: Option<IconName>,
) -> impl IntoView {
    let remedy = Some(words.remedy.on(Surface::Page).to_owned()).filter(|text| !text.is_empty());
    view! {
        <li class="finding" data-tone=tone.as_str()>
            <Icon name=icon.unwrap_or(tone.icon()) />
            <div>
                <p>{words.text}</p>
                {remedy.map(|text| view! { <p class="muted">{text}</p> })}
            </div>
        </li>
    }
}

/// A list of findings of one kind.
pub(super) fn findings<'a, T: Worded + 'a>(all: impl IntoIterator<Item = &'a T>, tone: Tone) -> Vec<AnyView> {
    all.into_iter().map(|one| view! { <Finding words=one.words() tone /> }.into_any()).collect()
}

/// "1 stack", "3 stacks".
pub(super) fn many(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_may_stand_several_times() {
        let path = "/admin/plan?only=rumple%2Fweb&env=&only=a+b%2Fc&only=";
        assert_eq!(all_of(path, "only"), ["rumple/web", "a b/c"]);
        assert!(all_of("/admin/plan", "only").is_empty());
    }

    #[test]
    fn names_keep_their_place_in_an_address() {
        assert_eq!(stack_address("a/b", "c?d"), "/admin/stacks/a%2Fb/c%3Fd");
        assert_eq!(stack_address("rumple-dev", "web_1.0"), "/admin/stacks/rumple-dev/web_1.0");
    }
}
