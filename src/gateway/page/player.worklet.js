// Plays items one after another and knows to the sample how much of each was handed to the device.
// What arrives unevenly waits in a buffer first: an item begins once `target` of it is there, or it
// is whole, or its first sample has waited that long. Running dry fades out, waits likewise, and
// raises the target (an adaptive playout buffer; Ramjee et al., INFOCOM 1994). Drops and pauses at
// once, with 5 ms of fade; ducks along a line of decibels. An item's position only ever grows.
const TARGET_MS = 100;
const TARGET_STEP_MS = 60; // after each time that it ran dry
const TARGET_MAX_MS = 400; // the server's lead: more would never be there
const REPORT_MS = 100;
const FADE_MS = 5;
const SILENT_MS = 300; // dry for so long: nobody is speaking any more
const AHEAD_MAX_S = 120; // what may wait to be played; more is not taken
const DROPPED_MAX = 64; // late deltas come within seconds; what is remembered stays small

export class Queue {
  #rateHz;
  #post;
  #items = []; // {id, chunks, at, waiting, ended, played, firstAt, readyAt}; the first one plays
  #waiting = 0; // samples of all items
  #dropped = new Set();
  #clock = 0; // samples since the beginning
  #target;
  #flowing = false; // the first item is being played, and not waited for
  #drySince = 0;
  #paused = ""; // an item that is silent where it is; "": none
  #announced = ""; // the item of the last "playing"
  #sinceReport = 0;
  #last = 0; // sample played last, with its gain
  #tail = new Float32Array(0); // what fades out below what plays
  #tailAt = 0;
  #rise = 0; // samples of fading in that are left
  #db = 0;
  #targetDb = 0;
  #rampLeft = 0;

  // `post` takes {type: "playing", item, waitedMs}: that item sounds from here on, "" none; and
  // {type: "played", item, samples, done}: its position, `done` when it is over.
  constructor(rateHz, post) {
    this.#rateHz = rateHz;
    this.#post = post;
    this.#target = this.#samples(TARGET_MS);
  }

