//! Tables. On a phone each row becomes a card, with the cell's `data-label` before its content.

use leptos::prelude::*;

/// A table with a spoken caption. Scrolls sideways in its own box, never the page.
#[component]
pub fn Table(
    /// What the table holds; read aloud, not shown.
    #[prop(into)]
    caption: String,
    /// The column heads; an empty one is a column of actions.
    head: Vec<&'static str>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let heads = head
        .into_iter()
        .map(|words| match words {
            "" => view! { <th scope="col"><span class="sr-only">"Actions"</span></th> }.into_any(),
            _ => view! { <th scope="col">{words}</th> }.into_any(),
        })
        .collect_view();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=caption.clone()>
            <table class="table">
                <caption class="sr-only">{caption.clone()}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
