//! The small parts of a conversation that belong to the design system.

use leptos::prelude::*;

use super::{Icon, IconName};

/// Leafing through the versions of a message: ‹ 2/3 ›. Nothing when there is only one.
#[component]
pub fn Leaf(
    /// Which version is shown, from 1.
    index: u32,
    /// How many there are.
    count: u32,
    /// Where the version before is.
    #[prop(optional_no_strip, into)]
    previous: Option<String>,
    /// Where the version after is.
    #[prop(optional_no_strip, into)]
    next: Option<String>,
) -> impl IntoView {
    let step = |href: Option<String>, label: &'static str, icon: IconName| match href {
        Some(href) => view! {
            <a class="btn btn-icon btn-ghost" href=href aria-label=label title=label>
                <Icon name=icon />
            </a>
        }
        .into_any(),
        None => view! {
            <span class="btn btn-icon btn-ghost" data-off="">
                <Icon name=icon />
            </span>
        }
        .into_any(),
    };
    (count > 1).then(|| {
        view! {
            <div class="leaf" role="group" aria-label="Versions">
                {step(previous, "Version before", IconName::ChevronLeft)}
                <span class="num">{index} "/" {count}</span>
                {step(next, "Version after", IconName::ChevronRight)}
            </div>
        }
    })
}
