// A turn's account as a waterfall: when which stage began and ended, in ms after the person's last
// speech. As data, and as what the page and the console show of it.
import { element, svgElement } from "./document.js";

// A turn's account as rows of a waterfall: a key of strings.js, begin and end in ms after the
// user's last speech, for the stages whose times are known. Drafts may begin before the turn was
// decided; what the browser adds comes after the server's last stage.
export function waterfall(turn) {
  const stages = [
    ["stageEnd", 0, turn.decided_ms],
    ["stageWords", 0, turn.transcript_ms],
    ["stageThought", turn.reply_started_ms, turn.first_token_ms],
    ["stageClause", turn.first_token_ms, turn.first_clause_ms],
    ["stageVoice", turn.first_clause_ms, turn.first_speech_ms],
    ["stageSent", turn.first_speech_ms, turn.first_frame_ms],
    ["stageBrowser", turn.first_frame_ms, turn.first_frame_ms + turn.browser_ms],
  ];
  return stages
    .filter(([, begin, end]) => Number.isFinite(begin) && Number.isFinite(end))
    .map(([name, begin, end]) => ({
      name,
      begin: Math.max(0, Math.min(begin, end)),
      end: Math.max(0, end),
    }));
}

// <details> of one turn: its stages as bars in a row, opened as a table. `say` gives the words
// (strings.js), `interrupted`: the person broke it off.
export function turnAccount(turn, say, interrupted) {
  const rows = waterfall(turn);
  const total = Math.max(...rows.map((row) => row.end), 1);
  const answered = Number.isFinite(turn.first_frame_ms)
    ? say("answeredIn", { ms: Math.round(turn.first_frame_ms) })
    : say("noAnswer");
  const small = svgElement("svg", { class: "small", "aria-hidden": "true" });
  small.append(...rows.map((row, index) =>
    bar(row, total, { y: `${(index / rows.length) * 100}%`, height: `${80 / rows.length}%` })));
  const heads = ["stage", "when", "took"].map((key) => element("th", { scope: "col" }, say(key)));
  const table = element("table", {},
    element("caption", {}, say("turnExplained")),
    element("thead", { class: "unseen" }, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.map((row) => stage(row, total, say))));
  const details = element("details", { class: "turn" },
    element("summary", {}, small,
      element("span", {}, answered + (interrupted ? ` · ${say("interrupted")}` : ""))),
    element("div", { class: "account" }, table));
  details.addEventListener("toggle", () => details.scrollIntoView({ block: "nearest" }));
  return details;
}

function stage(row, total, say) {
  const label = `${Math.round(row.begin)}–${Math.round(row.end)}`;
  const chart = svgElement("svg", { role: "img", "aria-label": label });
  chart.append(bar(row, total, { height: "100%", rx: 3 }));
  return element("tr", {},
    element("th", { scope: "row" }, say(row.name)),
    element("td", {}, chart),
    element("td", {}, say("ms", { ms: Math.round(row.end - row.begin) })));
}

function bar({ name, begin, end }, total, attributes) {
  const left = Math.min(99, (begin / total) * 100);
  const width = Math.max(1, (end / total) * 100 - left);
  const rect = svgElement("rect", { x: `${left}%`, width: `${width}%`, ...attributes });
  rect.classList.toggle("browser", name === "stageBrowser");
  return rect;
}
