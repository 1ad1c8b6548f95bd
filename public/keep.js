// Keeps what is typed in a form marked data-draft, a moment after the last key and when the page is left. Parts of the page marked
// data-live are then taken from the page as the server renders it now. Without this the button does the same.
for (const form of document.querySelectorAll("form[data-draft]")) {
  const said = form.querySelector("[data-said]");
  const read = () => {
    const fields = new FormData(form);
    for (const name of [...fields.keys()]) if (/^(password|secret_)/.test(name)) fields.delete(name);
    return fields;
  };
  const typed = () => {
    const fields = read();
    fields.delete("seen");
    return new URLSearchParams(fields).toString();
  };
  let kept = typed();
  let timer = 0;
  let busy = Promise.resolve();

  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(part.id);
      if (!now) continue;
      if (part instanceof HTMLInputElement) part.value = now.value;
      else part.replaceWith(now);
    }
    const words = fresh.querySelector("[data-said]");
    said.textContent = words?.textContent || "Kept.";
  };

  const keep = async () => {
    const now = typed();
    if (now === kept) return;
    said.textContent = "Keeping …";
    const headers = { accept: "application/json" };
    try {
      const answer = await fetch(form.action, { method: "POST", headers, body: new URLSearchParams(read()) });
      if (answer.ok) {
        kept = now;
        await refresh();
      } else {
        said.textContent = (await answer.json()).message;
      }
    } catch {
      said.textContent = "Not kept: the server can't be reached. It is tried again when you go on typing.";
    }
  };
  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => (busy = busy.then(keep)), wait);
  };
  form.addEventListener("input", () => soon(700));
  form.addEventListener("change", () => soon(0));
  // What was typed last must not wait for the page that goes away.
  addEventListener("pagehide", () => {
    const now = typed();
    if (now === kept) return;
    kept = now;
    const fields = read();
    fields.delete("seen");
    fetch(form.action, { method: "POST", body: new URLSearchParams(fields), keepalive: true });
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    kept = typed();
  });
}
