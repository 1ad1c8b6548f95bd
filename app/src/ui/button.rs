//! Buttons and links that look like them. A button does something, a link leads somewhere.

use leptos::prelude::*;

use super::{Icon, IconName};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The usual one, with a border.
    #[default]
    Plain,
    /// The page's one main act.
    Primary,
    /// Quiet, without a border.
    Ghost,
    /// Destroys or ends something.
    Danger,
}

impl ButtonKind {
    /// The classes; with `icon_only` a square.
    const fn class(self, icon_only: bool) -> &'static str {
        match (self, icon_only) {
            (Self::Plain, false) => "btn",
            (Self::Primary, false) => "btn btn-primary",
            (Self::Ghost, false) => "btn btn-ghost",
            (Self::Danger, false) => "btn btn-danger",
            (Self::Plain, true) => "btn btn-icon",
            (Self::Primary, true) => "btn btn-icon btn-primary",
            (Self::Ghost, true) => "btn btn-icon btn-ghost",
            (Self::Danger, true) => "btn btn-icon btn-danger",
        }
    }
}

const fn button_type(submit: bool) -> &'static str {
    if submit { "submit" } else { "button" }
}

/// A button with words. Submits its form unless told otherwise.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// Whether it submits its form.
    #[prop(default = true)]
    submit: bool,
    /// Its name in the form.
    #[prop(optional, into)]
    name: Option<String>,
    /// Its value in the form.
    #[prop(optional, into)]
    value: Option<String>,
    /// Whether it can't be used now.
    #[prop(optional)]
    disabled: bool,
    /// Whether it takes the whole width.
    #[prop(optional)]
    wide: bool,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            class=kind.class(false)
            data-wide=wide.then_some("")
            type=button_type(submit)
            name=name
            value=value
            disabled=disabled
        >
            {icon.map(|name| view! { <Icon name /> })}
            <span>{children()}</span>
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a class=kind.class(false) href=href>
            {icon.map(|name| view! { <Icon name /> })}
            <span>{children()}</span>
        </a>
    }
}

/// A button that is only an icon; its label is read aloud and shown on hover.
#[component]
pub fn IconButton(
    /// What it does.
    #[prop(into)]
    label: String,
    /// The icon.
    icon: IconName,
    /// How much it asks for attention.
    #[prop(default = ButtonKind::Ghost)]
    kind: ButtonKind,
    /// Whether it submits its form.
    #[prop(default = true)]
    submit: bool,
    /// Its name in the form.
    #[prop(optional, into)]
    name: Option<String>,
    /// Its value in the form.
    #[prop(optional, into)]
    value: Option<String>,
    /// Whether it can't be used now.
    #[prop(optional)]
    disabled: bool,
) -> impl IntoView {
    view! {
        <button
            class=kind.class(true)
            type=button_type(submit)
            aria-label=label.clone()
            title=label
            name=name
            value=value
            disabled=disabled
        >
            <Icon name=icon />
        </button>
    }
}

/// A link that is only an icon.
#[component]
pub fn IconLink(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// What is there.
    #[prop(into)]
    label: String,
    /// The icon.
    icon: IconName,
    /// How much it asks for attention.
    #[prop(default = ButtonKind::Ghost)]
    kind: ButtonKind,
) -> impl IntoView {
    view! {
        <a class=kind.class(true) href=href aria-label=label.clone() title=label>
            <Icon name=icon />
        </a>
    }
}

/// A button that opens a [`super::Dialog`] or a [`super::Menu`] by its id. Works without script.
#[component]
pub fn PopButton(
    /// The id of what it opens.
    #[prop(into)]
    target: String,
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button class=kind.class(false) type="button" popovertarget=target aria-haspopup="dialog">
            {icon.map(|name| view! { <Icon name /> })}
            <span>{children()}</span>
        </button>
    }
}
