// Plays items one after another and knows to the sample how much of each was handed to the device.
// Drops at once (5 ms of fade), ducks along a line of decibels. An item's position only ever grows.
const REPORT_MS = 100;
const FADE_MS = 5;
const IDLE_MS = 200; // a gap in the stream shorter than this is no end of speaking
const AHEAD_MAX_S = 120; // what may wait to be played; more is not taken

export class Queue {
  #rateHz;
  #chunks = []; // {item, samples, at}
  #waiting = 0; // samples in #chunks
  #played = new Map();
  #dropped = new Set();
  #fade = new Float32Array(0);
  #fadeAt = 0;
  #db = 0;
  #targetDb = 0;
  #rampLeft = 0;
  #current = "";
  #sinceReport = 0;
  #idle = 0; // samples of silence while an item is current
  #post;

  constructor(rateHz, post) {
    this.#rateHz = rateHz;
    this.#post = post;
  }

  append(item, pcm) {
    if (this.#dropped.has(item)) return;
    const whole = new Int16Array(pcm);
    if (this.#waiting + whole.length > AHEAD_MAX_S * this.#rateHz) return;
    const samples = Float32Array.from(whole, (value) => value / 32768);
    this.#chunks.push({ item, samples, at: 0 });
    this.#waiting += samples.length;
  }

  drop(item) {
    this.#dropped.add(item);
    // Late deltas come within seconds; what is remembered stays small.
    if (this.#dropped.size > 64) this.#dropped.delete(this.#dropped.values().next().value);
    if (this.#current === item) {
      this.#startFade();
      this.#report(true);
    }
    this.#chunks = this.#chunks.filter((chunk) => chunk.item !== item);
    this.#waiting = this.#chunks.reduce((sum, c) => sum + c.samples.length - c.at, 0);
    if (this.#current === item) this.#setCurrent("");
  }

  gain(db, rampMs) {
    this.#targetDb = db;
    this.#rampLeft = Math.round((rampMs * this.#rateHz) / 1000);
    if (this.#rampLeft === 0) this.#db = db;
  }

  process(output) {
    for (let i = 0; i < output.length; ++i) output[i] = this.#next() * this.#nextGain();
    this.#sinceReport += output.length;
    if (this.#chunks.length > 0 && this.#sinceReport >= (REPORT_MS * this.#rateHz) / 1000) {
      this.#report(false);
    }
  }

  #next() {
    let value = 0;
    if (this.#fadeAt < this.#fade.length) value = this.#fade[this.#fadeAt++];
    const chunk = this.#chunks[0];
    if (!chunk) {
      this.#countIdle();
      return value;
    }
    this.#idle = 0;
    if (chunk.item !== this.#current) this.#setCurrent(chunk.item);
    value += chunk.samples[chunk.at++];
    --this.#waiting;
    this.#played.set(chunk.item, (this.#played.get(chunk.item) ?? 0) + 1);
    if (chunk.at === chunk.samples.length) this.#endChunk();
    return value;
  }

  #endChunk() {
    this.#chunks.shift();
    if (this.#chunks[0]?.item === this.#current) return;
    this.#report(true);
  }

  #countIdle() {
    if (!this.#current || ++this.#idle < (IDLE_MS * this.#rateHz) / 1000) return;
    this.#idle = 0;
    this.#setCurrent("");
  }

  #nextGain() {
    if (this.#rampLeft > 0) {
      this.#db += (this.#targetDb - this.#db) / this.#rampLeft--;
    }
    return this.#db === 0 ? 1 : 10 ** (this.#db / 20);
  }

  #startFade() {
    const chunk = this.#chunks[0];
    if (!chunk || chunk.item !== this.#current) return;
    const length = (FADE_MS * this.#rateHz) / 1000;
    this.#fade = chunk.samples.slice(chunk.at, chunk.at + length);
    this.#fadeAt = 0;
    for (let i = 0; i < this.#fade.length; ++i) {
      this.#fade[i] *= 0.5 + 0.5 * Math.cos((Math.PI * (i + 1)) / this.#fade.length);
    }
  }

  #setCurrent(item) {
    this.#current = item;
    this.#post({ type: "playing", item });
  }

  #report(ended) {
    this.#sinceReport = 0;
    const samples = this.#played.get(this.#current) ?? 0;
    this.#post({ type: "played", item: this.#current, samples, ended });
    if (this.#played.size > 64) this.#played.delete(this.#played.keys().next().value);
  }
}

if (typeof registerProcessor === "function") {
  registerProcessor("parley-player", class extends AudioWorkletProcessor {
    #queue = new Queue(sampleRate, (message) => this.port.postMessage(message));

    constructor() {
      super();
      this.port.onmessage = ({ data }) => {
        if (data.type === "append") this.#queue.append(data.item, data.pcm);
        if (data.type === "drop") this.#queue.drop(data.item);
        if (data.type === "gain") this.#queue.gain(data.db, data.rampMs);
      };
    }

    process(_inputs, [[output]]) {
      this.#queue.process(output);
      return true;
    }
  });
}
