// The page: joins the line, the conversation, the sound and the screen.
import { Connection } from "./connection.js";
import { Conversation, rememberedEvents, sessionUpdate } from "./conversation.js";
import { find } from "./document.js";
import { Screen } from "./screen.js";
import { Microphone, Player, microphoneProblem } from "./sound.js";
import { chooseLanguage, sayingIn } from "./strings.js";

const SILENCE_DBFS = -60;
const TOY_MODEL = "smollm2-135m";
const KEPT = ["microphone", "speaker", "headphones", "read-along"]; // settings that outlive a visit

const wanted = new URLSearchParams(location.search).get("lang");
const language = chooseLanguage([wanted, ...navigator.languages].filter(Boolean));
const say = sayingIn(language);
Screen.translate(say, language);
const screen = new Screen(say);

let call = null; // {connection, conversation, microphone, player, wakeLock}
let muted = false;

// --- the call ---------------------------------------------------------------------------------

// What could not be done, in words for the screen.
class Trouble extends Error {
  constructor(key, values) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

async function start() {
  const mine = { connection: null, conversation: null, microphone: null, player: null };
  call = mine;
  screen.problem("");
  screen.state("connecting");
  try {
    mine.player = await openPlayer(mine);
    mine.microphone = await openMicrophone(mine);
    if (call !== mine) return release(mine);
    connect(mine);
  } catch (error) {
    return stop(mine, error.key ?? "soundFailed", error.values ?? { message: error.message });
  }
  drawVoice(mine);
  listDevices();
  mine.wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
  if (call !== mine) mine.wakeLock?.release();
}

const openPlayer = (mine) =>
  Player.open({
    sinkId: find("speaker").value,
    onPlayed: (item, ms) => mine.conversation?.onPlayed(item, ms),
    onPlaying: (item, delayMs) => mine.conversation?.onPlaying(item, delayMs),
  });

const openMicrophone = (mine) =>
  Microphone.open({
    deviceId: find("microphone").value,
    onBlock: (pcm, level) => sendSound(mine, pcm, level),
    onLost: () => stop(mine, "micLost"),
  }).catch((error) => {
    throw new Trouble(microphoneProblem(error), { message: error?.message ?? String(error) });
  });

function connect(mine) {
  let lost = false;
  mine.connection = new Connection({
    makeSocket: () => makeSocket(mine.conversation?.token),
    whyRefused,
    onOpen: () => {
      if (!mine.conversation?.token) converse(mine);
      if (lost) screen.problem("");
      lost = false;
    },
    onMessage: (event) => {
      // The conversation is not to be had again: another takes its place.
      if (event.type === "session.created" && mine.conversation.token) converse(mine);
      mine.conversation.onEvent(event);
    },
    onLost: () => {
      lost = true;
      mine.conversation?.onLost();
      screen.state(mine.conversation ? "reconnecting" : "connecting");
      screen.problem(mine.conversation ? "lost" : "unreachable");
    },
    onEnded: (key, why) => stop(mine, key, { why }),
  });
}

// A session of the server; one that follows a lost one is told what was said.
function converse(mine) {
  mine.conversation?.onOver();
  const remembered = mine.conversation?.remembered ?? [];
  const sendEvent = (event) => mine.connection.send(JSON.stringify(event));
  const { player } = mine;
  mine.conversation = new Conversation({ sendEvent, player, show: screen, remembered });
  sendEvent(sessionUpdate({ echoFree: find("headphones").checked }));
  rememberedEvents(remembered).forEach(sendEvent);
}

function makeSocket(token) {
  const address = new URL("v1/realtime", document.baseURI);
  if (token) address.searchParams.set("x_parley_resume", token);
  address.protocol = address.protocol.replace("http", "ws");
  const key = find("key").value.trim();
  try {
    return new WebSocket(address, ["realtime", ...(key ? [`openai-insecure-api-key.${key}`] : [])]);
  } catch {
    throw new Trouble("needsKey"); // no browser sends such a key
  }
}

// The server's answer, null while it does not answer.
function askModels() {
  const key = find("key").value.trim();
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  return fetch(new URL("v1/models", document.baseURI), { headers, cache: "no-store" })
    .catch(() => null);
}

const whyRefused = async () => ((await askModels())?.status === 401 ? "needsKey" : "");

// Whoever thinks with the built-in model is to know what to expect of it.
async function warnOfToy() {
  const answer = await askModels();
  const models = answer?.ok ? (await answer.json()).data : [];
  find("toy").hidden = !models.some(({ id }) => id.includes(TOY_MODEL));
}

function sendSound(mine, pcm, level) {
  if (call !== mine) return;
  screen.level(muted ? SILENCE_DBFS : level);
  if (!muted) mine.connection?.send(`{"type":"input_audio_buffer.append","audio":"${pcm}"}`);
}

function drawVoice(mine) {
  if (call !== mine) return;
  if (document.body.dataset.state === "speaking") screen.voiceLevel(mine.player.level());
  requestAnimationFrame(() => drawVoice(mine));
}

function release({ connection, microphone, player, wakeLock }) {
  connection?.close();
  microphone?.close();
  player?.close();
  wakeLock?.release();
}

function stop(which, problem = "", values = {}) {
  release(which);
  if (which !== call) return;
  call.conversation?.onOver();
  call = null;
  screen.state("off");
  screen.level(SILENCE_DBFS);
  screen.problem(problem, values);
}

function toggle() {
  if (call) stop(call);
  else start();
}

function toggleMute() {
  muted = !muted;
  screen.muted(muted);
}

// --- settings ---------------------------------------------------------------------------------

async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  for (const [kind, id] of [["audioinput", "microphone"], ["audiooutput", "speaker"]]) {
    const select = find(id);
    const chosen = select.value || (kept(id) ?? "");
    const options = devices
      .filter((device) => device.kind === kind && device.deviceId && device.label)
      .filter((device) => device.deviceId !== "default")
      .map((device) => new Option(device.label, device.deviceId));
    select.replaceChildren(new Option(say("systemChoice"), ""), ...options);
    select.value = options.some((option) => option.value === chosen) ? chosen : "";
  }
  find("speaker-row").hidden = !("setSinkId" in AudioContext.prototype);
}

