// What is seen of a conversation: state, transcript, waterfalls, problems, levels.
import { find } from "./document.js";
import { turnAccount, waterfall } from "./waterfall.js";

const QUIET_DBFS = -55; // an empty meter
const LOUD_DBFS = -10; // a full one
const NEAR_END_PX = 80; // who reads so close to the end follows the conversation
const BUSY = ["connecting", "reconnecting"];

export class Screen {
  #say;
  #state = "off";
  #muted = false;
  #bubbles = new Map(); // item → its <li>

  // `say(key, values)` gives the words (strings.js).
  constructor(say) {
    this.#say = say;
    this.state("off");
  }

  // Puts the words into the document: [data-text] takes text, [data-label] an accessible name.
  static translate(say, language) {
    document.documentElement.lang = language;
    const roots = [document, ...[...document.querySelectorAll("template")].map((t) => t.content)];
    for (const root of roots) {
      for (const element of root.querySelectorAll("[data-text]")) {
        element.textContent = say(element.dataset.text);
      }
      for (const element of root.querySelectorAll("[data-label]")) {
        element.setAttribute("aria-label", say(element.dataset.label));
      }
    }
  }

  state(state) {
    const before = this.#state;
    this.#state = state;
    document.body.dataset.state = state;
    const muted = this.#muted && state === "listening";
    find("state").textContent = this.#say(muted ? "muted" : state);
    find("talk-name").textContent = this.#say(state === "off" ? "start" : "stop");
    find("mute").disabled = state === "off";
    // Turns are heard; a screen reader is told only what is not.
    if (BUSY.includes(state)) this.announce(state);
    else if (state === "off" && before !== "off") this.announce("over");
    else if (BUSY.includes(before) || before === "off") this.announce(state);
  }

  muted(muted) {
    this.#muted = muted;
    find("mute").setAttribute("aria-pressed", String(muted));
    document.body.toggleAttribute("data-muted", muted);
    this.announce(muted ? "muted" : "unmuted");
    this.state(this.#state);
  }

  announce(key) {
    find("announce").textContent = key === "off" ? "" : this.#say(key);
  }

  problem(key, values) {
    find("problem").querySelector("span").textContent = key ? this.#say(key, values) : "";
    find("problem").hidden = !key;
  }

  userText(item, text, final) {
    this.#write(() => {
      const element = this.#bubble(item, "user");
      if (final && !text) {
        element.remove();
        this.#bubbles.delete(item);
        return;
      }
      element.querySelector("p").textContent = text;
      element.classList.toggle("open", !final);
      element.setAttribute("aria-busy", String(!final));
    });
  }

  agentText(item, text) {
    this.#write(() => {
      const element = this.#bubble(item, "agent");
      element.querySelector("p").textContent = text.trim();
      element.setAttribute("aria-busy", "true");
    });
  }

  turn(item, turn) {
    const element = this.#bubbles.get(item);
    if (!element) return;
    this.#write(() => {
      element.setAttribute("aria-busy", "false");
      const cut = showHeard(element.querySelector("p"), turn.heard ?? "");
      element.querySelector(".turn")?.remove();
      if (waterfall(turn).length === 0) return;
      element.append(turnAccount(turn, this.#say, cut || turn.status === "cancelled"));
    });
  }

  // Of the microphone, or of the voice while that speaks; dBFS.
  level(dbfs) {
    find("level").value = Math.round(dbfs);
    document.documentElement.style.setProperty("--level", shareOf(dbfs));
  }
  voiceLevel(dbfs) {
    document.documentElement.style.setProperty("--voice", shareOf(dbfs));
  }

  #bubble(item, kind) {
    let element = this.#bubbles.get(item);
    if (element) return element;
    find("welcome").hidden = true;
    find("transcript").hidden = false;
    element = find(`${kind}-template`).content.firstElementChild.cloneNode(true);
    this.#bubbles.set(item, element);
    find("transcript").append(element);
    return element;
  }

  // Follows the conversation unless the reader has scrolled back.
  #write(change) {
    const list = find("transcript");
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
    change();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
}

function shareOf(dbfs) {
  const share = (dbfs - QUIET_DBFS) / (LOUD_DBFS - QUIET_DBFS);
  return Math.max(0, Math.min(1, share)).toFixed(2);
}

// Strikes out what was written and not heard, and says whether there was any.
function showHeard(paragraph, heard) {
  const text = paragraph.textContent;
  const until = heard.trimEnd();
  if (!text.startsWith(until) || until.length === text.length) return false;
  const unheard = document.createElement("span");
  unheard.className = "unheard";
  unheard.textContent = text.slice(until.length);
  paragraph.replaceChildren(until, unheard);
  return true;
}
