// Runs in the page before the page's own code: a room in which the test speaks and listens.
//   room.say(wav)      the microphone hears the wav (base64); answers once it has been heard whole
//   room.heard         what left the loudspeaker: 20 ms blocks {pcm, level} since its first use
//   room.states        [{state, heard}]: the page's states, and how many blocks were out by then
// The loudspeaker is tapped with the page's own capturing worklet: on the sound thread no block is
// lost, and the page's content security policy holds.
(() => {
  const room = { heard: [], states: [], microphoneOpen: false };
  window.room = room;

  let context = null;
  let air = null;
  navigator.mediaDevices.getUserMedia = async () => {
    context ??= new AudioContext();
    await context.resume();
    air = context.createMediaStreamDestination();
    return air.stream;
  };
  room.say = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const source = new AudioBufferSourceNode(context, {
      buffer: await context.decodeAudioData(bytes.buffer),
    });
    source.connect(air);
    source.start();
    await new Promise((resolve) => (source.onended = resolve));
  };

  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) tap(this);
    return connect.call(this, to, ...rest);
  };
  async function tap(source) {
    await source.context.audioWorklet.addModule("capture.worklet.js");
    const ear = new AudioWorkletNode(source.context, "parley-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { rateHz: 24000 },
    });
    ear.port.onmessage = ({ data }) => room.heard.push(data);
    connect.call(source, ear);
  }
  room.levels = () => room.heard.map(({ level }) => Math.round(level));
  room.recording = () => {
    const bytes = new Uint8Array(room.heard.length * 960);
    room.heard.forEach(({ pcm }, i) => bytes.set(new Uint8Array(pcm), i * 960));
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) {
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(text);
  };

  new MutationObserver(() => {
    const state = document.body?.dataset.state;
    if (!state || state === room.states.at(-1)?.state) return;
    room.states.push({ state, heard: room.heard.length });
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-state"] });
})();
