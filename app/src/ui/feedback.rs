//! What tells a state: notices, badges, meters, empty and waiting places.

use leptos::prelude::*;
use types::ServiceState;

use super::{Icon, IconName, Tone};

/// A notice within the page. Bad ones are announced at once.
#[component]
pub fn Notice(
    /// What it wants to say.
    #[prop(optional)]
    tone: Tone,
    /// A short heading.
    #[prop(optional, into)]
    title: Option<String>,
    /// What happened and what to do; may hold [`super::Actions`].
    children: Children,
) -> impl IntoView {
    let role = if tone == Tone::Bad { "alert" } else { "note" };
    view! {
        <div class="notice" data-tone=tone.as_str() role=role>
            <Icon name=tone.icon() />
            <div class="notice-body">
                {title.map(|title| view! { <p class="notice-title">{title}</p> })}
                <div class="notice-text">{children()}</div>
            </div>
        </div>
    }
}

/// A short word with a tone.
#[component]
pub fn Badge(
    /// What it wants to say.
    #[prop(optional)]
    tone: Tone,
    /// The word.
    children: Children,
) -> impl IntoView {
    view! {
        <span class="badge" data-tone=tone.as_str()>
            {children()}
        </span>
    }
}

/// A state: an icon and a word with a tone.
#[component]
pub fn Chip(
    /// A picture of the state.
    icon: IconName,
    /// What it wants to say.
    #[prop(optional)]
    tone: Tone,
    /// The word.
    children: Children,
) -> impl IntoView {
    view! {
        <span class="badge chip" data-tone=tone.as_str()>
            <Icon name=icon />
            {children()}
        </span>
    }
}

/// How a service is doing: a dot and a word.
#[component]
pub fn StatusBadge(
    /// What was observed.
    state: ServiceState,
) -> impl IntoView {
    let (tone, word) = match state {
        ServiceState::Up => (Tone::Good, "Up"),
        ServiceState::Down => (Tone::Bad, "Unreachable"),
        ServiceState::Unknown => (Tone::Neutral, "Not asked yet"),
        ServiceState::NotConfigured => (Tone::Warn, "Not set up"),
    };
    view! {
        <span class="badge badge-dot" data-tone=tone.as_str()>
            {word}
        </span>
    }
}

/// How much of something is used.
#[component]
pub fn Meter(
    /// Of what.
    #[prop(into)]
    label: String,
    /// How much.
    value: f64,
    /// How much there can be.
    max: f64,
    /// The same in words, e.g. "1,204 of 8,192 tokens".
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <div class="meter">
            <div class="meter-head">
                <span>{label.clone()}</span>
                <span class="num muted">{text}</span>
            </div>
            <meter
                class="meter-bar"
                min="0"
                max=max.to_string()
                low=(max * 0.75).to_string()
                high=(max * 0.9).to_string()
                optimum="0"
                value=value.to_string()
                aria-label=label
            ></meter>
        </div>
    }
}

/// Grey lines where text will be, of the same height.
#[component]
pub fn Skeleton(
    /// How many lines.
    #[prop(default = 3)]
    lines: u32,
) -> impl IntoView {
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            {(0..lines).map(|_| view! { <span class="skeleton-line"></span> }).collect_view()}
        </div>
    }
}

/// What stands where nothing is yet: what it would be and how to begin.
#[component]
pub fn EmptyState(
    /// A picture of it.
    icon: IconName,
    /// What there is none of.
    #[prop(into)]
    title: String,
    /// How to begin.
    #[prop(into)]
    text: String,
    /// Buttons to begin with.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-icon">
                <Icon name=icon />
            </span>
            <p class="empty-title">{title}</p>
            <p class="empty-text">{text}</p>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
}

/// A text to take away, such as a link that is shown once.
#[component]
pub fn CopyField(
    /// The field's id.
    #[prop(into)]
    id: String,
    /// What it is.
    #[prop(into)]
    label: String,
    /// The text.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>
                {label}
            </label>
            <div class="copy-field">
                <input class="input" id=id.clone() type="text" readonly=true value=value />
                <button class="btn copy-button" type="button" data-copy=format!("#{id}")>
                    <Icon name=IconName::Copy />
                    <Icon name=IconName::Check />
                    <span>"Copy"</span>
                </button>
            </div>
        </div>
    }
}
