// The page: joins the conversation, the sound and the screen.
import { Conversation, sessionUpdate, waterfall } from "./conversation.js";
import { Microphone, Player, microphoneProblem } from "./sound.js";

const find = (id) => document.getElementById(id);
const STATES = {
  off: "Ready",
  connecting: "Connecting…",
  listening: "Listening",
  hearing: "Listening to you",
  thinking: "Thinking…",
  speaking: "Speaking",
};
const SEND_BUFFER_MAX_BYTES = 1 << 20; // sound that the network does not take is not kept for later

let call = null; // {socket, microphone, player}
let muted = false;

// --- the screen -------------------------------------------------------------------------------

const bubbles = new Map(); // item → its <li>

function showState(state) {
  document.body.dataset.state = state;
  find("state").textContent = muted && state === "listening" ? "Muted" : STATES[state];
  find("talk").setAttribute("aria-pressed", String(state !== "off"));
  find("talk-name").textContent = state === "off" ? "Start talking" : "End the conversation";
  find("mute").disabled = state === "off" || state === "connecting";
}

function showProblem(text) {
  find("problem").querySelector("span").textContent = text;
  find("problem").hidden = !text;
}

function bubble(item, kind) {
  let element = bubbles.get(item);
  if (element) return element;
  find("welcome").hidden = true;
  find("transcript").hidden = false;
  element = find(`${kind}-template`).content.firstElementChild.cloneNode(true);
  bubbles.set(item, element);
  find("transcript").append(element);
  return element;
}

// Follows the conversation unless the reader has scrolled back.
function write(change) {
  const list = find("transcript");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  change();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const view = {
  state: showState,
  problem: showProblem,
  userText(item, text, final) {
    write(() => {
      const element = bubble(item, "user");
      if (final && !text) {
        element.remove();
        bubbles.delete(item);
        return;
      }
      element.querySelector("p").textContent = text;
      element.classList.toggle("open", !final);
    });
  },
  agentText(item, text) {
    write(() => (bubble(item, "agent").querySelector("p").textContent = text.trim()));
  },
  turn(item, turn) {
    const element = bubbles.get(item);
    if (element) write(() => showTurn(element, turn));
  },
};

function showTurn(element, turn) {
  if (turn.status === "cancelled") showHeard(element.querySelector("p"), turn.heard ?? "");
  const rows = waterfall(turn);
  element.querySelector(".turn")?.remove();
  if (rows.length === 0) return;
  const details = find("turn-template").content.firstElementChild.cloneNode(true);
  const total = Math.max(...rows.map((row) => row.end), 1);
  const answered = Number.isFinite(turn.first_frame_ms)
    ? `answered in ${Math.round(turn.first_frame_ms)} ms`
    : "no answer";
  details.querySelector("summary").textContent =
    turn.status === "cancelled" ? `${answered} · interrupted` : answered;
  details.querySelector("tbody").append(...rows.map((row) => waterfallRow(row, total)));
  element.append(details);
}

function showHeard(paragraph, heard) {
  const text = paragraph.textContent;
  const until = heard.replace(/—$/, "").trimEnd();
  if (!text.startsWith(until) || until.length === text.length) return;
  const unheard = document.createElement("span");
  unheard.className = "unheard";
  unheard.textContent = text.slice(until.length);
  paragraph.replaceChildren(until, unheard);
}

function waterfallRow({ name, begin, end }, total) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const left = Math.min(99, (begin / total) * 100);
  rect.setAttribute("x", `${left}%`);
  rect.setAttribute("width", `${Math.max(1, (end / total) * 100 - left)}%`);
  rect.setAttribute("height", "100%");
  svg.append(rect);
  const bar = document.createElement("td");
  bar.append(svg);
  const time = document.createElement("td");
  time.textContent = `${Math.round(end - begin)} ms`;
  row.append(head, bar, time);
  return row;
}

function showLevel(dbfs) {
  find("level").value = dbfs;
  const share = Math.max(0, Math.min(1, (dbfs + 55) / 45));
  document.documentElement.style.setProperty("--level", muted ? "0" : share.toFixed(2));
}

// --- the call ---------------------------------------------------------------------------------

