// The page's logic without a browser: node --test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Resampler } from "../../src/gateway/page/capture.worklet.js";
import { Connection, waitMs } from "../../src/gateway/page/connection.js";
import { Conversation, rememberedEvents, sessionUpdate }
  from "../../src/gateway/page/conversation.js";
import { heardMs, microphoneProblem, samplesOf } from "../../src/gateway/page/sound.js";
import { LANGUAGES, STRINGS, chooseLanguage, sayingIn } from "../../src/gateway/page/strings.js";
import { Floor, marksOf, pauseWords, spansOf, statusOf }
  from "../../src/gateway/page/timeline.js";
import { waterfall } from "../../src/gateway/page/waterfall.js";

function scene() {
  const seen = { sent: [], states: [], player: [], shown: [] };
  const player = Object.fromEntries(["append", "end", "drop", "pause", "gain", "cutOff"].map((name) => [
    name, (...args) => seen.player.push([name, ...args])]));
  const show = {
    state: (name) => seen.states.push(name),
    userText: (...args) => seen.shown.push(["user", ...args]),
    agentText: (...args) => seen.shown.push(["agent", ...args]),
    turn: (...args) => seen.shown.push(["turn", ...args]),
    problem: (...args) => seen.shown.push(["problem", ...args]),
  };
  const sendEvent = (event) => seen.sent.push(event);
  return { seen, conversation: new Conversation({ sendEvent, player, show }) };
}

const say = (conversation, ...events) => events.forEach((event) => conversation.onEvent(event));

test("a turn goes from listening through thinking to speaking and back", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "session.updated" },
    { type: "input_audio_buffer.speech_started", item_id: "u" },
    { type: "x_parley.words", item_id: "u", text: "What is" },
    { type: "input_audio_buffer.speech_stopped", item_id: "u" },
    { type: "response.created", response: { id: "r" } },
    { type: "conversation.item.input_audio_transcription.completed", item_id: "u",
      transcript: "What is the time?" },
    { type: "response.output_item.added", response_id: "r", item: { id: "a" } },
    { type: "response.output_audio_transcript.delta", item_id: "a", delta: "It is " },
    { type: "response.output_audio_transcript.delta", item_id: "a", delta: "noon." },
    { type: "response.output_audio.delta", item_id: "a", delta: "AAAA" });
  conversation.onPlaying("a", 20);
  say(conversation, { type: "response.output_audio.done", item_id: "a" },
    { type: "response.done", response: { id: "r", status: "completed" } });
  conversation.onPlaying("", 0);
  assert.deepEqual(seen.states, ["listening", "hearing", "thinking", "speaking", "listening"]);
  assert.deepEqual(seen.player, [["append", "a", "AAAA"], ["end", "a"]]);
  assert.deepEqual(seen.shown.at(-1), ["agent", "a", "It is noon."]);
});

test("ducking, pausing and dropping reach the player at once", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "x_parley.gain", db: -15, ramp_ms: 10 },
    { type: "x_parley.pause", item_id: "a", paused: true },
    { type: "x_parley.pause", item_id: "a", paused: false },
    { type: "x_parley.drop", item_id: "a" });
  assert.deepEqual(seen.player, [["gain", -15, 10], ["pause", "a", true], ["pause", "a", false],
    ["drop", "a"]]);
});

test("a cough leaves no bubble and nobody waits for a reply to it", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "session.updated" },
    { type: "input_audio_buffer.speech_started", item_id: "u" },
    { type: "input_audio_buffer.speech_stopped", item_id: "u" },
    { type: "conversation.item.input_audio_transcription.completed", item_id: "u",
      transcript: " " });
  assert.deepEqual(seen.shown.at(-1), ["user", "u", "", true]);
  assert.equal(conversation.state, "listening");
});

test("events of no known type do no harm", () => {
  const { conversation } = scene();
  say(conversation, { type: "rate_limits.updated" }, { type: "response.unheard_of" });
});

test("the session asks for what the page can do", () => {
  const { session } = sessionUpdate({ echoFree: true });
  assert.equal(session.audio.input.turn_detection.type, "semantic_vad");
  assert.deepEqual(session.x_parley,
    { playback: true, turns: true, live_words: true, echo_free: true, resume: true });
});

