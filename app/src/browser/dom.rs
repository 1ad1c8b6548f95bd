//! Elements of the page: what the islands change in HTML that came from the server.

use wasm_bindgen::JsCast;
use web_sys::{
    Document, Element, EventTarget, HtmlElement, HtmlInputElement, HtmlTemplateElement, HtmlTextAreaElement,
};

/// Nearer to the end than this many pixels counts as being there.
const NEAR_END: i32 = 48;

fn document() -> Option<Document> {
    web_sys::window().and_then(|window| window.document())
}

/// The element with an id.
#[must_use]
pub fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

/// The first element inside `root` that a selector names.
#[must_use]
pub fn find(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

/// The first element of the page that a selector names.
#[must_use]
pub fn find_in_page(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok().flatten()
}

/// The element an event happened in, or the nearest one around it, that a selector names.
#[must_use]
pub fn around(target: Option<EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

/// Replaces an element's content. `html` must be safe: it is from the server, or from `markdown`.
pub fn set_html(element: &Element, html: &str) {
    element.set_inner_html(html);
}

/// Appends to an element's content; the same holds for `html`.
pub fn append_html(element: &Element, html: &str) {
    drop(element.insert_adjacent_html("beforeend", html));
}

/// Puts in before an element; the same holds for `html`.
pub fn insert_before(element: &Element, html: &str) {
    drop(element.insert_adjacent_html("beforebegin", html));
}

/// Replaces an element itself; the same holds for `html`.
pub fn replace(element: &Element, html: &str) {
    element.set_outer_html(html);
}

/// How many children an element has.
#[must_use]
pub fn child_count(element: &Element) -> u32 {
    element.child_element_count()
}

/// Removes all children but the first `keep`.
pub fn truncate(element: &Element, keep: u32) {
    while element.child_element_count() > keep {
        match element.last_element_child() {
            Some(last) => last.remove(),
            None => return,
        }
    }
}

/// Puts a copy of a blank (`<template>`) at the end of an element and gives it back.
#[must_use]
pub fn append_blank(parent: &Element, template: &str) -> Option<Element> {
    let template: HtmlTemplateElement = by_id(template)?.dyn_into().ok()?;
    let copy = document()?.import_node_with_deep(&template.content(), true).ok()?;
    parent.append_child(&copy).ok()?;
    parent.last_element_child()
}

/// Sets the text of an element.
pub fn set_text(element: &Element, text: &str) {
    element.set_text_content(Some(text));
}

/// The text of an element, line breaks as they are shown.
#[must_use]
pub fn text(element: &Element) -> String {
    element.dyn_ref::<HtmlElement>().map(HtmlElement::inner_text).unwrap_or_default()
}

/// The value of an input.
#[must_use]
pub fn value(element: &Element) -> Option<String> {
    element.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value)
}

/// Sets an attribute.
pub fn set_attribute(element: &Element, name: &str, value: &str) {
    drop(element.set_attribute(name, value));
}

/// Whether the keyboard is inside an element.
#[must_use]
pub fn has_focus(element: &Element) -> bool {
    document().and_then(|document| document.active_element()).is_some_and(|active| element.contains(Some(&active)))
}

/// Whether the keyboard is nowhere in particular.
#[must_use]
pub fn nothing_has_focus() -> bool {
    document().and_then(|document| document.active_element()).is_none_or(|active| active.tag_name() == "BODY")
}

/// Moves the keyboard to an element.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        drop(element.focus());
    }
}

/// Whether a list that grows at its end is scrolled there. Its scroll position counts up from the end (`column-reverse`): 0
/// is the end, above it is negative.
#[must_use]
pub fn is_at_end(list: &Element) -> bool {
    list.scroll_top() > -NEAR_END
}

/// Scrolls such a list to its end.
pub fn to_end(list: &Element) {
    list.set_scroll_top(0);
}

/// Changes something in such a list. Who reads further up keeps their line; who is at the end stays there.
pub fn keeping_place(list: &Element, change: impl FnOnce()) {
    let (height, top) = (list.scroll_height(), list.scroll_top());
    change();
    if top <= -NEAR_END {
        list.set_scroll_top(top - (list.scroll_height() - height));
    }
}

/// Takes what is typed in a text box, and empties it.
#[must_use]
pub fn take_value(area: &HtmlTextAreaElement) -> String {
    let text = area.value();
    area.set_value("");
    text
}

/// Puts a text back into a text box, unless something else was typed meanwhile.
pub fn give_back(area: &HtmlTextAreaElement, text: &str) {
    if area.value().trim().is_empty() {
        area.set_value(text);
    }
}

/// Sends the form around an element, as its button would.
pub fn submit(element: &Element) {
    if let Some(form) =
        element.closest("form").ok().flatten().and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok())
    {
        drop(form.request_submit());
    }
}

/// Sets the title in the browser's tab.
pub fn set_page_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}
