// The line to the server: one WebSocket at a time, opened again with back-off when it drops. Knows
// nothing of what is said over it.
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const GIVE_UP_MS = 120_000;
const STALLED_BYTES = 256 * 1024; // 4 s of sound that the network has not taken: the line is dead
const STALLED_CODE = 4000; // tells the server that we shall come back
const FINAL_CODES = [1000, 1003, 1007, 1008, 1009]; // the server means it (RFC 6455 §7.4.1)

// Doubles, and spreads by a quarter each way so that not all pages come back at once.
export function waitMs(attempt, random = Math.random()) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.75 + random / 2);
}

export class Connection {
  #deps;
  #socket = null;
  #timer = null;
  #attempt = 0;
  #lostAt = null; // null: not lost
  #closed = false;

  // `makeSocket()` → a WebSocket that is opening. `whyRefused()` → a promise of a key of strings.js
  // when trying again is pointless, else "". Tells, in order:
  //   onOpen()           the line is there; what was sent before it opened was not
  //   onMessage(event)   one event of the server
  //   onLost()           the line is gone and is being tried again
  //   onEnded(key, why)  it is gone for good: a key of strings.js, and the server's reason
  constructor(deps) {
    this.#deps = { now: () => performance.now(), setTimer: setTimeout.bind(globalThis),
      clearTimer: clearTimeout.bind(globalThis), ...deps };
    this.#open();
  }

  get isOpen() {
    return this.#socket?.readyState === 1;
  }

  // False when it could not be sent. Nothing is kept for later: late sound is no use.
  send(text) {
    if (!this.isOpen) return false;
    if (this.#socket.bufferedAmount > STALLED_BYTES) {
      this.#forget(STALLED_CODE);
      this.#lost();
      return false;
    }
    this.#socket.send(text);
    return true;
  }

  // The network is said to be back: no use in waiting any longer.
  hurry() {
    if (this.#timer === null) return;
    this.#cancelTimer();
    this.#open();
  }

  close() {
    this.#closed = true;
    this.#cancelTimer();
    this.#forget();
  }

  #open() {
    const socket = this.#deps.makeSocket();
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#deps.onOpen();
    };
    socket.onmessage = ({ data }) => {
      // Only a line on which the server speaks has come back.
      this.#attempt = 0;
      this.#lostAt = null;
      if (typeof data === "string") this.#deps.onMessage(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => {
      this.#forget();
      if (opened && FINAL_CODES.includes(code)) return this.#end("ended", reason);
      if (opened) return this.#lost();
      this.#refused();
    };
  }

  // A browser does not tell why a WebSocket was refused; the server tells it by other means.
  async #refused() {
    const why = await this.#deps.whyRefused();
    if (this.#closed) return;
    if (why) this.#end(why, "");
    else this.#lost();
  }

  #lost() {
    const now = this.#deps.now();
    const first = this.#lostAt === null;
    if (first) this.#lostAt = now;
    else if (now - this.#lostAt > GIVE_UP_MS) return this.#end("gaveUp", "");
    this.#timer = this.#deps.setTimer(() => {
      this.#timer = null;
      this.#open();
    }, waitMs(this.#attempt++));
    if (first) this.#deps.onLost();
  }

  #end(key, why) {
    this.#closed = true;
    this.#deps.onEnded(key, why);
  }

  #cancelTimer() {
    if (this.#timer !== null) this.#deps.clearTimer(this.#timer);
    this.#timer = null;
  }

  #forget(code) {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}