test("the waterfall leaves out what is not known and never begins before zero", () => {
  const rows = waterfall({ decided_ms: 300, transcript_ms: 250, reply_started_ms: -40,
    first_token_ms: 120, first_clause_ms: 320, first_speech_ms: 600, first_frame_ms: null });
  assert.deepEqual(rows.map((row) => row.name),
    ["stageEnd", "stageWords", "stageThought", "stageClause", "stageVoice"]);
  assert.deepEqual(rows[2], { name: "stageThought", begin: 0, end: 120 });
});

test("what the browser adds stands after the server's account, which stays as it is", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "session.updated" });
  conversation.onPlaying("a", 130);
  conversation.onPlaying("", 0);
  say(conversation, { type: "x_parley.turn", item_id: "a", response_id: "r",
    turn: { first_speech_ms: 600, first_frame_ms: 610, heard: "Yes." } });
  const [, item, turn] = seen.shown.at(-1);
  assert.equal(item, "a");
  assert.equal(turn.first_frame_ms, 610);
  assert.deepEqual(waterfall(turn).at(-1), { name: "stageBrowser", begin: 610, end: 740 });
});

test("a session that follows a lost one is told what was said and heard", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "session.updated" },
    { type: "conversation.item.input_audio_transcription.completed", item_id: "u",
      transcript: " Who are you?" },
    { type: "response.output_audio_transcript.delta", item_id: "a", delta: "I am Parley, a" },
    { type: "x_parley.turn", item_id: "a", turn: { heard: "I am", status: "cancelled" } },
    { type: "input_audio_buffer.speech_started", item_id: "v" },
    { type: "x_parley.words", item_id: "v", text: "And what" });
  const states = seen.states.length;
  conversation.onOver();
  conversation.onPlaying("", 0);
  assert.equal(seen.states.length, states);
  assert.deepEqual(seen.player.at(-1), ["cutOff"]);
  assert.deepEqual(seen.shown.at(-1), ["user", "v", "And what", true]);
  const events = rememberedEvents(conversation.remembered);
  assert.deepEqual(
    events.map(({ item: { role, content } }) => [role, content[0].type, content[0].text]),
    [["user", "input_text", "Who are you?"], ["assistant", "output_text", "I am—"],
      ["user", "input_text", "And what"]]);
});

test("a conversation that the server has kept goes on where it was", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "session.updated" },
    { type: "x_parley.resume", token: "line_1", hold_ms: 30000, resumed: false, complete: true },
    { type: "input_audio_buffer.speech_started", item_id: "u" },
    { type: "x_parley.words", item_id: "u", text: "Who are" });
  assert.equal(conversation.token, "line_1");
  conversation.onLost();
  assert.deepEqual(seen.player.at(-1), ["cutOff"]);
  say(conversation,
    { type: "x_parley.resume", token: "line_1", hold_ms: 30000, resumed: true, complete: true },
    { type: "input_audio_buffer.speech_stopped", item_id: "u" },
    { type: "conversation.item.input_audio_transcription.completed", item_id: "u",
      transcript: "Who are you?" },
    { type: "response.created", response: { id: "r" } });
  assert.deepEqual(seen.states, ["listening", "hearing", "listening", "thinking"]);
  // Said once, though it was open when the line dropped.
  assert.deepEqual(conversation.remembered, [{ role: "user", text: "Who are you?" }]);
});

test("a microphone at 48 kHz gives half as many samples and the same tone", () => {
  const resampler = new Resampler(48000, 24000);
  const out = [];
  for (let block = 0; block < 375; ++block) {
    const input = Float32Array.from({ length: 128 },
      (_, i) => Math.sin((2 * Math.PI * 1000 * (block * 128 + i)) / 48000));
    resampler.process(input, (sample) => out.push(sample));
  }
  assert.ok(Math.abs(out.length - 24000) < 40);
  for (let i = 100; i < 20000; ++i) {
    assert.ok(Math.abs(out[i] - Math.sin((2 * Math.PI * 1000 * i) / 24000)) < 0.01);
  }
});

// --- the console ------------------------------------------------------------------------------

