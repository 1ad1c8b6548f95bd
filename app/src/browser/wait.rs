//! Waiting.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// A timer as a promise. Dropping it takes the timer back.
pub(super) struct Timer {
    id: Option<i32>,
    promise: Promise,
}

impl Timer {
    /// Resolves to `undefined` after so many milliseconds.
    pub(super) fn after(ms: i32) -> Self {
        let mut id = None;
        let promise = Promise::new(&mut |resolve: Function, _| {
            id = web_sys::window()
                .and_then(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms).ok());
        });
        Self { id, promise }
    }

    pub(super) fn promise(&self) -> &Promise {
        &self.promise
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let (Some(window), Some(id)) = (web_sys::window(), self.id) {
            window.clear_timeout_with_handle(id);
        }
    }
}

/// Waits so many milliseconds.
pub async fn pause(ms: i32) {
    let timer = Timer::after(ms);
    drop(JsFuture::from(timer.promise().clone()).await);
}

/// Waits so many milliseconds, or until there is reason to think the network is back: it says so, or the page is looked at
/// again.
pub async fn pause_or_wake(ms: i32) {
    let timer = Timer::after(ms);
    let mut wake = None;
    let woken = Promise::new(&mut |resolve: Function, _| wake = Some(resolve));
    let wake = wake.unwrap_or_default();
    let window = web_sys::window();
    let document = window.as_ref().and_then(web_sys::Window::document);
    if let (Some(window), Some(document)) = (&window, &document) {
        drop(window.add_event_listener_with_callback("online", &wake));
        drop(window.add_event_listener_with_callback("pageshow", &wake));
        drop(document.add_event_listener_with_callback("visibilitychange", &wake));
    }
    let either = js_sys::Array::of2(timer.promise(), &woken);
    drop(JsFuture::from(Promise::race(&either)).await);
    if let (Some(window), Some(document)) = (&window, &document) {
        drop(window.remove_event_listener_with_callback("online", &wake));
        drop(window.remove_event_listener_with_callback("pageshow", &wake));
        drop(document.remove_event_listener_with_callback("visibilitychange", &wake));
    }
}

/// Waits for a promise, at most so many milliseconds. None when it took longer or failed.
pub(super) async fn at_most(ms: i32, promise: &Promise) -> Option<JsValue> {
    // The timer's own promise resolves to `undefined`, which nothing awaited here does.
    let timer = Timer::after(ms);
    let either = js_sys::Array::of2(promise, timer.promise());
    JsFuture::from(Promise::race(&either)).await.ok().filter(|value| !value.is_undefined())
}
