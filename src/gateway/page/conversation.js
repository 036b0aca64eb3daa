// One conversation in the Realtime protocol, without sound and without a screen: takes the server's
// events, says what to play, show and send. `sendEvent` gets client events as objects; `player` is
// asked to append, drop and change its gain; `show` gets what a view needs:
//   state(name)                 "listening" | "hearing" | "thinking" | "speaking"
//   userText(item, text, final) the words so far; final and empty: there were none
//   agentText(item, text)       the reply so far
//   turn(item, record)          a turn's account, its times in ms after the user's last speech
//   problem(text)               what the server refused
export const RATE_HZ = 24000;

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
      x_parley: { playback: true, turns: true, live_words: true, echo_free: echoFree },
    },
  };
}

export class Conversation {
  #sendEvent;
  #player;
  #show;
  #state = "";
  #userSpeaks = false;
  #playing = "";          // the item that sounds
  #answering = new Set(); // responses in progress
  #awaitsReply = false;   // the user has finished and nothing has answered yet
  #texts = new Map();     // agent's item → text so far
  #items = new Map();     // response → agent's item

  constructor({ sendEvent, player, show }) {
    this.#sendEvent = sendEvent;
    this.#player = player;
    this.#show = show;
  }

  onEvent(event) {
    switch (event.type) {
      case "session.updated":
        this.#update();
        break;
      case "input_audio_buffer.speech_started":
        this.#userSpeaks = true;
        this.#awaitsReply = false;
        this.#show.userText(event.item_id, "", false);
        break;
      case "input_audio_buffer.speech_stopped":
        this.#userSpeaks = false;
        this.#awaitsReply = true;
        break;
      case "x_parley.words":
        this.#show.userText(event.item_id, event.text, false);
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.#show.userText(event.item_id, event.transcript.trim(), true);
        if (!event.transcript.trim()) this.#awaitsReply = false;
        break;
      case "conversation.item.input_audio_transcription.failed":
        this.#show.userText(event.item_id, "", true);
        this.#awaitsReply = false;
        this.#show.problem("That could not be understood. Please say it again.");
        break;
      case "error":
        this.#show.problem(event.error?.message ?? "The server refused something.");
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
      case "response.output_item.added":
        this.#items.set(event.response_id, event.item.id);
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
      case "response.done":
        this.#answering.delete(event.response.id);
        if (event.response.status === "failed") {
          this.#show.problem("The reply failed. Please try again.");
        }
    }
  }

  #onExtension(event) {
    if (event.type === "x_parley.gain") this.#player.gain(event.db, event.ramp_ms);
    if (event.type === "x_parley.drop") this.#player.drop(event.item_id);
    if (event.type === "x_parley.turn") {
      const item = event.item_id || this.#items.get(event.response_id);
      if (item) this.#show.turn(item, event.turn);
    }
  }

  // From the player: the item that sounds ("" when none) and how much of it has been heard.
  onPlayed(item, audioMs) {
    this.#sendEvent({ type: "x_parley.played", item_id: item, audio_ms: audioMs });
  }
  onPlaying(item) {
    this.#playing = item;
    this.#update();
  }

  get state() {
    if (this.#userSpeaks) return "hearing";
    if (this.#playing) return "speaking";
    return this.#answering.size > 0 || this.#awaitsReply ? "thinking" : "listening";
  }

  #update() {
    if (this.state === this.#state) return;
    this.#state = this.state;
    this.#show.state(this.#state);
  }
}

// A turn's account as rows of a waterfall: name, begin and end in ms after the user's last speech,
// for the stages whose times are known. Drafts may begin before the turn was decided.
export function waterfall(turn) {
  const stages = [
    ["End noticed", 0, turn.decided_ms],
    ["Words settled", 0, turn.transcript_ms],
    ["First thought", turn.reply_started_ms, turn.first_token_ms],
    ["First clause", turn.first_token_ms, turn.first_clause_ms],
    ["Voice", turn.first_clause_ms, turn.first_speech_ms],
    ["Sent to you", turn.first_speech_ms, turn.first_frame_ms],
  ];
  return stages
    .filter(([, begin, end]) => Number.isFinite(begin) && Number.isFinite(end))
    .map(([name, begin, end]) => ({
      name,
      begin: Math.max(0, Math.min(begin, end)),
      end: Math.max(0, end),
    }));
}