const floor = (at_ms, changes = {}) => ({ at_ms, user: "quiet", agent: "silent", preparing: false,
  drafting: false, line: true, ...changes });

test("a floor becomes spans: a pause keeps its latest judgement", () => {
  const entries = [floor(1000, { user: "speaking" }),
    floor(2000, { user: "pausing", p: null, needed_ms: 600 }),
    floor(2200, { user: "pausing", p: 0.8, needed_ms: 300, drafting: true }),
    floor(2500, { preparing: true }), floor(3000, { agent: "speaking" })];
  assert.deepEqual(spansOf(entries, 0, 4000), [
    { lane: "user", kind: "speaking", begin: 1000, end: 2000 },
    { lane: "user", kind: "pausing", begin: 2000, end: 2500, p: 0.8, neededMs: 300 },
    { lane: "agent", kind: "speaking", begin: 3000, end: 4000 },
    { lane: "behind", kind: "drafting", begin: 2200, end: 2500 },
    { lane: "behind", kind: "preparing", begin: 2500, end: 3000 },
  ]);
  assert.deepEqual(spansOf(entries, 2600, 4000).map(({ kind }) => kind), ["speaking", "preparing"]);
  assert.equal(pauseWords({ p: 0.8, neededMs: 300 }), "p 0.80 · T 300");
});

test("an interruption leaves a mark, an end does not", () => {
  const talk = [floor(0, { agent: "speaking" }), floor(1, { agent: "ducked", user: "speaking" }),
    floor(2, { agent: "paused", user: "speaking" }), floor(3, { user: "speaking" }),
    floor(4, { agent: "speaking" }), floor(5)];
  assert.deepEqual(marksOf(talk), [3]);
});

test("of a floor only the last minutes are kept, and what held at their beginning", () => {
  const kept = new Floor();
  kept.add([floor(0), floor(1000, { user: "speaking" }), floor(200_000)], 250_000);
  assert.deepEqual(kept.entries.map(({ at_ms }) => at_ms), [1000, 200_000]);
  assert.equal(statusOf(kept.now), "The person is quiet, the agent is silent.");
  assert.equal(statusOf(floor(1, { user: "pausing", p: 0.5, needed_ms: 400, preparing: true })),
    "The person pauses (p 0.50 · T 400), a reply is being prepared.");
});

// --- the line ---------------------------------------------------------------------------------

function line(why = "") {
  const seen = { sockets: [], told: [], waits: [], now: 0 };
  const connection = new Connection({
    makeSocket: () => {
      const socket = { readyState: 0, bufferedAmount: 0, sent: [], close() {},
        send: (text) => socket.sent.push(text) };
      seen.sockets.push(socket);
      return socket;
    },
    whyRefused: async () => why,
    onOpen: () => seen.told.push("open"),
    onMessage: (event) => seen.told.push(event.type),
    onLost: () => seen.told.push("lost"),
    onEnded: (key, reason) => seen.told.push(`ended ${key} ${reason}`.trim()),
    now: () => seen.now,
    setTimer: (run, ms) => seen.waits.push({ run, ms }),
    clearTimer: () => seen.waits.pop(),
  });
  seen.open = () => {
    const socket = seen.sockets.at(-1);
    socket.readyState = 1;
    socket.onopen();
    socket.onmessage({ data: '{"type":"session.created"}' });
  };
  seen.drop = (code, reason = "") => seen.sockets.at(-1).onclose({ code, reason });
  return { seen, connection };
}

test("a line that drops is tried again, ever more slowly, until it is back", async () => {
  const { seen, connection } = line();
  seen.open();
  seen.drop(1006);
  for (let i = 0; i < 4; ++i) {
    seen.waits.at(-1).run();
    seen.drop(1006);
    await Promise.resolve();
    await Promise.resolve();
  }
  assert.equal(seen.waits.length, 5);
  for (let i = 1; i < 5; ++i) assert.ok(seen.waits[i].ms > seen.waits[i - 1].ms);
  assert.equal(connection.send("x"), false);
  seen.waits.at(-1).run();
  seen.open();
  assert.equal(connection.send("x"), true);
  assert.deepEqual(seen.told, ["open", "session.created", "lost", "open", "session.created"]);
});

