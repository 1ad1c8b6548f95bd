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
  /** What the server has; nothing of a form that it refused. */
  let kept = "refused" in form.dataset ? "" : typed();
  let timer = 0;
  let busy = Promise.resolve();
  /** While a keep is under way: what the form was typed over is then about to change through ourselves. */
  let isKeeping = false;
  /** Another window was quicker: nothing more is sent from here, so that nothing of it is lost. */
  let isOutdated = false;
  let isSent = false;

  const refresh = async () => {
    const answer = await fetch(form.dataset.page, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(part.id);
      if (!now) continue;
      if (part instanceof HTMLInputElement) part.value = now.value;
      else part.replaceWith(now);
    }
    said.textContent = fresh.querySelector("[data-said]")?.textContent || said.textContent;
  };

  const send = async (now) => {
    said.textContent = "Keeping …";
    const headers = { accept: "application/json" };
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", headers, body: new URLSearchParams(read()) });
    } catch {
      said.textContent = "Not kept: the server can't be reached. It is tried again when you go on typing.";
      return;
    }
    if (!answer.ok) {
      isOutdated = answer.status === 409;
      const problem = await answer.json().catch(() => ({}));
      said.textContent = problem.message ?? "Not kept. It is tried again when you go on typing.";
      return;
    }
    kept = now;
    said.textContent = "Kept.";
    // It is kept, whether or not its page can be read again.
    await refresh().catch(() => {});
  };
  const keep = async () => {
    const now = typed();
    if (now === kept || isOutdated || isSent) return;
    isKeeping = true;
    await send(now);
    isKeeping = false;
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
    if (now === kept || isOutdated || isSent) return;
    kept = now;
    const fields = read();
    if (isKeeping) fields.delete("seen");
    fetch(form.action, { method: "POST", body: new URLSearchParams(fields), keepalive: true });
  });
  addEventListener("beforeunload", (event) => {
    if (isOutdated && !isSent && typed() !== kept) event.preventDefault();
  });
  // A page that comes back out of the browser's memory was typed over something older.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!isKeeping) {
      isSent = true;
      return;
    }
    event.preventDefault();
    const { submitter } = event;
    busy.then(() => form.requestSubmit(submitter));
  });
}
