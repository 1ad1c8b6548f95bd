// @ts-check
// Keys and the command palette, on every page with the menu: small, by itself, and without WebAssembly, since members load it
// everywhere. Places come from the menu of the page; what belongs to the person is asked for when the palette opens first.

/** @typedef {{ label: string, hint: string, key?: string, act: () => void }} Entry */

/** The letter after `g`, the place, its path, and the entry of the menu that says whether this person may go there. */
const GOES = /** @type {const} */ ([
  ["h", "Home", "/", "/"],
  ["c", "Chat", "/chat", "/chat"],
  ["d", "Deployments", "/admin", "/admin"],
  ["s", "Stacks", "/admin/stacks", "/admin"],
  ["e", "Environments", "/admin/environments", "/admin"],
  ["a", "Applies", "/admin/applies", "/admin"],
  ["p", "People", "/admin/people", "/admin/people"],
]);
/** Milliseconds in which a letter follows `g`. */
const TOGETHER = 1500;
/** Entries shown at once. */
const SHOWN = 50;
/** Where it is kept that single keys are off (WCAG 2.1.4). */
const OFF = "thinkheads-keys-off";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const chord = isMac ? "⌘ K" : "Ctrl K";
const menu = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".side-nav a"));
const home = /** @type {HTMLAnchorElement | null} */ (document.querySelector("a.brand"))?.href ?? "/";

/** @param {string} path */
const go = (path) => location.assign(path === "/" ? home : path);

/** @param {string} root */
const may = (root) => [...menu].some((link) => link.getAttribute("href") === root || (root === "/" && link.href === home));

const singles = {
  get on() {
    try {
      return localStorage.getItem(OFF) === null;
    } catch {
      return true;
    }
  },
  set on(on) {
    try {
      if (on) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch {
      // Without storage they stay on.
    }
  },
};

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Posts a form, as the page's own would.
 * @param {string} action
 * @param {Record<string, string>} fields
 */
function post(action, fields = {}) {
  const inputs = Object.entries(fields).map(([name, value]) => make("input", { type: "hidden", name, value }));
  const form = make("form", { method: "post", action, hidden: "" }, ...inputs);
  document.body.append(form);
  form.requestSubmit();
}

/** What the page itself knows. @returns {Entry[]} */
function known() {
  const places = GOES.filter(([, , , root]) => may(root)).map(([key, label, path]) => ({
    label,
    hint: "Place",
    key: `g ${key}`,
    act: () => go(path),
  }));
  const more = [...menu]
    .filter((link) => !GOES.some(([, , path]) => path === link.getAttribute("href")) && link.href !== home)
    .map((link) => ({ label: link.textContent ?? "", hint: "Place", act: () => location.assign(link.href) }));
  const account = { label: "Account", hint: "Place", act: () => go("/account") };
  const talk = { label: "New conversation", hint: "Act", act: () => go("/chat/new") };
  const here = location.pathname.startsWith("/admin") ? location.pathname + location.search : "/admin";
  const again = { label: "Look again", hint: "Act", act: () => post("/api/look_again", { next: here }) };
  return [
    ...places,
    ...more,
    account,
    ...(may("/chat") ? [talk] : []),
    ...(may("/admin") ? [again] : []),
    { label: "Keys", hint: "Help", key: "?", act: help },
    { label: "Sign out", hint: "Act", act: () => post("/api/sign_out") },
  ];
}

/** What belongs to the person: conversations, stacks, environments. @returns {Promise<Entry[]>} */
async function asked() {
  const answer = await fetch("/api/palette", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  /** @type {{ places: { label: string, hint: string, href: string }[] }} */
  const { places } = await answer.json();
  return places.map(({ label, hint, href }) => ({ label, hint, act: () => location.assign(href) }));
}

/**
 * The entries that have every word, best first: as the name begins, as a word of it begins, within it, beside it.
 * @param {Entry[]} entries
 * @param {string} typed
 */
function matching(entries, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries.slice(0, SHOWN);
  const first = words[0] ?? "";
  const ranked = entries.flatMap((entry) => {
    const label = entry.label.toLowerCase();
    const all = `${label} ${entry.hint.toLowerCase()}`;
    if (!words.every((word) => all.includes(word))) return [];
    const rank = label.startsWith(first) ? 0 : ` ${label}`.includes(` ${first}`) ? 1 : label.includes(first) ? 2 : 3;
    return [{ entry, rank }];
  });
  const search = [
    { label: `Search conversations for “${typed.trim()}”`, root: "/chat", path: "/chat" },
    { label: `Search stacks for “${typed.trim()}”`, root: "/admin", path: "/admin/stacks" },
  ]
    .filter(({ root }) => may(root))
    .map(({ label, path }) => ({ label, hint: "Search", act: () => go(`${path}?q=${encodeURIComponent(typed.trim())}`) }));
  return [...ranked.sort((one, other) => one.rank - other.rank).map(({ entry }) => entry).slice(0, SHOWN), ...search];
}

/** @type {(() => void) | undefined} */
let openPalette;

/** Opens the palette; makes it the first time. */
function palette() {
  openPalette ??= build();
  openPalette();
}

function build() {
  const input = make("input", {
    class: "input",
    type: "text",
    role: "combobox",
    "aria-label": "Go to a place, or do something",
    "aria-autocomplete": "list",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    placeholder: "Go to a place, or do something",
    autocomplete: "off",
    spellcheck: "false",
  });
  const list = make("ul", { id: "palette-list", class: "palette-list", role: "listbox", "aria-label": "Places and acts" });
  const status = make("p", { class: "palette-status", role: "status" });
  const dialog = make("dialog", { class: "dialog palette", "aria-label": "Go to" }, input, list, status);
  document.body.append(dialog);

  /** @type {Entry[]} */
  let entries = known();
  /** @type {Entry[]} */
  let shown = [];
  let at = 0;
  let loaded = false;

  const choose = (/** @type {number} */ index) => {
    at = shown.length === 0 ? 0 : (index + shown.length) % shown.length;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", `palette-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    shown = matching(entries, input.value);
    const options = shown.map(({ label, hint, key }, index) => {
      const words = make("span", { class: "palette-label" }, label);
      const beside = make("span", { class: "palette-hint" }, hint);
      const keys = key ? [make("kbd", { "aria-hidden": "true" }, key)] : [];
      return make("li", { id: `palette-${index}`, role: "option", "aria-selected": "false" }, words, " ", beside, ...keys);
    });
    list.replaceChildren(...options);
    choose(0);
  };
  const run = (/** @type {Entry | undefined} */ entry) => {
    if (!entry) return;
    dialog.close();
    entry.act();
  };
  const load = async () => {
    status.textContent = "";
    try {
      entries = [...known(), ...(await asked())];
      loaded = true;
      const kept = at;
      draw();
      choose(kept);
    } catch {
      status.textContent = "Conversations and stacks could not be loaded. Places still work; open this again to try once more.";
    }
  };

  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const move = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, shown.length - 1), PageUp: Math.max(at - 8, 0) }[event.key];
    if (move !== undefined) choose(move);
    else if (event.key === "Enter") run(shown[at]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("li") : null;
    if (option) run(shown[[...list.children].indexOf(option)]);
  });
  // A click beside it lands on the dialog itself.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return () => {
    if (dialog.open) return input.select();
    input.value = "";
    draw();
    dialog.showModal();
    if (!loaded) void load();
  };
}