test("after two minutes nobody waits any longer", async () => {
  const { seen } = line();
  seen.open();
  seen.drop(1006);
  seen.now = 121_000;
  seen.waits.at(-1).run();
  seen.drop(1006);
  await new Promise(setImmediate);
  assert.equal(seen.told.at(-1), "ended gaveUp");
});

test("a server that means it is not asked again", () => {
  const { seen } = line();
  seen.open();
  seen.drop(1000, "Your session hit the maximum duration of 60 minutes.");
  assert.equal(seen.told.at(-1),
    "ended ended Your session hit the maximum duration of 60 minutes.");
  assert.equal(seen.waits.length, 0);
});

test("a missing key is said and not tried again", async () => {
  const { seen } = line("needsKey");
  seen.drop(1006);
  await new Promise(setImmediate);
  assert.deepEqual(seen.told, ["ended needsKey"]);
});

test("a network that takes nothing any more counts as lost", () => {
  const { seen, connection } = line();
  seen.open();
  seen.sockets[0].bufferedAmount = 300_000;
  assert.equal(connection.send("x"), false);
  assert.equal(seen.told.at(-1), "lost");
  assert.deepEqual(seen.sockets[0].sent, []);
});

test("when the network is back the wait is over at once, and after the end nothing happens", () => {
  const { seen, connection } = line();
  seen.open();
  seen.drop(1001);
  connection.hurry();
  assert.equal(seen.sockets.length, 2);
  connection.close();
  connection.hurry();
  assert.equal(seen.sockets.length, 2);
});

test("back-off doubles to its limit and spreads by a quarter each way", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9].map((attempt) => waitMs(attempt, 0.5)),
    [500, 1000, 2000, 4000, 8000, 8000]);
  assert.deepEqual([waitMs(0, 0), waitMs(0, 1)], [375, 625]);
});

// --- the words --------------------------------------------------------------------------------

test("each text is there in each language, with the same values to fill in", () => {
  const values = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, texts] of Object.entries(STRINGS)) {
    assert.equal(texts.length, LANGUAGES.length, key);
    for (const text of texts) assert.deepEqual(values(text), values(texts[0]), `${key}: ${text}`);
  }
});

test("what the page asks for is in the table, and its English is what stands in the page", () => {
  const folder = new URL("../../src/gateway/page/", import.meta.url);
  const html = readFileSync(new URL("index.html", folder), "utf8");
  const flat = (text) => text.replace(/\s+/g, " ").trim();
  for (const [, key, text] of html.matchAll(/data-text="(\w+)">([^<]*)</g)) {
    assert.equal(flat(text), STRINGS[key]?.[0], key);
  }
  for (const [, text, key] of html.matchAll(/aria-label="([^"]*)" data-label="(\w+)"/g)) {
    assert.equal(text, STRINGS[key]?.[0], key);
  }
  for (const file of ["screen.js", "waterfall.js"]) {
    for (const [, key] of readFileSync(new URL(file, folder), "utf8").matchAll(/say\("(\w+)"/g)) {
      assert.ok(STRINGS[key], key);
    }
  }
});

test("the first language that is known is taken, English when none is", () => {
  assert.equal(chooseLanguage(["pt-BR", "de-CH", "en"]), "de");
  assert.equal(chooseLanguage(["zh-Hant-TW"]), "zh");
  assert.equal(chooseLanguage(["pt"]), "en");
  assert.equal(sayingIn("fr")("answeredIn", { ms: 671 }), "réponse en 671 ms");
});

test("each way to have no microphone has words that help", () => {
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "InsecureContext",
    "TypeError"]) assert.ok(STRINGS[microphoneProblem({ name })], name);
});

test("sound from the network is little-endian, and half a sample is no sample", () => {
  assert.deepEqual([...samplesOf(btoa("\x00\x40\x00\xc0\x01"))], [0.5, -0.5]);
});

test("what the device still holds is not heard yet; at its end an item is heard whole", () => {
  assert.equal(heardMs({ samples: 24000, done: false }, 40), 960);
  assert.equal(heardMs({ samples: 240, done: false }, 40), 0);
  assert.equal(heardMs({ samples: 24001, done: true }, 40), 1001);
});
