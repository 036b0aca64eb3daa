// One conversation in the Realtime protocol, without sound and without a screen: takes the server's
// events, says what to play, show and send. `sendEvent` gets client events as objects; `player` is
// asked to append, end, drop and change its gain; `show` gets what a view needs:
//   state(name)                 "listening" | "hearing" | "thinking" | "speaking"
//   userText(item, text, final) the words so far; final and empty: there were none
//   agentText(item, text)       the reply so far
//   turn(item, record)          a turn's account, its times in ms after the user's last speech, and
//                               `browser_ms`, what this browser added before it could be heard
//   problem(key, values)        what went wrong, a key of strings.js
export const RATE_HZ = 24000;
const REMEMBERED_MAX = 60; // texts that a new session is told
const CUT = "—"; // ends what was broken off

export function sessionUpdate({ voice, echoFree = false } = {}) {
  const format = { type: "audio/pcm", rate: RATE_HZ };
  const output = { format };
  if (voice) output.voice = voice;
  return {
    type: "session.update",
    session: {
      type: "realtime",
      audio: {
        input: { format, transcription: {}, turn_detection: { type: "semantic_vad" } },
        output,
      },
      x_parley: {
        playback: true, turns: true, live_words: true, echo_free: echoFree, resume: true,
      },
    },
  };
}

// What was said before the line dropped, as events that tell it to the session that follows.
export function rememberedEvents(remembered) {
  return remembered.map(({ role, text }) => ({
    type: "conversation.item.create",
    item: {
      type: "message",
      role,
      content: [{ type: role === "user" ? "input_text" : "output_text", text }],
    },
  }));
}

export class Conversation {
  #sendEvent;
  #player;
  #show;
  #state = "";
  #ready = false;
  #userSpeaks = false;
  #playing = "";          // the item that sounds
  #answering = new Set(); // responses in progress
  #awaitsReply = false;   // the user has finished and nothing has answered yet
  #texts = new Map();     // agent's item → text so far
  #delays = new Map();    // agent's item → ms from the network to the ear
  #openWords = new Map(); // user's item that is not final → words so far

  // [{role, text}], oldest first, what both have said and heard.
  remembered;
  // By which the server finds this conversation again; "": it does not.
  token = "";

  constructor({ sendEvent, player, show, remembered = [] }) {
    this.#sendEvent = sendEvent;
    this.#player = player;
    this.#show = show;
    this.remembered = remembered;
  }

  onEvent(event) {
    switch (event.type) {
      case "session.updated":
        this.#ready = true;
        break;
      case "input_audio_buffer.speech_started":
        this.#userSpeaks = true;
        this.#awaitsReply = false;
        this.#words(event.item_id, "");
        break;
      case "input_audio_buffer.speech_stopped":
        this.#userSpeaks = false;
        this.#awaitsReply = true;
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.#finalWords(event.item_id, event.transcript.trim());
        break;
      case "conversation.item.input_audio_transcription.failed":
        this.#finalWords(event.item_id, "");
        this.#show.problem("notUnderstood");
        break;
      case "error":
        this.#show.problem("refused", { message: event.error?.message ?? "?" });
        break;
      default:
        if (event.type.startsWith("response.")) this.#onResponse(event);
        if (event.type.startsWith("x_parley.")) this.#onExtension(event);
    }
    this.#update();
  }

  #onResponse(event) {
    switch (event.type) {
      case "response.created":
        this.#answering.add(event.response.id);
        this.#awaitsReply = false;
        break;
      case "response.output_audio_transcript.delta":
      case "response.output_text.delta": {
        const text = (this.#texts.get(event.item_id) ?? "") + event.delta;
        this.#texts.set(event.item_id, text);
        this.#show.agentText(event.item_id, text);
        break;
      }
      case "response.output_audio.delta":
        this.#player.append(event.item_id, event.delta);
        break;
      case "response.output_audio.done":
        this.#player.end(event.item_id);
        break;
      case "response.done":
        this.#answering.delete(event.response.id);
        if (event.response.status === "failed") this.#show.problem("replyFailed");
    }
  }

  #onExtension(event) {
    switch (event.type) {
      case "x_parley.words":
        this.#words(event.item_id, event.text);
        break;
      case "x_parley.gain":
        this.#player.gain(event.db, event.ramp_ms);
        break;
      case "x_parley.pause":
        this.#player.pause(event.item_id, event.paused === true);
        break;
      case "x_parley.drop":
        this.#player.drop(event.item_id);
        break;
      case "x_parley.resume":
        this.token = event.token;
        if (event.resumed) this.#resumed();
        break;
      case "x_parley.turn":
        if (event.item_id) this.#onTurn(event.item_id, event.turn);
    }
  }

  #onTurn(item, turn) {
    const written = this.#texts.get(item)?.trim() ?? "";
    const cut = turn.heard && turn.heard.length < written.length;
    this.#remember("assistant", cut ? turn.heard + CUT : turn.heard);
    this.#texts.delete(item);
    const delay = this.#delays.get(item);
    this.#delays.delete(item);
    this.#show.turn(item, delay === undefined ? turn : { ...turn, browser_ms: delay });
  }

  #words(item, text) {
    this.#openWords.set(item, text);
    this.#show.userText(item, text, false);
  }

  #finalWords(item, text) {
    this.#openWords.delete(item);
    this.#remember("user", text);
    if (!text) this.#awaitsReply = false;
    this.#show.userText(item, text, true);
  }

  #remember(role, text) {
    if (text) this.remembered = [...this.remembered, { role, text }].slice(-REMEMBERED_MAX);
  }

  // From the player: how much of an item has been heard; which one sounds ("": none), and how long
  // after it came.
  onPlayed(item, audioMs) {
    this.#sendEvent({ type: "x_parley.played", item_id: item, audio_ms: audioMs });
  }
  onPlaying(item, delayMs) {
    this.#playing = item;
    if (item && !this.#delays.has(item)) this.#delays.set(item, delayMs);
    this.#update();
  }

  // The line is gone, and with it what was being said. The server may keep the conversation, and
  // then tells on the next line what has become of it.
  onLost() {
    this.#ready = false;
    this.#state = "";
    this.#player.cutOff();
  }

  #resumed() {
    this.#ready = true;
    this.#userSpeaks = false;
    this.#awaitsReply = false;
    this.#answering.clear();
  }

  // Nothing more comes. Half a sentence counts for what was understood of it.
  onOver() {
    this.onLost();
    this.token = "";
    for (const [item, text] of this.#openWords) this.#finalWords(item, text);
    for (const text of this.#texts.values()) this.#remember("assistant", text.trim() + CUT);
    this.#texts.clear();
  }

  get state() {
    if (this.#userSpeaks) return "hearing";
    if (this.#playing) return "speaking";
    return this.#answering.size > 0 || this.#awaitsReply ? "thinking" : "listening";
  }

  #update() {
    if (!this.#ready || this.state === this.#state) return;
    this.#state = this.state;
    this.#show.state(this.#state);
  }
}
