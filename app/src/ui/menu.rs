//! Menus of acts and links on the browser's own popovers; a sheet from below on a phone. No script.

use leptos::prelude::*;

use super::{Icon, IconName};

/// A button with a list of further acts behind it.
#[component]
pub fn Menu(
    /// The id of the list, unique on the page.
    #[prop(into)]
    id: String,
    /// What the button is for, e.g. "More: Holiday plans".
    #[prop(into)]
    label: String,
    /// The button's icon.
    #[prop(default = IconName::More)]
    icon: IconName,
    /// [`MenuLink`], [`MenuButton`] and [`MenuPop`].
    children: Children,
) -> impl IntoView {
    view! {
        <div class="menu">
            <button
                class="btn btn-icon btn-ghost"
                type="button"
                popovertarget=id.clone()
                aria-label=label.clone()
                title=label.clone()
            >
                <Icon name=icon />
            </button>
            <div class="menu-list" id=id popover="auto" role="group" aria-label=label>
                {children()}
            </div>
        </div>
    }
}

/// An entry that leads somewhere.
#[component]
pub fn MenuLink(
    /// Where to.
    #[prop(into)]
    href: String,
    /// Its icon.
    icon: IconName,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a class="menu-item" href=href>
            <Icon name=icon />
            <span>{children()}</span>
        </a>
    }
}

/// An entry that submits the form it stands in (`<form class="menu-form" method="post">`).
#[component]
pub fn MenuButton(
    /// Its icon.
    icon: IconName,
    /// Whether it destroys or ends something.
    #[prop(optional)]
    danger: bool,
    /// Its name in the form.
    #[prop(optional, into)]
    name: Option<String>,
    /// Its value in the form.
    #[prop(optional, into)]
    value: Option<String>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            class=if danger { "menu-item menu-item-danger" } else { "menu-item" }
            type="submit"
            name=name
            value=value
        >
            <Icon name=icon />
            <span>{children()}</span>
        </button>
    }
}

/// An entry that opens a dialog.
#[component]
pub fn MenuPop(
    /// The dialog's id.
    #[prop(into)]
    target: String,
    /// Its icon.
    icon: IconName,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button class="menu-item" type="button" popovertarget=target aria-haspopup="dialog">
            <Icon name=icon />
            <span>{children()}</span>
        </button>
    }
}
