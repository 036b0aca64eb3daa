// The microphone's samples as blocks of 20 ms, PCM16 at the protocol's rate, with their level.
// Allocates one block a message; the rest is made once.
const BLOCK_MS = 20;
const HALF_TAPS = 16;

// Band-limited interpolation: a windowed sinc around each output sample (Smith, "Digital Audio
// Resampling", 1984). Only for browsers that cannot record at the protocol's rate.
export class Resampler {
  #step;
  #cutoff;
  #history = new Float32Array(0);
  #position = 0; // of the next output, in input samples from the history's start

  constructor(inHz, outHz) {
    this.#step = inHz / outHz;
    this.#cutoff = Math.min(1, outHz / inHz);
  }

  process(input, emit) {
    const joined = new Float32Array(this.#history.length + input.length);
    joined.set(this.#history);
    joined.set(input, this.#history.length);
    const reach = Math.ceil(HALF_TAPS / this.#cutoff);
    while (this.#position + reach < joined.length) {
      emit(this.#at(joined, this.#position, reach));
      this.#position += this.#step;
    }
    const keep = Math.max(0, Math.floor(this.#position) - reach);
    this.#history = joined.slice(keep);
    this.#position -= keep;
  }

  #at(samples, position, reach) {
    let sum = 0;
    for (let i = Math.max(0, Math.ceil(position - reach)); i <= position + reach; ++i) {
      const x = (i - position) * this.#cutoff;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (i - position)) / reach);
      sum += (samples[i] ?? 0) * sinc * window;
    }
    return sum * this.#cutoff;
  }
}

if (typeof registerProcessor === "function") {
  registerProcessor("parley-capture", class extends AudioWorkletProcessor {
    #block;
    #filled = 0;
    #energy = 0;
    #resampler;

    constructor({ processorOptions }) {
      super();
      this.#block = new Int16Array((processorOptions.rateHz * BLOCK_MS) / 1000);
      if (sampleRate !== processorOptions.rateHz) {
        this.#resampler = new Resampler(sampleRate, processorOptions.rateHz);
      }
    }

    process([[samples]]) {
      if (!samples) return true;
      if (this.#resampler) {
        this.#resampler.process(samples, (sample) => this.#take(sample));
      } else {
        for (const sample of samples) this.#take(sample);
      }
      return true;
    }

    #take(sample) {
      const held = Math.max(-1, Math.min(1, sample));
      this.#energy += held * held;
      this.#block[this.#filled++] = Math.max(-32768, Math.min(32767, Math.round(held * 32768)));
      if (this.#filled < this.#block.length) return;
      const pcm = this.#block.slice().buffer;
      const level = 10 * Math.log10(this.#energy / this.#block.length + 1e-12);
      this.port.postMessage({ pcm, level }, [pcm]);
      this.#filled = 0;
      this.#energy = 0;
    }
  });
}
