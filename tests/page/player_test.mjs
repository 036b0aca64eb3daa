// The page's player without a browser: time is samples, arrivals are at will. node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "../../src/gateway/page/player.worklet.js";

const RATE_HZ = 24000;
const QUANTUM = 128; // of an AudioWorklet
const FRAME = 480; // 20 ms, as the server sends
const pcm = (count, value = 0.5) => new Float32Array(count).fill(value);

function player() {
  const posted = [];
  return { posted, queue: new Queue(RATE_HZ, (message) => posted.push(message)) };
}

// Plays for so long; returns what came out.
function play(queue, ms) {
  const out = [];
  for (let samples = 0; samples < (ms * RATE_HZ) / 1000; samples += QUANTUM) {
    const block = new Float32Array(QUANTUM);
    queue.process(block);
    out.push(...block);
  }
  return out;
}

const sounding = (out) => out.filter((sample) => sample !== 0).length;

// A server that sends 20 ms frames 400 ms ahead of their time through a network that delays each
// by up to `jitterMs`, in order; returns [arrival in samples, frame].
function arrivals(frames, jitterMs, seed) {
  let state = seed;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  let last = 0;
  return Array.from({ length: frames }, (_, i) => {
    const sentMs = Math.max(0, 20 * (i + 1) - 400);
    last = Math.max(last, sentMs + random() * jitterMs);
    return Math.round((last * RATE_HZ) / 1000);
  });
}

function playArrivals(queue, at, frames) {
  const out = [];
  let next = 0;
  for (let clock = 0; clock < at.at(-1) + RATE_HZ; clock += QUANTUM) {
    while (next < frames && at[next] <= clock) {
      queue.append("a", pcm(FRAME));
      if (++next === frames) queue.end("a");
    }
    const block = new Float32Array(QUANTUM);
    queue.process(block);
    out.push(...block);
  }
  return out;
}

test("jitter of 100 ms makes no gap, and delays the first sound by no more than that", () => {
  for (let seed = 1; seed <= 40; ++seed) {
    const { posted, queue } = player();
    const at = arrivals(150, 100, seed);
    const out = playArrivals(queue, at, 150);
    const first = out.findIndex((sample) => sample !== 0);
    assert.ok(first <= at[0] + 0.1 * RATE_HZ + QUANTUM, `seed ${seed}: began at ${first}`);
    const sound = out.slice(first, first + 150 * FRAME);
    assert.ok(sound.every((sample) => sample === 0.5), `seed ${seed}: a gap`);
    assert.deepEqual(posted.filter((m) => m.type === "playing").map((m) => m.item), ["a", ""]);
  }
});

test("a voice no faster than speech reaches the ear whole through jitter of 100 ms", () => {
  // Nothing is ahead: each frame is sent when it is due.
  for (let seed = 1; seed <= 10; ++seed) {
    const { posted, queue } = player();
    const at = arrivals(520, 100, seed).slice(20).map((sample) => sample - 480);
    const out = playArrivals(queue, at, 500);
    assert.equal(posted.find((m) => m.done).samples, 500 * FRAME);
    const first = out.findIndex((sample) => sample !== 0);
    const gaps = out.slice(first, out.findLastIndex((sample) => sample !== 0))
      .filter((sample) => sample === 0).length;
    assert.ok(gaps < 0.2 * RATE_HZ, `seed ${seed}: ${gaps} samples of silence in 10 s`);
  }
});

test("what is all there begins at once", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(3000));
  const [first] = play(queue, 5);
  assert.equal(first, 0.5);
  assert.equal(posted[0].type, "playing");
  assert.ok(posted[0].waitedMs <= 6);
  queue.append("b", pcm(100));
  queue.end("b");
  queue.end("a");
  play(queue, 200);
  assert.deepEqual(posted.filter((m) => m.done).map((m) => [m.item, m.samples]),
    [["a", 3000], ["b", 100]]);
});

test("a word shorter than the buffer is spoken as soon as it is whole", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(FRAME));
  assert.equal(sounding(play(queue, 40)), 0);
  queue.end("a");
  assert.equal(sounding(play(queue, 40)), FRAME);
  assert.deepEqual(posted.map((m) => [m.type, m.item]),
    [["playing", "a"], ["played", "a"], ["playing", ""]]);
});

test("positions are told every 100 ms, only grow, and end with all of it", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(RATE_HZ));
  queue.end("a");
  play(queue, 1500);
  const positions = posted.filter((m) => m.type === "played").map((m) => m.samples);
  assert.ok(positions.length >= 9 && positions.length <= 11, `${positions.length} reports`);
  for (let i = 1; i < positions.length; ++i) {
    const step = positions[i] - positions[i - 1];
    assert.ok(step >= 0 && step <= 2400 + QUANTUM, `a step of ${step} samples`);
  }
  assert.equal(positions.at(-1), RATE_HZ);
});