/** Shows the keys, and lets the single ones be switched off. */
function help() {
  const rows = [
    [chord, "Go to a place, or do something"],
    ["/", "Search"],
    ...GOES.filter(([, , , root]) => may(root)).map(([key, label]) => [`g ${key}`, label]),
    ["?", "These keys"],
  ].map(([keys = "", words = ""]) => make("div", {}, make("dt", {}, make("kbd", {}, keys)), make("dd", {}, words)));
  const box = make("input", { class: "check-input", type: "checkbox" });
  box.checked = singles.on;
  box.addEventListener("change", () => (singles.on = box.checked));
  const close = make("button", { class: "btn", type: "button" }, "Close");
  const title = make("h2", { class: "dialog-title keys-title", id: "keys-title" }, "Keys");
  const choice = make("label", { class: "keys-choice" }, box, `Keys without ${isMac ? "⌘" : "Ctrl"}`);
  const body = make("div", { class: "dialog-body" }, make("dl", { class: "keys" }, ...rows), choice, make("div", { class: "actions" }, close));
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "keys-title" }, make("div", { class: "dialog-head" }, title), body);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** When `g` was pressed last. */
let led = -Infinity;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const { key, target } = event;
  if (key.toLowerCase() === "k" && (isMac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    return palette();
  }
  const typing =
    target instanceof Element && target.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");
  if (!singles.on || typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal, [popover]:popover-open")) return;
  const leads = event.timeStamp - led < TOGETHER;
  led = key === "g" && !leads ? event.timeStamp : -Infinity;
  const place = leads ? GOES.find(([letter, , , root]) => letter === key && may(root)) : undefined;
  if (place) {
    event.preventDefault();
    go(place[2]);
  } else if (key === "?") {
    event.preventDefault();
    help();
  } else if (key === "/") {
    event.preventDefault();
    const field = /** @type {HTMLElement | null} */ (document.querySelector("[data-slash]"));
    if (field?.checkVisibility()) field.focus();
    else palette();
  }
});

for (const button of document.querySelectorAll("[data-palette]")) {
  button.querySelector("kbd")?.replaceChildren(chord);
  button.addEventListener("click", palette);
}

export {};
