// npm's `openai`, unmodified: node openai_client.mjs BASE_URL WAV. Over TLS, since its Realtime
// client speaks nothing else. Asks all of REST, then opens Realtime sessions with a key, with a
// client secret and for transcription alone; ends 1 with the reason when something is not as its
// users need it. Run by tests/e2e/test_clients.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI, { toFile } from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const LIMIT_MS = 60_000;
const RATE_HZ = 24_000;
const [url, path] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 });
const wav = readFileSync(path);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (done, more = {}) => console.log(JSON.stringify({ done, ...more }));

setTimeout(() => {
  console.error(`not done within ${LIMIT_MS} ms`);
  process.exit(1);
}, LIMIT_MS).unref();

// A session: `events` in order, `until` waits for one that the condition holds for.
async function open(options, own = client) {
  const realtime = new OpenAIRealtimeWS(options, own);
  const session = { realtime, events: [], errors: [] };
  let wake = () => {};
  realtime.on("event", (event) => {
    session.events.push(event);
    wake();
  });
  realtime.on("error", (error) => {
    session.errors.push(error);
    wake();
  });
  session.until = async (condition) => {
    for (;;) {
      const found = session.events.find(condition);
      if (found) return found;
      assert.deepEqual(session.errors, []);
      await new Promise((resolve) => (wake = resolve));
    }
  };
  session.of = (type) => session.events.filter((event) => event.type === type);
  await session.until((event) => event.type === "session.created");
  return session;
}

// The wav's samples at the protocol's rate.
function pcm24k() {
  const rate = wav.readUInt32LE(24);
  const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
  const out = new Int16Array(Math.floor((samples.length * RATE_HZ) / rate) + 2 * RATE_HZ);
  for (let i = 0; i < out.length; i++) {
    const at = (i * rate) / RATE_HZ;
    const left = samples[Math.floor(at)] ?? 0;
    const right = samples[Math.floor(at) + 1] ?? 0;
    out[i] = left + (right - left) * (at - Math.floor(at));
  }
  return Buffer.from(out.buffer);
}

async function speak(session) {
  const pcm = pcm24k();
  for (let at = 0; at < pcm.length; at += RATE_HZ / 5) {
    const audio = pcm.subarray(at, at + RATE_HZ / 5).toString("base64");
    session.realtime.send({ type: "input_audio_buffer.append", audio });
    await sleep(100);
  }
}

async function rest() {
  const models = (await client.models.list()).data.map((model) => model.id);
  assert(models.includes("whisper/tiny.en"), models);
  const begins = { mp3: /^(ID3|\xff)/, opus: /^OggS/, aac: /^\xff/, flac: /^fLaC/, wav: /^RIFF/ };
  for (const [format, begin] of Object.entries(begins)) {
    const answer = await client.audio.speech.create({
      model: "tts-1", voice: "alloy", input: "Good morning.", response_format: format });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.match(bytes.subarray(0, 4).toString("latin1"), begin, format);
  }
  const file = await toFile(wav, "a.wav");
  const heard = await client.audio.transcriptions.create({ model: "whisper-1", file });
  assert.match(heard.text, /capital/i);
  const stream = await client.audio.transcriptions.create({
    model: "gpt-4o-transcribe", file, stream: true });
  let last;
  for await (const event of stream) last = event;
  assert.equal(last.type, "transcript.text.done");
  const chat = await client.chat.completions.create({
    model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hello" }] });
  let text = "";
  for await (const chunk of chat) text += chunk.choices[0]?.delta?.content ?? "";
  assert.match(text, /Hello there/);
  await assert.rejects(client.audio.speech.create({ model: "nope", voice: "alloy", input: "x" }),
                       OpenAI.NotFoundError);
  say("rest", { heard: heard.text });
}

async function tools() {
  const session = await open({ model: "gpt-realtime" });
  const send = (event) => session.realtime.send(event);
  send({ type: "session.update", session: {
    type: "realtime", output_modalities: ["text"],
    tools: [{ type: "function", name: "get_weather", description: "The weather in a city.",
              parameters: { type: "object", properties: { city: { type: "string" } } } }] } });
  send({ type: "conversation.item.create", item: { type: "message", role: "user", content: [
    { type: "input_text", text: "What is the weather in Paris and in Rome?" }] } });
  send({ type: "response.create" });
  const done = await session.until((event) => event.type === "response.done");
  assert.deepEqual(done.response.output.map((item) => JSON.parse(item.arguments).city),
                   ["Paris", "Rome"]);
  for (const { call_id, arguments: text } of done.response.output) {
    const output = `It is sunny in ${JSON.parse(text).city}.`;
    send({ type: "conversation.item.create", item: { type: "function_call_output", call_id, output } });
  }
  send({ type: "response.create" });
  const said = await session.until((event) => event.type === "response.output_text.done");
  assert.match(said.text, /sunny in Paris.*sunny in Rome/);
  session.realtime.close();
  say("tools in parallel", { said: said.text });
}

async function clientSecret() {
  const secret = await client.realtime.clientSecrets.create({
    expires_after: { anchor: "created_at", seconds: 60 },
    session: { type: "realtime", instructions: "Speak of boats.",
               audio: { input: { transcription: { model: "whisper-1" } } } } });
  assert.equal(secret.session.instructions, "Speak of boats.");
  const own = new OpenAI({ baseURL: `${url}/v1`, apiKey: secret.value, maxRetries: 0 });
  const session = await open({ model: "gpt-realtime" }, own);
  assert.equal(session.events[0].session.instructions, "Speak of boats.");
  await speak(session);
  const done = await session.until((event) => event.type === "response.done");
  assert.equal(done.response.status, "completed");
  const words = await session.until(
    (event) => event.type === "conversation.item.input_audio_transcription.completed");
  assert.match(words.transcript, /capital/i);
  const sound = session.of("response.output_audio.delta")
    .reduce((bytes, event) => bytes + Buffer.from(event.delta, "base64").length, 0);
  assert(sound > RATE_HZ, sound);
  session.realtime.send({ type: "response.cancel", event_id: "late" });
  while (session.errors.length === 0) await sleep(20);
  assert.match(session.errors[0].message, /Cancellation failed/);
  session.realtime.close();
  say("spoken exchange with a client secret", { heard: words.transcript, sound });
}

async function transcription() {
  const session = await open({ intent: "transcription" });
  assert.equal(session.events[0].session.type, "transcription");
  session.realtime.send({ type: "session.update", session: {
    type: "transcription", audio: { input: { transcription: { model: "gpt-4o-transcribe" } } } } });
  await speak(session);
  const words = await session.until(
    (event) => event.type === "conversation.item.input_audio_transcription.completed");
  const deltas = session.of("conversation.item.input_audio_transcription.delta")
    .map((event) => event.delta).join("");
  assert.match(words.transcript, /capital/i);
  assert.match(deltas, /capital/i);
  assert.equal(session.of("response.created").length, 0);
  session.realtime.close();
  say("transcription alone", { heard: words.transcript, deltas });
}

await rest();
await tools();
await clientSecret();
await transcription();
process.exit(0);
