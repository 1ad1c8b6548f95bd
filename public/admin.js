// For pages of the admin area without islands: follows a log that the server streams, and loads a page again while something on it
// is under way. Both are complete without this.

/** Lines kept on a page. */
const MOST_LINES = 10_000;
/** The first pause after a loss, and the longest. */
const PAUSE_MS = [500, 8_000];
/** The server sends something at least every 15 s; twice that in silence means that the line is dead. */
const SILENCE_MS = 30_000;

for (const one of document.querySelectorAll("[data-reload]")) {
  // A page that answers a form must not send it again.
  if (!location.pathname.startsWith("/api/")) setTimeout(() => location.reload(), Number(one.dataset.reload) * 1000);
}
for (const one of document.querySelectorAll("[data-follow]")) offer(one);

/** Shows the button that follows and pauses. */
function offer(box) {
  const button = box.querySelector("button");
  const label = button.querySelector("span");
  const say = (text) => (box.querySelector("[role=status]").textContent = text);
  const log = document.getElementById(box.dataset.log);
  let line = null;
  const end = (text) => {
    line?.abort();
    line = null;
    label.textContent = "Follow";
    say(text);
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (line) return end("Paused. “Follow” goes on with the newest lines.");
    const mine = (line = new AbortController());
    label.textContent = "Pause";
    const why = await follow(box.dataset.follow, log, mine.signal, say);
    if (line === mine) end(why);
  });
  addEventListener("pagehide", () => line?.abort());
}

/** Follows until the container ends, the server refuses, or somebody pauses; says why it is over. */
async function follow(address, log, paused, say) {
  let [pause] = PAUSE_MS;
  while (!paused.aborted) {
    try {
      for await (const frame of frames(address, paused)) {
        [pause] = PAUSE_MS;
        say("Following.");
        show(log, frame);
        if (frame.ended) return "The container has ended.";
      }
    } catch (error) {
      if (error instanceof Refused) return error.message;
    }
    if (paused.aborted) break;
    say("The line is lost. Trying again.");
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, PAUSE_MS[1]);
  }
  return "Paused.";
}

class Refused extends Error {}

/** The frames of one connection. */
async function* frames(address, paused) {
  const dead = new AbortController();
  let timer = setTimeout(() => dead.abort(), SILENCE_MS);
  const answer = await fetch(address, { method: "POST", signal: AbortSignal.any([paused, dead.signal]) });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
    throw new Refused(problem.message ?? "It can't be followed any more. Load the page again.");
  }
  let text = "";
  try {
    for await (const piece of pieces(answer.body.pipeThrough(new TextDecoderStream()))) {
      clearTimeout(timer);
      timer = setTimeout(() => dead.abort(), SILENCE_MS);
      const events = (text + piece).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  } finally {
    clearTimeout(timer);
    dead.abort();
  }
}

/** A stream's pieces; not every browser iterates over a stream by itself. */
async function* pieces(stream) {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** Puts lines in place, and stays at the end if that is what is looked at. What is to be replaced stays until there is something. */
function show(log, frame) {
  if (frame.reset) log.dataset.stale = "";
  if (!frame.html) return;
  const box = log.parentElement;
  const isStale = "stale" in log.dataset;
  const atEnd = isStale || box.scrollHeight - box.scrollTop - box.clientHeight < 48;
  if (isStale) log.replaceChildren();
  delete log.dataset.stale;
  log.insertAdjacentHTML("beforeend", frame.html);
  while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}
