// The console: live sessions with their floors and turns, workers with their models. Reads
// /v1/admin/floors as it is told, /v1/admin/workers now and then.
import { element, find, svgElement } from "./document.js";
import { sayingIn } from "./strings.js";
import { Floor, drawTimeline, statusOf } from "./timeline.js";
import { turnAccount, waterfall } from "./waterfall.js";

const SPAN_MS = 20_000;
const DRAW_EVERY_MS = 100;
const STATUS_EVERY_MS = 1000;
const WORKERS_EVERY_MS = 5000;
const AGAIN_MS = 2000;
const TURNS_SHOWN = 8;
const MIB = 1024 * 1024;

const say = sayingIn("en");
const sessions = new Map(); // id → Card
let clockAhead = 0; // the server's clock less ours, ms
let held = null; // the server's time at which the picture stands still

const now = () => held ?? performance.now() + clockAhead;

function headers() {
  try {
    const key = sessionStorage.getItem("parley-key") ?? "";
    return key ? { Authorization: `Bearer ${key}` } : {};
  } catch {
    return {};
  }
}

const ask = (path) => fetch(new URL(path, document.baseURI), { headers: headers(), cache: "no-store" });

// One session as it is shown.
class Card {
  #floor = new Floor();
  #svg = svgElement("svg", { role: "img" });
  #status = element("p", { class: "status" });
  #turns = element("ol", { class: "turns", "aria-label": "Turns, the newest first" });
  #age = element("small", {});
  #opened;
  item;

  constructor({ id, model, opened_ms: opened }) {
    this.#opened = opened;
    const lanes = ["person", "agent", "behind"].map((name) => element("span", {}, name));
    this.item = element("li", { class: "session", "data-session": id },
      element("h3", {}, `${id} · ${model} `, this.#age),
      this.#status,
      element("div", { class: "timeline" },
        element("div", { class: "lanes", "aria-hidden": "true" }, ...lanes), this.#svg),
      this.#turns);
  }

  take({ floors, turns }) {
    this.#floor.add(floors, performance.now() + clockAhead);
    for (const turn of turns) this.#addTurn(turn);
  }

  draw() {
    drawTimeline(this.#svg, this.#floor.entries, now(), SPAN_MS);
  }

  tell() {
    const status = statusOf(this.#floor.now);
    this.#status.textContent = status;
    this.#svg.setAttribute("aria-label", `The last ${SPAN_MS / 1000} seconds. ${status}`);
    const seconds = Math.max(0, Math.round((now() - this.#opened) / 1000));
    this.#age.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  #addTurn(turn) {
    const line = element("li", {}, element("p", { class: "said" }, turn.transcript || "…"));
    const cut = turn.status === "cancelled";
    if (turn.heard) line.append(element("p", { class: "heard" }, turn.heard + (cut ? "—" : "")));
    if (waterfall(turn).length > 0) line.append(turnAccount(turn, say, cut));
    this.#turns.prepend(line);
    while (this.#turns.children.length > TURNS_SHOWN) this.#turns.lastElementChild.remove();
  }
}

function onNews(news) {
  clockAhead = news.now_ms - performance.now();
  for (const session of news.sessions) {
    let card = sessions.get(session.id);
    if (!card) {
      card = new Card(session);
      sessions.set(session.id, card);
      find("sessions").prepend(card.item);
      inView.observe(card.item);
    }
    card.take(session);
    card.tell();
  }
  for (const [id, card] of sessions) {
    if (news.live.includes(id)) continue;
    inView.unobserve(card.item);
    visible.delete(card);
    card.item.remove();
    sessions.delete(id);
  }
  find("count").textContent = sessions.size;
  find("nobody").hidden = sessions.size > 0;
}

// Only what is on the screen is drawn.
const visible = new Set();
const inView = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const card = sessions.get(Number(target.dataset.session));
    if (card && isIntersecting) {
      visible.add(card);
      card.draw();
    } else {
      visible.delete(card);
    }
  }
});

function problem(text) {
  find("problem").textContent = text;
  find("problem").hidden = !text;
}

function askForKey() {
  find("key-form").hidden = false;
  find("key").focus();
  problem("The server asks for its access key.");
}

// Events as they come, until the answer ends.
async function read(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) if (event.startsWith("data: ")) onNews(JSON.parse(event.slice(6)));
  }
}

function forget() {
  onNews({ now_ms: performance.now() + clockAhead, live: [], sessions: [] });
}

async function follow() {
  for (;;) {
    try {
      const answer = await ask("v1/admin/floors");
      if (answer.status === 401) return askForKey();
      if (!answer.ok) throw new Error((await answer.json()).error.message);
      problem("");
      forget();
      await read(answer);
      problem("The connection was lost; it is being restored.");
    } catch (error) {
      problem(`The server cannot be asked: ${error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

const mib = (bytes) => (bytes > 0 ? `${Math.round(bytes / MIB)} MiB` : "–");

function workerRows(worker) {
  const title = element("th", { scope: "rowgroup", rowspan: Math.max(1, worker.models.length) },
    worker.name || worker.address,
    element("small", {}, `${worker.state}, ${worker.device || "no device"}${worker.why ? `: ${worker.why}` : ""}`));
  const rows = worker.models.map((model) => element("tr", {},
    element("td", {}, model.id, element("small", {}, `${model.kind}, ${model.engine}`)),
    element("td", {}, element("span", { class: `state ${model.state}` }, model.state),
      element("small", {}, model.reason ?? "")),
    element("td", {}, `${model.in_use} of ${model.slots}`),
    element("td", {}, mib(model.memory_bytes + model.device_memory_bytes))));
  if (rows.length === 0) rows.push(element("tr", {}, element("td", { colspan: 4 }, "no models")));
  rows[0].prepend(title);
  return rows;
}

async function showWorkers() {
  const answer = await ask("v1/admin/workers").catch(() => null);
  if (!answer?.ok) return;
  const { workers, stale } = await answer.json();
  find("stale").hidden = !stale;
  find("workers").replaceChildren(...workers.flatMap(workerRows));
}

find("hold").addEventListener("click", ({ target }) => {
  held = held === null ? performance.now() + clockAhead : null;
  target.setAttribute("aria-pressed", String(held !== null));
});
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  try {
    sessionStorage.setItem("parley-key", find("key").value.trim());
  } catch {
    // It is asked for again on each visit.
  }
  find("key-form").hidden = true;
  follow();
  showWorkers();
});

setInterval(() => {
  if (held === null) visible.forEach((card) => card.draw());
}, DRAW_EVERY_MS);
setInterval(() => visible.forEach((card) => card.tell()), STATUS_EVERY_MS);
setInterval(showWorkers, WORKERS_EVERY_MS);
follow();
showWorkers();