function openSocket() {
  const address = new URL("v1/realtime", document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  const protocols = ["realtime"];
  const key = find("key").value.trim();
  if (key) protocols.push(`openai-insecure-api-key.${key}`);
  const socket = new WebSocket(address, protocols);
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error("The server does not answer, or asks for an access key " +
      "(under Settings). Press the button to try again."));
  });
}

async function start() {
  const mine = { socket: null, microphone: null, player: null };
  call = mine;
  showProblem("");
  showState("connecting");
  try {
    mine.player = await Player.open({
      sinkId: find("speaker").value,
      onPlayed: (item, ms) => mine.conversation?.onPlayed(item, ms),
      onPlaying: (item) => mine.conversation?.onPlaying(item),
    });
    mine.microphone = await Microphone.open({
      deviceId: find("microphone").value,
      onBlock: (pcm, level) => sendSound(mine, pcm, level),
      onLost: () => stop(mine, "The microphone was unplugged. Press the button to go on."),
    }).catch((error) => {
      throw new Error(microphoneProblem(error));
    });
    mine.socket = await openSocket();
  } catch (error) {
    return stop(mine, error.message);
  }
  if (call !== mine) return release(mine);
  converse(mine);
  listDevices();
}

function converse(mine) {
  const sendEvent = (event) => {
    if (mine.socket.readyState === WebSocket.OPEN) mine.socket.send(JSON.stringify(event));
  };
  mine.conversation = new Conversation({ sendEvent, player: mine.player, show: view });
  mine.socket.onmessage = ({ data }) => {
    if (typeof data === "string") mine.conversation.onEvent(JSON.parse(data));
  };
  mine.socket.onclose = ({ reason }) =>
    stop(mine, reason || "The connection was lost. Press the button to talk again.");
  mine.socket.onerror = null;
  sendEvent(sessionUpdate({ echoFree: find("headphones").checked }));
}

function sendSound(mine, pcm, level) {
  if (call !== mine) return;
  showLevel(muted ? -60 : level);
  const socket = mine.socket;
  if (muted || socket?.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > SEND_BUFFER_MAX_BYTES) return;
  socket.send(`{"type":"input_audio_buffer.append","audio":"${pcm}"}`);
}

function release({ socket, microphone, player }) {
  if (socket) socket.onclose = socket.onmessage = null;
  socket?.close();
  microphone?.close();
  player?.close();
}

function stop(which, problem = "") {
  if (which !== call) return release(which);
  release(call);
  call = null;
  showState("off");
  showLevel(-60);
  if (problem) showProblem(problem);
}

// --- devices, keys ----------------------------------------------------------------------------

async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  for (const [kind, id] of [["audioinput", "microphone"], ["audiooutput", "speaker"]]) {
    const select = find(id);
    const chosen = select.value;
    const options = devices
      .filter((device) => device.kind === kind && device.deviceId && device.label)
      .filter((device) => device.deviceId !== "default")
      .map((device) => new Option(device.label, device.deviceId));
    select.replaceChildren(new Option("The system’s choice", ""), ...options);
    select.value = options.some((option) => option.value === chosen) ? chosen : "";
  }
  find("speaker-row").hidden = !("setSinkId" in AudioContext.prototype);
}

async function changeMicrophone() {
  if (!call?.socket) return;
  stop(call);
  await start();
}

function toggle() {
  if (call) stop(call);
  else start();
}

function toggleMute() {
  muted = !muted;
  find("mute").setAttribute("aria-pressed", String(muted));
  showState(document.body.dataset.state);
}

find("talk").addEventListener("click", toggle);
find("mute").addEventListener("click", toggleMute);
find("settings-open").addEventListener("click", () => {
  listDevices();
  find("settings").showModal();
});
find("problem").querySelector("button").addEventListener("click", () => showProblem(""));
find("microphone").addEventListener("change", changeMicrophone);
find("speaker").addEventListener("change", ({ target }) => call?.player?.setSink(target.value));
find("key").value = sessionStorage.getItem("parley-key") ?? "";
find("key").addEventListener("change", ({ target }) =>
  sessionStorage.setItem("parley-key", target.value.trim()));
navigator.mediaDevices?.addEventListener?.("devicechange", listDevices);
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, dialog, summary, button")) return;
  if (event.code === "Space") {
    event.preventDefault();
    toggle();
  } else if (event.key.toLowerCase() === "m" && call) {
    toggleMute();
  }
});
showState("off");
