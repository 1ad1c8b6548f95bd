//! What the catalog's list is narrowed down to, and its filters.

use leptos::prelude::*;

use super::super::parts::encode;
use crate::{
    server::PageCx,
    ui::{Button, ButtonKind, Choice, Icon, IconName, LinkButton},
};

/// What is the matter with a stack, to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It has errors, and so can't be deployed.
    Errors,
    /// It has warnings.
    Warnings,
    /// It runs nowhere, or not on the environment that was chosen.
    Unassigned,
    /// It differs in the person's draft.
    Changed,
}

impl Trouble {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Errors, "errors", "With errors"),
        (Self::Warnings, "warnings", "With warnings"),
        (Self::Unassigned, "unassigned", "Not assigned"),
        (Self::Changed, "changed", "Changed in my draft"),
    ];

    fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.1 == key).map(|one| one.0)
    }

    fn key(self) -> &'static str {
        Self::ALL.into_iter().find(|one| one.0 == self).map_or("", |one| one.1)
    }
}

/// What the list is narrowed down to.
#[derive(Clone, Debug, Default)]
pub(super) struct Narrowed {
    pub(super) words: String,
    pub(super) trouble: Option<Trouble>,
    pub(super) environment: Option<String>,
    /// The page, from 1.
    pub(super) page: usize,
}

impl Narrowed {
    pub(super) fn of(cx: &PageCx) -> Self {
        Self {
            words: cx.query("q").map(|words| words.trim().to_owned()).unwrap_or_default(),
            trouble: cx.query("trouble").and_then(Trouble::from_key),
            environment: cx.query("environment").map(ToOwned::to_owned),
            page: cx.query("page").and_then(|text| text.parse().ok()).unwrap_or(1).max(1),
        }
    }

    pub(super) fn is_any(&self) -> bool {
        !self.words.is_empty() || self.trouble.is_some() || self.environment.is_some()
    }

    /// The list's address with all of it.
    pub(super) fn address(&self) -> String {
        let mut pairs = Vec::new();
        if !self.words.is_empty() {
            pairs.push(format!("q={}", encode(&self.words)));
        }
        if let Some(trouble) = self.trouble {
            pairs.push(format!("trouble={}", trouble.key()));
        }
        if let Some(name) = &self.environment {
            pairs.push(format!("environment={}", encode(name)));
        }
        with_page(&format!("/admin/catalog?{}", pairs.join("&")), self.page)
    }
}

/// An address of the list with another page in it.
pub(super) fn with_page(address: &str, page: usize) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let kept =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page=") && !pair.starts_with("done="));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    if page > 1 {
        pairs.push(format!("page={page}"));
    }
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// The fields that narrow the list.
pub(super) fn filters(narrowed: &Narrowed, environments: &[String]) -> impl IntoView + use<> {
    let any = |words: &str| (String::new(), words.to_owned());
    let mut places = vec![any("Every environment")];
    places.extend(environments.iter().map(|name| (name.clone(), name.clone())));
    let mut troubles = vec![any("Any stack")];
    troubles.extend(Trouble::ALL.map(|(_, key, words)| (key.to_owned(), words.to_owned())));
    let (words, environment) = (narrowed.words.clone(), narrowed.environment.clone().unwrap_or_default());
    let trouble = narrowed.trouble.map(Trouble::key).unwrap_or_default();
    let clear = narrowed
        .is_any()
        .then(|| view! { <LinkButton href="/admin/catalog" kind=ButtonKind::Ghost>"Show all"</LinkButton> });
    view! {
        <form class="filters" method="get" action="/admin/catalog" role="search" aria-label="The catalog's stacks">
            <label class="filters-words">
                <span class="sr-only">"Search by name"</span>
                <Icon name=IconName::Search />
                <input class="input" id="q" type="search" name="q" value=words placeholder="Search by name" />
            </label>
            <Choice name="trouble" label="Which stacks" options=troubles selected=trouble />
            <Choice name="environment" label="Environment" options=places selected=environment />
            <Button>"Show"</Button>
            {clear}
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_the_list_is_narrowed_to() {
        let narrowed = Narrowed {
            words: "a b".into(),
            trouble: Some(Trouble::Unassigned),
            environment: Some("rumple".into()),
            page: 2,
        };
        let address = narrowed.address();
        assert_eq!(address, "/admin/catalog?q=a%20b&trouble=unassigned&environment=rumple&page=2");
        assert_eq!(with_page(&address, 1), "/admin/catalog?q=a%20b&trouble=unassigned&environment=rumple");
        assert_eq!(with_page("/admin/catalog?done=same", 3), "/admin/catalog?page=3");
        assert_eq!(Narrowed { page: 1, ..Narrowed::default() }.address(), "/admin/catalog");
    }
}