  // Float32Array of samples in −1…1, taken over.
  append(id, samples) {
    if (this.#dropped.has(id) || samples.length === 0) return;
    if (this.#waiting + samples.length > AHEAD_MAX_S * this.#rateHz) return;
    let item = this.#items.find((one) => one.id === id);
    if (!item) {
      item = { id, chunks: [], at: 0, waiting: 0, ended: false, played: 0, firstAt: this.#clock,
        readyAt: this.#clock };
      this.#items.push(item);
    }
    if (item.waiting === 0) item.readyAt = this.#clock;
    item.chunks.push(samples);
    item.waiting += samples.length;
    this.#waiting += samples.length;
  }

  // No more of it comes.
  end(id) {
    const item = this.#items.find((one) => one.id === id);
    if (item) item.ended = true;
  }
  endAll() {
    for (const item of this.#items) item.ended = true;
  }

  drop(id) {
    this.#dropped.add(id);
    if (this.#dropped.size > DROPPED_MAX) this.#dropped.delete(this.#dropped.values().next().value);
    const item = this.#items.find((one) => one.id === id);
    if (!item) return;
    this.#waiting -= item.waiting;
    if (item === this.#items[0]) {
      if (this.#flowing) this.#fadeOut(item);
      this.#finish(false);
    } else {
      this.#items.splice(this.#items.indexOf(item), 1);
    }
  }

  // It falls silent where it is; or goes on from there, whichever item it was if `id` is "".
  pause(id, paused) {
    if (!paused) {
      if (id === "" || this.#paused === id) this.#paused = "";
      return;
    }
    this.#paused = id;
    const item = this.#items[0];
    if (item?.id !== id || !this.#flowing) return;
    this.#flowing = false;
    this.#drySince = this.#clock;
    this.#fadeOut(item);
  }

  gain(db, rampMs) {
    this.#targetDb = db;
    this.#rampLeft = Math.max(1, this.#samples(Math.max(rampMs, FADE_MS)));
  }

  process(output) {
    this.#clock += output.length;
    for (let i = 0; i < output.length; ++i) output[i] = this.#next() + this.#nextOfTail();
    const item = this.#items[0];
    if (!item || item.played === 0) return;
    this.#sinceReport += output.length;
    if (this.#sinceReport >= this.#samples(REPORT_MS)) this.#report(item, false);
    if (!this.#flowing && this.#clock - this.#drySince > this.#samples(SILENT_MS)) {
      this.#announce("", 0);
    }
  }

  #samples(ms) {
    return Math.round((ms * this.#rateHz) / 1000);
  }

  #next() {
    const gain = this.#nextGain();
    let item = this.#items[0];
    while (item?.ended && item.waiting === 0) {
      this.#finish(true);
      item = this.#items[0];
    }
    if (!item || item.id === this.#paused || (!this.#flowing && !this.#mayFlow(item))) return 0;
    if (item.waiting === 0) {
      this.#runDry();
      return 0;
    }
    if (!this.#flowing) this.#flow(item);
    const chunk = item.chunks[0];
    let value = chunk[item.at++] * gain;
    if (this.#rise > 0) value *= 1 - this.#rise-- / this.#samples(FADE_MS);
    if (item.at === chunk.length) {
      item.chunks.shift();
      item.at = 0;
    }
    --item.waiting;
    --this.#waiting;
    ++item.played;
    this.#last = value;
    return value;
  }

  #mayFlow(item) {
    if (item.waiting === 0) return false;
    return item.ended || item.waiting >= this.#target || this.#clock - item.readyAt >= this.#target;
  }

  #flow(item) {
    this.#flowing = true;
    if (item.played > 0) this.#rise = this.#samples(FADE_MS);
    this.#announce(item.id, ((this.#clock - item.firstAt) * 1000) / this.#rateHz);
  }

  #runDry() {
    this.#flowing = false;
    this.#drySince = this.#clock;
    this.#target = Math.min(this.#target + this.#samples(TARGET_STEP_MS),
      this.#samples(TARGET_MAX_MS));
    this.#setTail(new Float32Array(this.#samples(FADE_MS)).fill(this.#last));
  }

  #finish(done) {
    const item = this.#items.shift();
    this.#report(item, done);
    // The next one follows without a seam if it is there.
    if (done && this.#items[0]?.waiting > 0) return this.#announce(this.#items[0].id, 0);
    this.#flowing = false;
    this.#announce("", 0);
  }

  #fadeOut(item) {
    const tail = new Float32Array(this.#samples(FADE_MS));
    const gain = this.#amplitude();
    let chunk = 0;
    let at = item.at;
    for (let i = 0; i < tail.length && chunk < item.chunks.length; ++i) {
      tail[i] = item.chunks[chunk][at++] * gain;
      if (at === item.chunks[chunk].length) {
        ++chunk;
        at = 0;
      }
    }
    this.#setTail(tail);
  }

  #setTail(samples) {
    for (let i = 0; i < samples.length; ++i) {
      samples[i] *= 0.5 + 0.5 * Math.cos((Math.PI * (i + 1)) / samples.length);
    }
    this.#tail = samples;
    this.#tailAt = 0;
  }

  #nextOfTail() {
    return this.#tailAt < this.#tail.length ? this.#tail[this.#tailAt++] : 0;
  }

  #nextGain() {
    if (this.#rampLeft > 0) this.#db += (this.#targetDb - this.#db) / this.#rampLeft--;
    return this.#amplitude();
  }

  #amplitude() {
    return this.#db === 0 ? 1 : 10 ** (this.#db / 20);
  }

  #announce(id, waitedMs) {
    if (this.#announced === id) return;
    this.#announced = id;
    this.#post({ type: "playing", item: id, waitedMs: Math.round(waitedMs) });
  }

  #report(item, done) {
    this.#sinceReport = 0;
    this.#post({ type: "played", item: item.id, samples: item.played, done });
  }
}

if (typeof registerProcessor === "function") {
  registerProcessor("parley-player", class extends AudioWorkletProcessor {
    #queue = new Queue(sampleRate, (message) => this.port.postMessage(message));

    constructor() {
      super();
      this.port.onmessage = ({ data }) => {
        if (data.type === "append") this.#queue.append(data.item, data.samples);
        if (data.type === "end") this.#queue.end(data.item);
        if (data.type === "endAll") this.#queue.endAll();
        if (data.type === "drop") this.#queue.drop(data.item);
        if (data.type === "pause") this.#queue.pause(data.item, data.paused);
        if (data.type === "gain") this.#queue.gain(data.db, data.rampMs);
      };
    }

    process(_inputs, [[output]]) {
      this.#queue.process(output);
      return true;
    }
  });
}
