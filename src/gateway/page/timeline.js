// The floor of one session on a timeline: who spoke and paused when, what was prepared meanwhile,
// where the agent was stopped. From the entries of /v1/admin/floors, each of which holds until the
// next. As data, and drawn.
import { svgElement } from "./document.js";

const KEPT_MS = 120_000;
const LANES = {
  user: (floor) => (floor.user === "quiet" ? "" : floor.user),
  agent: (floor) => (floor.agent === "silent" ? "" : floor.agent),
  behind: (floor) => (floor.preparing ? "preparing" : floor.drafting ? "drafting" : ""),
  line: (floor) => (floor.line ? "" : "away"),
};
const PLACES = { user: [18, 22], agent: [46, 22], behind: [74, 10], line: [0, 88] };
const GRID_MS = 5000;
const LABEL_SHARE = 0.075; // of the width, for the words at a pause

// What the console keeps of a session: the newest entries, oldest first.
export class Floor {
  entries = [];

  add(entries, now) {
    this.entries.push(...entries);
    const old = this.entries.findIndex(({ at_ms }) => at_ms >= now - KEPT_MS);
    // The last one before still says what held then.
    if (old > 1) this.entries.splice(0, old - 1);
  }

  get now() {
    return this.entries.at(-1) ?? null;
  }
}

// [{lane, kind, begin, end, p, neededMs}], in order, of what overlaps the time from `from` to
// `now`. A pause has the latest judgement of it: p, that it is the end (null: not known), and the
// silence that ends it.
export function spansOf(entries, from, now) {
  const spans = [];
  for (const [lane, kindOf] of Object.entries(LANES)) {
    let open = null;
    for (const [index, entry] of entries.entries()) {
      const kind = kindOf(entry);
      const end = entries[index + 1]?.at_ms ?? now;
      if (open?.kind !== kind) open = kind ? { lane, kind, begin: entry.at_ms } : null;
      if (!open) continue;
      if (open.end === undefined) spans.push(open);
      open.end = end;
      if (kind === "pausing") Object.assign(open, { p: entry.p, neededMs: entry.needed_ms });
    }
  }
  return spans.filter(({ end }) => end > from);
}

// When the agent fell silent because somebody spoke: [ms].
export function marksOf(entries) {
  return entries
    .filter((entry, index) => entry.agent === "silent" && entry.user !== "quiet" &&
      ["speaking", "ducked", "paused"].includes(entries[index - 1]?.agent))
    .map(({ at_ms }) => at_ms);
}

// "done 82 % · 320 ms": how likely the turn is over, and the silence that it takes.
export function pauseWords({ p, neededMs }) {
  const needed = neededMs ? `T ${neededMs}` : "";
  return [Number.isFinite(p) ? `p ${p.toFixed(2)}` : "", needed].filter(Boolean).join(" · ");
}

// Into `svg`: the last `spanMs` before `now`.
export function drawTimeline(svg, entries, now, spanMs) {
  const from = now - spanMs;
  const x = (at) => `${(Math.max(0, (at - from) / spanMs) * 100).toFixed(2)}%`;
  const drawn = [];
  for (let at = Math.ceil(from / GRID_MS) * GRID_MS; at < now; at += GRID_MS) {
    drawn.push(svgElement("line", { class: "grid", x1: x(at), x2: x(at), y1: 14, y2: 88 }));
  }
  let labelled = 0; // the share of the width up to which words stand
  for (const span of spansOf(entries, from, now)) {
    const [y, height] = PLACES[span.lane];
    const begin = Math.max(span.begin, from);
    const width = `${(((span.end - begin) / spanMs) * 100).toFixed(2)}%`;
    const rect = svgElement("rect", { class: `${span.lane} ${span.kind}`, x: x(begin), y, width,
      height, rx: 3 });
    const words = span.kind === "pausing" ? pauseWords(span) : "";
    const ms = Math.round(span.end - span.begin);
    rect.append(svgElement("title", {}, `${span.kind} ${ms} ms${words ? ` · ${words}` : ""}`));
    drawn.push(rect);
    const share = (begin - from) / spanMs;
    if (!words || share < labelled || share > 1 - LABEL_SHARE) continue;
    labelled = share + LABEL_SHARE;
    drawn.push(svgElement("text", { x: x(begin), y: 12 }, words));
  }
  for (const at of marksOf(entries).filter((mark) => mark > from)) {
    const mark = svgElement("line", { class: "stop", x1: x(at), x2: x(at), y1: 42, y2: 72 });
    mark.append(svgElement("title", {}, "stopped: the person has the floor"));
    drawn.push(mark);
  }
  svg.replaceChildren(...drawn);
}

// One sentence for who does not see it.
export function statusOf(floor) {
  if (!floor) return "Nothing was said yet.";
  if (!floor.line) return "The client is away; the session waits for it.";
  const user = { quiet: "The person is quiet", speaking: "The person speaks" }[floor.user]
    ?? `The person pauses (${pauseWords({ p: floor.p, neededMs: floor.needed_ms }) || "not judged"})`;
  const agent = { speaking: "the agent speaks", ducked: "the agent speaks softly",
    paused: "the agent has paused" }[floor.agent]
    ?? (floor.preparing ? "a reply is being prepared" : floor.drafting ? "a reply is drafted"
      : "the agent is silent");
  return `${user}, ${agent}.`;
}