// Storage may be forbidden; then a setting lasts as long as the page.
function kept(id) {
  try {
    return localStorage.getItem(`parley-${id}`);
  } catch {
    return null;
  }
}
function keep(id, value) {
  try {
    localStorage.setItem(`parley-${id}`, value);
  } catch {
    // As said above.
  }
}

async function changeMicrophone() {
  const mine = call;
  if (!mine?.microphone) return;
  mine.microphone.close();
  mine.microphone = null;
  try {
    const opened = await openMicrophone(mine);
    if (call === mine) mine.microphone = opened;
    else opened.close();
  } catch (error) {
    stop(mine, error.key, error.values);
  }
}

function readAlong() {
  find("transcript").setAttribute("aria-live", find("read-along").checked ? "polite" : "off");
}

for (const id of KEPT) {
  const input = find(id);
  const checks = input.type === "checkbox";
  if (checks) input.checked = kept(id) === "true";
  input.addEventListener("change", () => keep(id, checks ? input.checked : input.value));
}
try {
  find("key").value = sessionStorage.getItem("parley-key") ?? "";
} catch {
  // The key is asked for again on each visit.
}
readAlong();
listDevices();
warnOfToy();

// --- what the person does ---------------------------------------------------------------------

find("talk").addEventListener("click", toggle);
find("mute").addEventListener("click", toggleMute);
find("settings-open").addEventListener("click", async () => {
  await listDevices();
  find("settings").showModal();
});
find("problem").querySelector("button").addEventListener("click", () => screen.problem(""));
find("microphone").addEventListener("change", changeMicrophone);
find("speaker").addEventListener("change", ({ target }) => call?.player?.setSink(target.value));
find("read-along").addEventListener("change", readAlong);
find("headphones").addEventListener("change", ({ target }) =>
  call?.connection?.send(JSON.stringify(sessionUpdate({ echoFree: target.checked }))));
find("key").addEventListener("change", ({ target }) => {
  try {
    sessionStorage.setItem("parley-key", target.value.trim());
  } catch {
    // As above.
  }
});
navigator.mediaDevices?.addEventListener?.("devicechange", listDevices);
window.addEventListener("online", () => call?.connection?.hurry());
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
