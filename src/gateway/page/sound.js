// The browser's sound: a microphone as blocks of PCM16, and a player that knows what was heard.
import { RATE_HZ } from "./conversation.js";

const toBase64 = (buffer) => {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
};

// Little-endian PCM16 as samples in −1…1; an odd last byte is left out.
export function samplesOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const samples = new Float32Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; ++i) samples[i] = view.getInt16(2 * i, true) / 32768;
  return samples;
}

// How much of an item has been heard, when so many of its samples were handed to the device. Of one
// that is done, all, and never a part of a millisecond less: the server waits for the rest.
export function heardMs({ samples, done }, latencyMs) {
  const handedMs = (samples * 1000) / RATE_HZ;
  return done ? Math.ceil(handedMs) : Math.max(0, Math.round(handedMs - latencyMs));
}

// Why there is no microphone: a key of strings.js whose words help.
export function microphoneProblem(error) {
  switch (error?.name) {
    case "NotAllowedError":
      return "micBlocked";
    case "NotFoundError":
    case "OverconstrainedError":
      return "micMissing";
    case "NotReadableError":
      return "micBusy";
    case "SecurityError":
    case "InsecureContext":
      return "micInsecure";
    default:
      return "micFailed";
  }
}

export class Microphone {
  #stream;
  #context;
  #node;

  // `onBlock(base64, level)` for each 20 ms; level is RMS in dBFS. `onLost()`: it was unplugged.
  static async open({ deviceId, onBlock, onLost }) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw Object.assign(new Error("insecure page"), { name: "InsecureContext" });
    }
    const microphone = new Microphone();
    microphone.#stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        // One that was chosen and has gone is no reason to fail.
        deviceId: deviceId ? { ideal: deviceId } : undefined,
        channelCount: 1,
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    });
    try {
      await microphone.#start(onBlock);
    } catch (error) {
      microphone.close();
      throw error;
    }
    microphone.#stream.getAudioTracks()[0].addEventListener("ended", onLost);
    return microphone;
  }

  async #start(onBlock) {
    let source;
    this.#context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    try {
      source = this.#context.createMediaStreamSource(this.#stream);
    } catch {
      // This browser does not convert a microphone's rate: the worklet does.
      this.#context.close();
      this.#context = new AudioContext({ latencyHint: "interactive" });
      source = this.#context.createMediaStreamSource(this.#stream);
    }
    await this.#context.audioWorklet.addModule("capture.worklet.js");
    this.#node = new AudioWorkletNode(this.#context, "parley-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { rateHz: RATE_HZ },
    });
    this.#node.port.onmessage = ({ data }) => onBlock(toBase64(data.pcm), data.level);
    source.connect(this.#node);
    await this.#context.resume();
  }

  close() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#node?.port.close();
    if (this.#context && this.#context.state !== "closed") this.#context.close();
  }
}

export class Player {
  #context;
  #node;
  #meter;
  #window;

  // `onPlayed(item, audioMs)`: how much of the item has been heard, every 100 ms while it is under
  // way and at its end. `onPlaying(item, delayMs)`: another item begins to sound, so long after
  // its first sample came from the network; "" when none does.
  static async open({ sinkId, onPlayed, onPlaying }) {
    const player = new Player();
    player.#context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    await player.setSink(sinkId);
    await player.#context.audioWorklet.addModule("player.worklet.js");
    player.#node = new AudioWorkletNode(player.#context, "parley-player", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    player.#node.port.onmessage = ({ data }) => {
      // What was handed to the device has not been heard yet.
      const latencyMs = (player.#context.outputLatency || player.#context.baseLatency || 0) * 1000;
      if (data.type === "playing") return onPlaying(data.item, data.waitedMs + latencyMs);
      onPlayed(data.item, heardMs(data, latencyMs));
    };
    player.#meter = new AnalyserNode(player.#context, { fftSize: 512 });
    player.#window = new Float32Array(player.#meter.fftSize);
    player.#node.connect(player.#meter).connect(player.#context.destination);
    await player.#context.resume();
    return player;
  }

  append(item, base64) {
    const samples = samplesOf(base64);
    this.#node.port.postMessage({ type: "append", item, samples }, [samples.buffer]);
  }
  end(item) {
    this.#node.port.postMessage({ type: "end", item });
  }
  drop(item) {
    this.#node.port.postMessage({ type: "drop", item });
  }
  pause(item, paused) {
    this.#node.port.postMessage({ type: "pause", item, paused });
  }
  gain(db, rampMs) {
    this.#node.port.postMessage({ type: "gain", db, rampMs });
  }
  // No more comes of anything: what is there is played out, as loud as ever.
  cutOff() {
    this.#node.port.postMessage({ type: "endAll" });
    this.pause("", false);
    this.gain(0, 0);
  }
  // RMS in dBFS of what sounds now.
  level() {
    this.#meter.getFloatTimeDomainData(this.#window);
    const energy = this.#window.reduce((sum, sample) => sum + sample * sample, 0);
    return 10 * Math.log10(energy / this.#window.length + 1e-12);
  }
  // A device that has gone is no reason to be silent: the system's choice then speaks.
  async setSink(sinkId) {
    await this.#context.setSinkId?.(sinkId ?? "").catch(() => {});
  }
  close() {
    this.#node.port.close();
    this.#context.close();
  }
}
