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

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

// Why there is no microphone, in words that help.
export function microphoneProblem(error) {
  switch (error?.name) {
    case "NotAllowedError":
      return "The microphone is blocked. Allow it for this page in the browser’s address bar, " +
        "then press the button again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No microphone was found. Plug one in, or choose another under Settings.";
    case "NotReadableError":
      return "The microphone is in use by another program. Close that, then press the button again.";
    case "SecurityError":
    case "InsecureContext":
      return "Browsers give the microphone only to pages from this machine or over https. " +
        "Open this page by https, or at http://localhost.";
    default:
      return `The microphone could not be opened: ${error?.message ?? error}`;
  }
}

export class Microphone {
  #stream;
  #context;
  #node;

  // `onBlock(base64, level)` for each 20 ms; level is RMS in dBFS. `onLost()` when it was unplugged.
  static async open({ deviceId, onBlock, onLost }) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw Object.assign(new Error("insecure page"), { name: "InsecureContext" });
    }
    const microphone = new Microphone();
    microphone.#stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        deviceId: deviceId ? { exact: deviceId } : undefined,
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

  // `onPlayed(item, audioMs)` every 100 ms while sound plays and at an item's end; `onPlaying(item)`
  // when another item begins to sound, "" when none does.
  static async open({ sinkId, onPlayed, onPlaying }) {
    const player = new Player();
    player.#context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    if (sinkId && player.#context.setSinkId) {
      await player.#context.setSinkId(sinkId).catch(() => {});
    }
    await player.#context.audioWorklet.addModule("player.worklet.js");
    player.#node = new AudioWorkletNode(player.#context, "parley-player", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    player.#node.port.onmessage = ({ data }) => {
      if (data.type === "playing") return onPlaying(data.item);
      // What was handed to the device has not been heard yet.
      const waiting = data.ended ? 0 : (player.#context.outputLatency || 0) * 1000;
      const heard = Math.max(0, Math.round((data.samples / RATE_HZ) * 1000 - waiting));
      onPlayed(data.item, heard);
    };
    player.#node.connect(player.#context.destination);
    await player.#context.resume();
    return player;
  }

  append(item, base64) {
    const pcm = fromBase64(base64);
    this.#node.port.postMessage({ type: "append", item, pcm }, [pcm]);
  }
  drop(item) {
    this.#node.port.postMessage({ type: "drop", item });
  }
  gain(db, rampMs) {
    this.#node.port.postMessage({ type: "gain", db, rampMs });
  }
  async setSink(sinkId) {
    await this.#context.setSinkId?.(sinkId);
  }
  close() {
    this.#node.port.close();
    this.#context.close();
  }
}
