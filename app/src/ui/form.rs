//! Forms that work as plain HTML posts.

use leptos::prelude::*;
use types::Problem;

use super::{Icon, IconName, Notice, Tone};

/// A form that posts to a server function. A problem that no field carries is shown at its top.
#[component]
pub fn Form(
    /// Where it posts to.
    #[prop(into)]
    action: String,
    /// What was wrong with the last try.
    #[prop(optional_no_strip, into)]
    problem: Option<Problem>,
    /// The fields and the [`Actions`].
    children: Children,
) -> impl IntoView {
    let general = problem.filter(|problem| problem.fields.is_empty()).map(|problem| problem.message);
    view! {
        <form class="form" method="post" action=action>
            {general.map(|message| view! { <Notice tone=Tone::Bad>{message}</Notice> })}
            {children()}
        </form>
    }
}

/// A row of buttons at the end of a form or a dialog.
#[component]
pub fn Actions(
    /// The buttons, the main one first.
    children: Children,
) -> impl IntoView {
    view! { <div class="actions">{children()}</div> }
}

/// A choice of a [`Segmented`] control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The value in the form.
    pub value: String,
    /// The words.
    pub label: String,
    /// An icon before the words.
    pub icon: Option<IconName>,
}

impl Segment {
    /// A choice without an icon.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), icon: None }
    }

    /// The same with an icon.
    #[must_use]
    pub const fn with_icon(mut self, icon: IconName) -> Self {
        self.icon = Some(icon);
        self
    }
}

/// A few choices side by side, one of them taken: radio buttons.
#[component]
pub fn Segmented(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// What is chosen here.
    #[prop(into)]
    label: String,
    /// The choices.
    options: Vec<Segment>,
    /// The value of the taken one.
    #[prop(optional, into)]
    selected: String,
) -> impl IntoView {
    let segments = options
        .into_iter()
        .map(|option| {
            let checked = option.value == selected;
            view! {
                <label class="segment">
                    <input class="segment-input" type="radio" name=name.clone() value=option.value checked=checked />
                    {option.icon.map(|name| view! { <Icon name /> })}
                    <span>{option.label}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field segmented-field">
            <legend class="field-label">{label}</legend>
            <div class="segmented">{segments}</div>
        </fieldset>
    }
}