test("running dry fades, is told, and the next time more is waited for", () => {
  const { posted, queue } = player();
  const wait = () => {
    queue.append("a", pcm(FRAME));
    let quanta = 0;
    while (sounding(play(queue, 5)) === 0) ++quanta;
    return (quanta * QUANTUM * 1000) / RATE_HZ;
  };
  const first = wait();
  const dry = play(queue, 400);
  const end = dry.findIndex((sample) => sample !== 0.5);
  for (let i = end + 1; i < dry.length; ++i) assert.ok(dry[i] <= dry[i - 1]);
  assert.deepEqual(posted.filter((m) => m.type === "playing").map((m) => m.item), ["a", ""]);
  const second = wait();
  assert.ok(first >= 90 && first <= 110, `first ${first} ms`);
  assert.ok(second >= 150 && second <= 170, `second ${second} ms`);
  assert.equal(posted.filter((m) => m.type === "playing").at(-1).item, "a");
});

test("a drop fades within 5 ms, reports the position and refuses what comes late", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(RATE_HZ));
  play(queue, 5);
  queue.drop("a");
  queue.append("a", pcm(1000));
  const out = play(queue, 5);
  assert.ok(out[0] > 0.49 && out[0] <= 0.5);
  assert.ok(out[60] > 0.2, "a click");
  assert.equal(out[120], 0);
  for (let i = 1; i < QUANTUM; ++i) assert.ok(out[i] <= out[i - 1]);
  assert.deepEqual(posted.filter((m) => m.type === "played").map((m) => [m.samples, m.done]),
    [[QUANTUM, false]]);
  assert.equal(sounding(play(queue, 100)), 0);
  assert.equal(posted.at(-1).item, "");
});

test("what waits behind can be dropped too, and what plays goes on", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(4800));
  queue.append("b", pcm(4800));
  queue.end("a");
  play(queue, 20);
  queue.drop("b");
  assert.equal(sounding(play(queue, 400)), 4800 - 512);
  assert.deepEqual(posted.filter((m) => m.done).map((m) => m.item), ["a"]);
});

test("ducking takes its ramp, a drop while ducked stays quiet, and no sample is lost", () => {
  const { posted, queue } = player();
  const ducked = 0.5 * 10 ** (-15 / 20);
  queue.append("a", pcm(2048));
  queue.append("b", pcm(RATE_HZ));
  queue.end("a");
  queue.gain(-15, 10);
  const out = play(queue, (2048 * 1000) / RATE_HZ);
  assert.ok(Math.abs(out[500] - ducked) < 1e-3);
  play(queue, 5);
  assert.equal(posted.find((m) => m.done).samples, 2048);
  // The server undoes the ducking together with the drop.
  queue.drop("b");
  queue.gain(0, 0);
  assert.ok(Math.max(...play(queue, 20)) <= ducked + 1e-3);
});

test("a paused item falls silent at once and goes on where it was, not a sample lost", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(RATE_HZ));
  queue.end("a");
  play(queue, 200);
  queue.pause("a", true);
  const silent = play(queue, 400);
  assert.equal(sounding(silent.slice(RATE_HZ / 200 + 1)), 0);
  assert.equal(posted.at(-1).item, "");
  queue.pause("other", false);
  assert.equal(sounding(play(queue, 20)), 0);
  queue.pause("a", false);
  play(queue, 1000);
  assert.equal(posted.find((m) => m.done).samples, RATE_HZ);
});

test("a paused item may be dropped, and the next one does not wait", () => {
  const { queue } = player();
  queue.append("a", pcm(RATE_HZ));
  play(queue, 200);
  queue.pause("a", true);
  queue.drop("a");
  queue.append("b", pcm(FRAME));
  queue.end("b");
  assert.equal(sounding(play(queue, 200).slice(FRAME)), 0);
  queue.append("c", pcm(FRAME));
  queue.end("c");
  assert.equal(sounding(play(queue, 40)), FRAME);
});

test("when the line is lost what is there is played out, and nothing waits for more", () => {
  const { posted, queue } = player();
  queue.append("a", pcm(FRAME));
  queue.endAll();
  assert.equal(sounding(play(queue, 40)), FRAME);
  assert.equal(posted.at(-1).item, "");
});

test("more than two minutes ahead is not taken", () => {
  const { posted, queue } = player();
  for (let i = 0; i < 130; ++i) queue.append("a", pcm(RATE_HZ));
  queue.end("a");
  play(queue, 121_000);
  assert.equal(posted.find((m) => m.done).samples, 120 * RATE_HZ);
});
