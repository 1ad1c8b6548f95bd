//! The WASM entry: wakes the islands of `app`. Everything else of a page is already HTML.

// Links the islands in: nothing here names them.
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the script the shell puts into pages that have islands.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
