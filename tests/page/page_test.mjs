// The page's logic without a browser: node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Resampler } from "../../src/gateway/page/capture.worklet.js";
import { Conversation, sessionUpdate, waterfall } from "../../src/gateway/page/conversation.js";
import { Queue } from "../../src/gateway/page/player.worklet.js";

function scene() {
  const seen = { sent: [], states: [], player: [], shown: [] };
  const player = Object.fromEntries(["append", "drop", "gain"].map((name) => [
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
  conversation.onPlaying("a");
  say(conversation, { type: "response.done", response: { id: "r", status: "completed" } });
  conversation.onPlaying("");
  assert.deepEqual(seen.states, ["listening", "hearing", "thinking", "speaking", "listening"]);
  assert.deepEqual(seen.player, [["append", "a", "AAAA"]]);
  assert.deepEqual(seen.shown.at(-1), ["agent", "a", "It is noon."]);
});

test("ducking and dropping reach the player at once", () => {
  const { seen, conversation } = scene();
  say(conversation, { type: "x_parley.gain", db: -15, ramp_ms: 10 },
    { type: "x_parley.drop", item_id: "a" });
  assert.deepEqual(seen.player, [["gain", -15, 10], ["drop", "a"]]);
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
    { playback: true, turns: true, live_words: true, echo_free: true });
});

test("the waterfall leaves out what is not known and never begins before zero", () => {
  const rows = waterfall({ decided_ms: 300, transcript_ms: 250, reply_started_ms: -40,
    first_token_ms: 120, first_clause_ms: 320, first_speech_ms: 600, first_frame_ms: null });
  assert.deepEqual(rows.map((row) => row.name),
    ["End noticed", "Words settled", "First thought", "First clause", "Voice"]);
  assert.deepEqual(rows[2], { name: "First thought", begin: 0, end: 120 });
});

const pcm = (count, value) => new Int16Array(count).fill(value).buffer;

test("the player counts every sample and says when an item ends", () => {
  const posted = [];
  const queue = new Queue(24000, (message) => posted.push(message));
  queue.append("a", pcm(3000, 1000));
  queue.append("b", pcm(100, 1000));
  const out = new Float32Array(128);
  for (let i = 0; i < 80; ++i) queue.process(out);
  const ends = posted.filter((message) => message.ended);
  assert.deepEqual(ends.map((m) => [m.item, m.samples]), [["a", 3000], ["b", 100]]);
  assert.ok(posted.some((m) => m.type === "played" && !m.ended && m.samples < 3000));
  assert.deepEqual(posted.filter((m) => m.type === "playing").map((m) => m.item), ["a", "b", ""]);
});

test("a drop fades within 5 ms, reports the position and refuses what comes late", () => {
  const posted = [];
  const queue = new Queue(24000, (message) => posted.push(message));
  queue.append("a", pcm(24000, 16384));
  const out = new Float32Array(128);
  queue.process(out);
  queue.drop("a");
  queue.append("a", pcm(1000, 16384));
  queue.process(out);
  assert.ok(out[0] > 0.49 && out[0] <= 0.5);
  assert.equal(out[120], 0);
  for (let i = 1; i < 128; ++i) assert.ok(out[i] <= out[i - 1]);
  assert.deepEqual(posted.filter((m) => m.ended).map((m) => m.samples), [128]);
});

test("ducking takes its ramp and loses no sample", () => {
  const posted = [];
  const queue = new Queue(24000, (message) => posted.push(message));
  queue.append("a", pcm(1024, 16384));
  queue.gain(-15, 10);
  const out = new Float32Array(1024);
  queue.process(out);
  assert.ok(Math.abs(out[500] - 0.5 * 10 ** (-15 / 20)) < 1e-3);
  assert.equal(posted.find((m) => m.ended).samples, 1024);
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
