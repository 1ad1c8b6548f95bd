//! The only door to `web-sys`. It compiles on the server too, where nothing calls it: islands use it in effects and listeners,
//! which only run in a browser.

pub mod clipboard;
pub mod dom;
pub mod stream;
pub mod wait;

use wasm_bindgen::{JsCast, closure::Closure};

/// An element of the page.
pub type Element = web_sys::Element;

/// Goes to another page.
pub fn go(path: &str) {
    if let Some(window) = web_sys::window() {
        // Fails only for addresses that are none.
        drop(window.location().assign(path));
    }
}

/// Whether the person points with a finger: then Enter makes a new line, because the keyboard has no Shift to hold.
#[must_use]
pub fn is_touch() -> bool {
    web_sys::window()
        .and_then(|window| window.match_media("(hover: none) and (pointer: coarse)").ok().flatten())
        .is_some_and(|query| query.matches())
}

/// Calls back before the next frame is drawn.
pub fn on_frame(callback: impl FnOnce() + 'static) {
    let Some(window) = web_sys::window() else { return };
    let callback = Closure::once_into_js(callback);
    if window.document().is_some_and(|document| document.hidden()) {
        // Hidden pages get no frames; a timer keeps the text coming.
        drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(callback.unchecked_ref(), 500));
    } else {
        drop(window.request_animation_frame(callback.unchecked_ref()));
    }
}

/// The time since the page began, in milliseconds.
#[must_use]
pub fn clock() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}
