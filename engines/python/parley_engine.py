"""The Parley engine SDK in one file: Python 3.8 to 3.13, standard library only.

An engine hosts one model and serves a worker over a socket (docs/engine-protocol.md). Implement one
of TtsModel, AsrModel and LlmModel in straight-line code and hand it to run(), which keeps the
protocol: handshake, threads, queues, credit, cancellation, pings while a model loads, and the end
with the worker.

    class Beeper(parley_engine.TtsModel):
        def load(self, load, progress):
            progress.report(0.5, "tuning the beeper")
            return parley_engine.Loaded(sample_rate=24000, slots=2, capabilities=["marks"])

        def speak(self, start, stream):
            for text in stream.texts():                  # one utterance after the other
                sample = 0
                for word in text.text.split():
                    beep = beep_of(word, start.get("speed", 1.0))  # array('f'), numpy float32, ...
                    if not stream.audio(beep):           # waits for room; False: cancelled
                        return                           # "done" is sent by the stream itself

    if __name__ == "__main__":
        sys.exit(parley_engine.run(Beeper(), name="beeper", version="1.0.0"))

Threads: load() runs on the main thread; then each of `slots` threads serves one stream at a time by
a call of speak(), transcribe() or generate(). All state of a stream lives in that call.

Failure: an EngineError, or any other exception, fails that stream and the engine goes on; DeviceLost
ends the process with its reason. When a method says that the stream is cancelled, just return.
"""
import abc
import array
import collections
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import traceback

PROTOCOL_MIN = 1
PROTOCOL_MAX = 1

JSON_BYTES_MAX = 1 << 20
AUDIO_BYTES_MAX = 256 << 10
TEXT_BYTES_MAX = 16 << 10
CREDIT_MAX = 1 << 40
PROMPT_SAMPLES_MAX = 60 * 48000

_HEADER = struct.Struct("<IBI")
_QUEUE_BYTES_MAX = 1 << 20
_URGENT_FRAMES_MAX = 4096
_BATCH_BYTES = 64 << 10
_TEXTS_MAX = 256
_FLUSHES_MAX = 64
_HANDSHAKE_S = 30.0
_STOP_S = 2.0
_STATS_S = 5.0


class EngineError(Exception):
    """Why a load, a stream or an utterance fails. `code` is one of the protocol's names."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class DeviceLost(EngineError):
    """The device or the model is beyond repair (a sticky CUDA error): the process ends with this."""

    def __init__(self, message):
        super().__init__("data_loss", message)


class Loaded:
    """What load() gives. `memory_bytes` and `load_ms` are filled in where left 0."""

    def __init__(self, sample_rate=0, slots=1, credit=0, voices=(), languages=(), capabilities=(),
                 memory_bytes=0, device_memory_bytes=0, load_ms=0.0):
        self.sample_rate = sample_rate  # Hz; audio out (tts), preferred for audio in (asr)
        self.slots = slots  # streams at once
        self.credit = credit  # asr: samples that a stream may send before any credit
        self.voices = list(voices)
        self.languages = list(languages)
        self.capabilities = list(capabilities)
        self.memory_bytes = memory_bytes
        self.device_memory_bytes = device_memory_bytes
        self.load_ms = load_ms


class _Model(abc.ABC):
    """What all kinds of models have in common; `kind` is set by each."""

    kind = ""

    @abc.abstractmethod
    def load(self, load, progress):
        """`load` has pack, device, options. Returns a Loaded or raises."""


class TtsModel(_Model):
    """Text to audio. `start` is the message of that name: voice, language, style, instruct, speed,
    seed, normalized, and prompt {text, sample_rate, audio: array('f')}."""

    kind = "tts"

    @abc.abstractmethod
    def speak(self, start, stream):
        """Speaks stream.texts() by stream.audio() and stream.mark()."""


class AsrModel(_Model):
    """Audio to text. `start` has language, sample_rate, partials {on, min_interval_ms}."""

    kind = "asr"

    @abc.abstractmethod
    def transcribe(self, start, stream):
        """Answers what stream.next() gives by stream.partial() and stream.final()."""


class LlmModel(_Model):
    """Language model. `start` has messages, tools, sampling, prefix_key."""

    kind = "llm"

    @abc.abstractmethod
    def generate(self, start, stream):
        """Returns {"reason": "stop"|"length"|"tool_calls", "prompt_tokens": …, "tokens": …}."""


def resident_bytes():
    """Bytes of this process in RAM; 0 if the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


class _ProtocolError(Exception):
    """The worker's bytes are beyond repair."""


class _Link:
    """The socket: a thread that only reads, a thread that only writes, a bounded queue before it."""

    def __init__(self, sock):
        self._socket = sock
        self._changed = threading.Condition()
        self._urgent = collections.deque()
        self._queue = collections.deque()  # [stream, is_partial, bytes]
        self._queue_bytes = 0
        self._writing = False
        self._cut = set()
        self.closed = None  # the reason

    def start(self, on_frame, on_closed):
        threading.Thread(target=self._read, args=(on_frame, on_closed), name="parley-read",
                         daemon=True).start()
        threading.Thread(target=self._write, name="parley-write", daemon=True).start()

    @staticmethod
    def _encode(stream, message):
        payload = json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
        if len(payload) > JSON_BYTES_MAX:
            raise EngineError("out_of_range", 'a message "%s" would be longer than %d bytes'
                              % (message["type"], JSON_BYTES_MAX))
        return _HEADER.pack(len(payload), ord("J"), stream) + payload

    def send(self, stream, message):
        """False when the link is closed or the stream was cut; waits for room."""
        return self._push(stream, message["type"] == "partial", self._encode(stream, message))

    def send_audio(self, stream, payload):
        return self._push(stream, False, _HEADER.pack(len(payload), ord("A"), stream) + bytes(payload))

    def _push(self, stream, is_partial, data):
        with self._changed:
            self._changed.wait_for(lambda: self.closed or stream in self._cut
                                   or self._queue_bytes < _QUEUE_BYTES_MAX)
            if self.closed or stream in self._cut:
                return False
            if is_partial and self._replace_partial(stream, data):
                return True
            self._append(stream, is_partial, data)
            return True

    def _append(self, stream, is_partial, data):
        self._queue.append([stream, is_partial, data])
        self._queue_bytes += len(data)
        self._changed.notify_all()

    def _replace_partial(self, stream, data):
        # Only in the place of the stream's last frame: it must not come before a final.
        for item in reversed(self._queue):
            if item[0] == stream:
                if item[1]:
                    self._queue_bytes += len(data) - len(item[2])
                    item[2] = data
                return item[1]
        return False

    def send_urgent(self, stream, message):
        data = self._encode(stream, message)
        with self._changed:
            if self.closed or stream in self._cut:
                return
            if len(self._urgent) >= _URGENT_FRAMES_MAX:
                self._close("the worker does not read")
                return
            self._urgent.append(data)
            self._changed.notify_all()

    def cut_stream(self, stream, last):
        """Discards what the stream has queued, sends `last` ahead of all and then nothing more."""
        data = self._encode(stream, last)
        with self._changed:
            kept = [item for item in self._queue if item[0] != stream]
            self._queue = collections.deque(kept)
            self._queue_bytes = sum(len(item[2]) for item in kept)
            self._cut.add(stream)
            self._urgent.append(data)
            self._changed.notify_all()

    def end_stream(self, stream, message):
        """The stream's last message, which a cut does not hold back; does not wait."""
        data = self._encode(stream, message)
        with self._changed:
            self._cut.discard(stream)
            if not self.closed:
                self._append(stream, False, data)

    def flush(self, timeout_s):
        with self._changed:
            self._changed.wait_for(lambda: self.closed or not (self._urgent or self._queue
                                                               or self._writing), timeout_s)

    def close(self, reason):
        with self._changed:
            self._close(reason)

    def _close(self, reason):
        if self.closed:
            return
        self.closed = reason
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._changed.notify_all()

    def _read(self, on_frame, on_closed):
        failure = None
        try:
            while True:
                header = self._read_exactly(_HEADER.size)
                if header is None:
                    break
                length, kind, stream = _HEADER.unpack(header)
                self._check_header(length, kind)
                payload = self._read_exactly(length)
                if payload is None:
                    break
                on_frame(kind, stream, payload)
        except _ProtocolError as error:
            failure = str(error)
        except OSError:
            pass
        self.close(failure or "the worker closed the connection")
        on_closed(failure)

    @staticmethod
    def _check_header(length, kind):
        if kind not in (ord("J"), ord("A")):
            raise _ProtocolError("frame of kind 0x%02x: only 'J' and 'A' exist" % kind)
        limit = JSON_BYTES_MAX if kind == ord("J") else AUDIO_BYTES_MAX
        if length > limit:
            raise _ProtocolError("frame '%c' of %d bytes: at most %d are allowed"
                                 % (kind, length, limit))
        if kind == ord("A") and length % 4 != 0:
            raise _ProtocolError("audio frame of %d bytes: samples have 4" % length)

    def _read_exactly(self, count):
        data = bytearray(count)
        view = memoryview(data)
        got = 0
        while got < count:
            piece = self._socket.recv_into(view[got:])
            if piece == 0:
                return None
            got += piece
        return data

    def _write(self):
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self.closed or self._urgent or self._queue)
                if self.closed:
                    return
                batch = bytearray()
                while self._urgent and len(batch) < _BATCH_BYTES:
                    batch += self._urgent.popleft()
                while self._queue and len(batch) < _BATCH_BYTES:
                    data = self._queue.popleft()[2]
                    self._queue_bytes -= len(data)
                    batch += data
                self._writing = True
                self._changed.notify_all()
            try:
                self._socket.sendall(batch)
            except OSError as error:
                self.close("writing to the worker failed: %s" % error)


def _as_bytes(samples):
    """float32 bytes of a bytes-like object, an array('f'), a float32 numpy array or a sequence."""
    if isinstance(samples, (bytes, bytearray)):
        return memoryview(samples)
    try:
        view = memoryview(samples)
    except TypeError:
        return memoryview(array.array("f", samples)).cast("B")
    if view.format != "f":
        raise TypeError("audio must be float32, not '%s'" % view.format)
    if not view.c_contiguous:
        return memoryview(view.tobytes())
    return view.cast("B") if view.nbytes else memoryview(b"")


class _Stream:
    """What all kinds of streams share. Messages are put in by the reader thread."""

    def __init__(self, session, stream_id, start):
        self._session = session
        self._link = session.link
        self._start = start
        self._changed = threading.Condition()
        self._cancelled = False
        self._hooks = []
        self._ended = False
        self.id = stream_id

    @property
    def cancelled(self):
        """True once nobody wants the result: look at it at every step that takes milliseconds."""
        return self._cancelled

    def on_cancel(self, run):
        """Calls run() once, on another thread, when the stream is cancelled; at once if it is."""
        with self._changed:
            if not self._cancelled:
                self._hooks.append(run)
                return
        run()

    def _cancel(self):
        with self._changed:
            if self._cancelled:
                return
            self._cancelled = True
            hooks, self._hooks = self._hooks, []
            self._changed.notify_all()
        for run in hooks:
            run()

    def _unexpected(self, kind):
        raise EngineError("invalid_argument", '"%s" does not belong on this kind of stream' % kind)

    def _send(self, message):
        return self._link.send(self.id, message)


class Text:
    """An utterance to speak. Marks count its UTF-8 bytes: see byte_end()."""

    def __init__(self, message):
        self.utterance = message["utterance"]
        self.text = message["text"]
        self.context_before = message.get("context_before", "")
        self.arrived = time.monotonic()
        self.bytes = len(self.text.encode("utf-8"))

    def byte_end(self, characters):
        """The byte offset that corresponds to so many characters."""
        return len(self.text[:characters].encode("utf-8"))


class TtsStream(_Stream):
    def __init__(self, session, stream_id, start):
        super().__init__(session, stream_id, start)
        self._credit = _number(start, "credit", 0, CREDIT_MAX, 0)
        self._texts = collections.deque()
        self._last_utterance = 0
        self._utterance = None
        self._last_end = time.monotonic()
        self._prompt_missing = 0
        prompt = start.get("prompt")
        if prompt is not None:
            self._prompt_missing = _number(prompt, "samples", 0, PROMPT_SAMPLES_MAX)
            _number(prompt, "sample_rate", 1000, 384000)
            prompt["audio"] = array.array("f")

    def texts(self):
        """The utterances, one by one; asking for the next one ends the one before."""
        while True:
            text = self.next_text()
            if text is None:
                return
            yield text

    def next_text(self):
        """None when the stream has ended or was cancelled."""
        self._finish_utterance()
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._ended or self._texts)
            if self._cancelled or not self._texts:
                return None
            text = self._texts.popleft()
        self._utterance = text
        self._asked = max(text.arrived, self._last_end)
        self._began = time.monotonic()
        self._waited = 0.0
        self._first = None
        self._samples = 0
        self._text_end = 0
        self._mark_sample = 0
        return text

    def audio(self, samples):
        """The next samples: mono float32 in [-1, 1], native rate. Waits for room. False: cancelled."""
        data = _as_bytes(samples)
        if self._first is None and len(data):
            self._first = time.monotonic() - self._asked
        at = 0
        while at < len(data):
            before = time.monotonic()
            count = self._take_credit(min((len(data) - at) // 4, AUDIO_BYTES_MAX // 4))
            if count == 0 or not self._link.send_audio(self.id, data[at:at + 4 * count]):
                return False
            self._waited += time.monotonic() - before
            self._samples += count
            at += 4 * count
        return not self._cancelled

    def _take_credit(self, wanted):
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._credit > 0)
            if self._cancelled:
                return 0
            count = min(self._credit, wanted)
            self._credit -= count
            return count

    def mark(self, text_end, sample):
        """The text before UTF-8 byte `text_end` is spoken when that sample of the utterance is."""
        self._text_end = min(max(text_end, self._text_end), self._utterance.bytes)
        self._mark_sample = max(sample, self._mark_sample)
        self._send({"type": "mark", "utterance": self._utterance.utterance,
                    "text_end": self._text_end, "sample": self._mark_sample})

    def fail_utterance(self, code, message):
        """This utterance cannot be spoken; the stream goes on with the next."""
        utterance, self._utterance = self._utterance, None
        self._last_end = time.monotonic()
        self._send({"type": "error", "code": code, "message": message[:8192],
                    "utterance": utterance.utterance})

    def _finish_utterance(self):
        if self._utterance is None:
            return
        self._last_end = time.monotonic()
        utterance, self._utterance = self._utterance, None
        compute = max(0.0, self._last_end - self._began - self._waited)
        self._send({"type": "done", "utterance": utterance.utterance, "reason": "completed",
                    "samples": self._samples, "compute_ms": 1000 * compute,
                    "first_ms": 1000 * (self._first or 0.0)})

    def _take(self, kind, message):
        with self._changed:
            if kind == "credit":
                self._credit = min(CREDIT_MAX,
                                   self._credit + _number(message, "samples", 0, CREDIT_MAX))
            elif kind == "end":
                self._ended = True
            elif kind == "text":
                self._take_text(message)
            else:
                self._unexpected(kind)
            self._changed.notify_all()

    def _take_text(self, message):
        utterance = _number(message, "utterance", 0, (1 << 64) - 1)
        size = len(_string(message, "text").encode("utf-8"))
        if size > TEXT_BYTES_MAX:
            raise EngineError("invalid_argument", "text.text has %d bytes: at most %d are allowed"
                              % (size, TEXT_BYTES_MAX))
        if self._ended:
            raise EngineError("failed_precondition", "a text after the end of the stream")
        if self._prompt_missing:
            raise EngineError("failed_precondition", "a text while %d samples of the prompt are "
                              "missing" % self._prompt_missing)
        if utterance <= self._last_utterance:
            raise EngineError("invalid_argument", "utterance %d after %d: the ids must rise"
                              % (utterance, self._last_utterance))
        if len(self._texts) >= _TEXTS_MAX:
            raise EngineError("resource_exhausted", "%d texts wait: no more may" % _TEXTS_MAX)
        self._last_utterance = utterance
        self._texts.append(Text(message))

    def _take_audio(self, payload):
        with self._changed:
            count = len(payload) // 4
            if count > self._prompt_missing:
                raise EngineError("invalid_argument", "%d samples of audio where %d of the prompt "
                                  "are missing" % (count, self._prompt_missing))
            self._start["prompt"]["audio"].frombytes(bytes(payload))
            self._prompt_missing -= count
            self._changed.notify_all()

    def _serve(self, model):
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._ended
                                   or self._prompt_missing == 0)
            if not self._cancelled and self._prompt_missing:
                raise EngineError("invalid_argument", "the stream ended %d samples before its prompt"
                                  % self._prompt_missing)
        if self._cancelled:
            return
        model.speak(self._start, self)
        self._finish_utterance()
        self._send({"type": "done", "reason": "completed"})


class AsrInput:
    """All that has come since the last call. With `wants_final`: answer with one final()."""

    def __init__(self, audio, wants_final):
        self.audio = audio  # array('f')
        self.wants_final = wants_final


class AsrStream(_Stream):
    def __init__(self, session, stream_id, start):
        super().__init__(session, stream_id, start)
        _number(start, "sample_rate", 1000, 384000)
        self._credit = session.loaded.credit
        self._audio = array.array("f")
        self._asks = collections.deque()  # (samples of audio before it, flush_id or None)
        self._asked = None
        self._final_missed = False
        self._heard_since_flush = False
        self._partials = bool((start.get("partials") or {}).get("on", True))

    def __iter__(self):
        while True:
            taken = self.next()
            if taken is None:
                return
            yield taken

    def next(self):
        """Waits for audio or for a wish for a final. None when the stream is over or cancelled."""
        if self._asked is not None:
            self._final_missed = True
        if self._final_missed:
            return None
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._ended or self._audio
                                   or self._asks)
            if self._cancelled or not (self._audio or self._asks):
                return None
            count = self._asks[0][0] if self._asks else len(self._audio)
            audio = self._audio[:count]
            del self._audio[:count]
            self._asks = collections.deque((before - count, ask) for before, ask in self._asks)
            wants_final = bool(self._asks)
            if wants_final:
                self._asked = self._asks.popleft()
            self._credit += count
        if count:
            self._link.send_urgent(self.id, {"type": "credit", "samples": count})
        return AsrInput(audio, wants_final)

    @property
    def partials(self):
        """Whether partials are wanted now."""
        return self._partials

    @property
    def urgent(self):
        """A final is wanted, or the stream was cancelled: give up a partial under way."""
        return self._cancelled or self._ended or bool(self._asks)

    def partial(self, text, upto_sample, stable_words=0):
        if self._partials:
            self._send({"type": "partial", "text": text, "upto_sample": upto_sample,
                        "stable_words": stable_words})

    def final(self, text, upto_sample, from_sample=0, words=(), language="", confidence=0.0,
              no_speech=False, compute_ms=0.0):
        """The answer to wants_final. `words` are {text, from_sample, upto_sample, confidence}."""
        (_, flush_id), self._asked = self._asked, None
        message = {"type": "final", "from_sample": from_sample, "upto_sample": upto_sample,
                   "text": text, "words": list(words), "language": language,
                   "confidence": confidence, "no_speech": no_speech, "compute_ms": compute_ms}
        if flush_id is not None:
            message["flush_id"] = flush_id
        self._send(message)

    def _take(self, kind, message):
        with self._changed:
            if kind == "partials":
                if not isinstance(message.get("on"), bool):
                    raise EngineError("invalid_argument", "partials.on must be true or false")
                self._partials = message["on"]
            elif kind == "flush":
                self._take_flush(_number(message, "flush_id", 0, (1 << 64) - 1))
            elif kind == "end":
                if self._heard_since_flush:
                    self._take_flush(None)
                self._ended = True
            else:
                self._unexpected(kind)
            self._changed.notify_all()

    def _take_flush(self, flush_id):
        if self._ended:
            raise EngineError("failed_precondition", "a flush after the end of the stream")
        if len(self._asks) >= _FLUSHES_MAX:
            raise EngineError("resource_exhausted", "%d flushes wait to be answered: no more may"
                              % _FLUSHES_MAX)
        self._asks.append((len(self._audio), flush_id))
        self._heard_since_flush = False

    def _take_audio(self, payload):
        with self._changed:
            count = len(payload) // 4
            if self._ended:
                raise EngineError("failed_precondition", "audio after the end of the stream")
            if count > self._credit:
                raise EngineError("resource_exhausted", "%d samples of audio with credit for %d"
                                  % (count, self._credit))
            self._credit -= count
            self._audio.frombytes(bytes(payload))
            self._heard_since_flush = True
            self._changed.notify_all()

    def _serve(self, model):
        model.transcribe(self._start, self)
        if self._cancelled:
            return
        if self._asked is not None or self._final_missed:
            raise EngineError("internal", "the model was asked for a final and gave none")
        self._send({"type": "done", "reason": "completed"})


class LlmStream(_Stream):
    def __init__(self, session, stream_id, start):
        super().__init__(session, stream_id, start)
        if not isinstance(start.get("messages"), list):
            raise EngineError("invalid_argument", "start.messages must be a list")
        self._asked = time.monotonic()
        self._first = None

    def delta(self, text):
        """Text as it comes. False: cancelled."""
        self._note_first()
        return self._send({"type": "delta", "text": text}) and not self._cancelled

    def tool(self, call_id, name, arguments):
        """A function call; `arguments` is JSON text. False: cancelled."""
        self._note_first()
        return self._send({"type": "tool", "id": call_id, "name": name,
                           "arguments": arguments}) and not self._cancelled

    def _note_first(self):
        if self._first is None:
            self._first = time.monotonic() - self._asked

    def _take(self, kind, message):
        if kind != "end":
            self._unexpected(kind)

    def _take_audio(self, payload):
        raise EngineError("invalid_argument", "audio on a stream of a language model")

    def _serve(self, model):
        began = time.monotonic()
        done = dict(model.generate(self._start, self) or {})
        done.setdefault("reason", "stop")
        done.update(type="done", compute_ms=1000 * (time.monotonic() - began),
                    first_ms=1000 * (self._first or 0.0))
        self._send(done)


_STREAMS = {"tts": TtsStream, "asr": AsrStream, "llm": LlmStream}
# What a worker may say on a stream.
_STREAM_TYPES = {"start", "cancel", "text", "end", "partials", "flush", "credit"}
_CONNECTION_TYPES = {"welcome", "load", "ping", "pong", "stats", "bye", "error"}
_IGNORED = {"pong", "stats", "error"}


def _number(message, name, low, high, default=None):
    value = message.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise EngineError("invalid_argument", "%s is missing or not a whole number" % name)
    if not low <= value <= high:
        raise EngineError("invalid_argument", "%s is %d: from %d to %d is allowed"
                          % (name, value, low, high))
    return value


def _string(message, name):
    if not isinstance(message.get(name), str):
        raise EngineError("invalid_argument", "%s is missing or not a string" % name)
    return message[name]


def _check_start(start):
    """What is told of every kind of start. Fields of the kinds are checked by their streams."""
    speed = start.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0.25 <= speed <= 4:
        raise EngineError("invalid_argument", "start.speed must be a number from 0.25 to 4")
    for name in ("voice", "language", "style", "instruct", "prefix_key"):
        if not isinstance(start.get(name, ""), str):
            raise EngineError("invalid_argument", "start.%s must be a string" % name)
    for name in ("prompt", "partials", "sampling"):
        if not isinstance(start.get(name) or {}, dict):
            raise EngineError("invalid_argument", "start.%s must be an object" % name)


class Load:
    def __init__(self, message):
        self.pack = message.get("pack", "")
        self.device = message.get("device", "")
        self.options = message.get("options") or {}
        if not isinstance(self.options, dict):
            raise EngineError("invalid_argument", "load.options must be an object")

    def option(self, name, default):
        """An option of the same type as its default; another type is an error. See check_options."""
        value = self.options.get(name, default)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default):
            raise EngineError("invalid_argument", 'option %s is "%s": it must be of type %s'
                              % (name, value, type(default).__name__))
        return value

    def check_options(self, known):
        """Refuses what is not among the known names: a misspelt option must not be a silence."""
        for name in self.options:
            if name not in known:
                raise EngineError("invalid_argument", 'unknown option "%s"; known: %s'
                                  % (name, ", ".join(known)))


class _Progress:
    def __init__(self, session):
        self._session = session

    def report(self, progress, what):
        """How far the load is: 0 to 1, and a word for people."""
        self._session.link.send(0, {"type": "loading", "progress": min(max(progress, 0.0), 1.0),
                                    "what": what})

    @property
    def cancelled(self):
        """Nobody wants the model any more: raise anything."""
        return self._session.stopping


class _Session:
    def __init__(self, sock, model, hello):
        self.link = _Link(sock)
        self.loaded = None
        self.stopping = False
        self._model = model
        self._hello = hello
        self._changed = threading.Condition()
        self._welcome = None
        self._load = None
        self._streams = {}
        self._waiting = collections.deque()
        self._last_stream = 0
        self._outcome = None  # an EngineError, if it is one
        self._finished = False

    def run(self):
        self.link.start(self._on_frame, self._on_closed)
        slots = []
        try:
            if self._handshake() and self._load_model():
                slots = [threading.Thread(target=self._slot, name="parley-slot-%d" % i, daemon=True)
                         for i in range(self.loaded.slots)]
                for slot in slots:
                    slot.start()
                self._serve()
        except EngineError as error:
            self._stop(error)
        self._stop(None)
        for slot in slots:
            slot.join()
        with self._changed:
            self._finished = True
            self._changed.notify_all()
        if self._outcome is not None:
            self.link.send_urgent(0, _error_message(self._outcome))
        self.link.send_urgent(0, {"type": "bye"})
        self.link.flush(1.0)
        self.link.close("the engine has ended")
        return self._outcome

    def _handshake(self):
        self.link.send(0, self._hello)
        with self._changed:
            self._changed.wait_for(lambda: self._welcome or self.stopping, _HANDSHAKE_S)
            if self.stopping:
                return False
            if not self._welcome:
                raise EngineError("deadline_exceeded", "no welcome from the worker within %d s"
                                  % _HANDSHAKE_S)
            if PROTOCOL_MIN <= self._welcome.get("protocol", 0) <= PROTOCOL_MAX:
                return True
            raise EngineError("failed_precondition", "the worker refused this engine: %s"
                              % (self._welcome.get("reason") or "it gave no reason"))

    def _load_model(self):
        with self._changed:
            self._changed.wait_for(lambda: self._load or self.stopping)
            if self.stopping:
                return False
            load = self._load
        began = time.monotonic()
        try:
            loaded = self._model.load(load, _Progress(self))
        except EngineError:
            raise
        except Exception as error:  # the model's code is foreign to the session
            traceback.print_exc()
            raise EngineError("internal", "the model could not be loaded: %s: %s"
                              % (type(error).__name__, error))
        loaded.load_ms = loaded.load_ms or 1000 * (time.monotonic() - began)
        loaded.memory_bytes = loaded.memory_bytes or resident_bytes()
        with self._changed:
            if self.stopping:
                return False
            self.loaded = loaded
        self.link.send(0, dict(vars(loaded), type="loaded"))
        return True

    def _serve(self):
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self.stopping, _STATS_S):
                    return
                streams = len(self._streams)
            self.link.send(0, {"type": "stats", "memory_bytes": resident_bytes(),
                               "device_memory_bytes": self.loaded.device_memory_bytes,
                               "streams": streams})

    def _stop(self, outcome):
        with self._changed:
            if self.stopping:
                return
            self.stopping = True
            self._outcome = outcome
            streams = list(self._streams.values())
            self._changed.notify_all()
        for stream in streams:
            stream._cancel()

    # On the reader thread.

    def _on_frame(self, kind, stream_id, payload):
        stream = self._find(stream_id)
        try:
            self._sort(kind, stream_id, stream, payload)
        except Exception as error:  # whatever a message holds, the reader goes on
            if not isinstance(error, EngineError):
                error = EngineError("invalid_argument", "%s: %s" % (type(error).__name__, error))
            if stream is not None and error.code != "unimplemented":
                self._breach(stream, error)
            else:
                self.link.send_urgent(0, _error_message(error))

    def _sort(self, kind, stream_id, stream, payload):
        if kind == ord("A"):
            if stream is not None:
                stream._take_audio(payload)
            return
        message = self._parse(payload)
        if stream_id == 0:
            self._on_connection_message(message)
        else:
            self._on_stream_message(stream_id, stream, message)

    @staticmethod
    def _parse(payload):
        try:
            message = json.loads(payload.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise EngineError("invalid_argument", "message is not JSON: %s" % error)
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise EngineError("invalid_argument", 'message is not an object with a "type"')
        if message["type"] not in _STREAM_TYPES | _CONNECTION_TYPES:
            raise EngineError("unimplemented", 'unknown message type "%s"' % message["type"][:64])
        return message

    def _on_connection_message(self, message):
        kind = message["type"]
        if kind == "ping":
            self.link.send_urgent(0, {"type": "pong",
                                      "id": _number(message, "id", 0, (1 << 64) - 1)})
        elif kind == "bye":
            self._stop(None)
        elif kind not in _IGNORED:
            with self._changed:
                if kind == "welcome" and self._welcome is None:
                    self._welcome = message
                elif kind == "load" and self._welcome and self._load is None:
                    self._load = Load(message)
                else:
                    raise EngineError("failed_precondition",
                                      '"%s" does not belong here on the connection' % kind)
                self._changed.notify_all()

    def _on_stream_message(self, stream_id, stream, message):
        kind = message["type"]
        if kind == "start":
            self._on_start(stream_id, message)
        elif kind == "cancel":
            self._on_cancel(stream_id)
        elif stream is not None:  # else it is over, and the worker does not know yet
            stream._take(kind, message)

    def _on_start(self, stream_id, start):
        with self._changed:
            if self.stopping:
                return
            if stream_id <= self._last_stream:
                self.link.send_urgent(0, _error_message(EngineError(
                    "invalid_argument", "start of stream %d after %d: the ids must rise"
                    % (stream_id, self._last_stream))))
                return
            self._last_stream = stream_id
            try:
                stream = self._open(stream_id, start)
            except EngineError as error:
                self.link.end_stream(stream_id, _error_message(error))
                self.link.end_stream(stream_id, {"type": "idle"})
                return
            self._streams[stream_id] = stream
            self._waiting.append(stream)
            self._changed.notify_all()

    def _open(self, stream_id, start):
        if self.loaded is None:
            raise EngineError("failed_precondition", "the model is not loaded yet")
        if start.get("kind") != self._model.kind:
            raise EngineError("invalid_argument", "a start of another kind: this engine is %s"
                              % self._model.kind)
        if len(self._streams) >= self.loaded.slots:
            raise EngineError("resource_exhausted", "all %d slots are taken: wait for an idle"
                              % self.loaded.slots)
        _check_start(start)
        return _STREAMS[self._model.kind](self, stream_id, start)

    def _on_cancel(self, stream_id):
        # Under the lock that _slot takes before it says idle, so that `cancelled` comes before it.
        with self._changed:
            stream = self._streams.get(stream_id)
            if stream is None:
                return
            self.link.cut_stream(stream_id, {"type": "cancelled"})
        stream._cancel()

    def _breach(self, stream, error):
        with self._changed:
            if stream.id not in self._streams or stream.cancelled:
                return
            self.link.cut_stream(stream.id, _error_message(error))
        stream._cancel()

    def _find(self, stream_id):
        with self._changed:
            return self._streams.get(stream_id)

    def _on_closed(self, failure):
        self._stop(EngineError("invalid_argument", failure) if failure else None)
        with self._changed:
            if self._changed.wait_for(lambda: self._finished, _STOP_S):
                return
        sys.stderr.write("the worker is gone and the model does not stop: ending the process\n")
        sys.stderr.flush()
        os._exit(1)

    # On a slot's thread.

    def _slot(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self.stopping or self._waiting)
                if self.stopping:
                    return
                stream = self._waiting.popleft()
            self._serve_one(stream)

    def _serve_one(self, stream):
        failure = None
        try:
            if not stream.cancelled:
                stream._serve(self._model)
        except EngineError as error:
            failure = error
        except Exception as error:  # the model's code is foreign to the session
            traceback.print_exc()
            failure = EngineError("internal", "%s: %s" % (type(error).__name__, error))
        if failure is not None:
            self.link.send(stream.id, _error_message(failure))
        with self._changed:
            self._streams.pop(stream.id, None)
            self.link.end_stream(stream.id, {"type": "idle"})
        if failure is not None and failure.code == "data_loss":
            self._stop(failure)


def _error_message(error):
    return {"type": "error", "code": error.code, "message": error.message[:8192]}


def _die_with_parent():
    """The process ends when the worker does, even if it is stuck (Linux)."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG
    except Exception:  # a comfort: the end of the socket says the same
        pass


def _open_socket():
    number = os.environ.pop("PARLEY_ENGINE_FD", None)
    path = os.environ.pop("PARLEY_ENGINE_SOCKET", None)
    if number is not None:
        try:
            os.set_inheritable(int(number), False)
            sock = socket.socket(fileno=int(number))
        except (ValueError, OSError):
            raise EngineError("invalid_argument", 'PARLEY_ENGINE_FD is "%s": not the number of a '
                              "socket that this process has inherited" % number)
        _die_with_parent()
        return sock
    if path is None:
        raise EngineError("failed_precondition", "neither PARLEY_ENGINE_FD nor PARLEY_ENGINE_SOCKET "
                          "is set: an engine is started by a worker (see --help)")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(path)
    except OSError as error:
        raise EngineError("unavailable", 'cannot connect to PARLEY_ENGINE_SOCKET "%s": %s'
                          % (path, error))
    return sock


def _python_version():
    return "%d.%d.%d" % sys.version_info[:3]


def run(model, name, version, runtime=None, help="", argv=None):
    """Serves the worker until it goes; returns the exit code: 0 after bye or the worker's end, 1
    after a failure (said on stderr), 2 for wrong use. `runtime` maps names to versions."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] == "--version":
        print("%s %s (protocol %d to %d)" % (name, version, PROTOCOL_MIN, PROTOCOL_MAX))
        return 0
    if argv:
        out = sys.stdout if argv[0] in ("--help", "-h") else sys.stderr
        out.write('The Parley engine "%s": a worker starts it and speaks the engine protocol with it.'
                  "\n%s\nOptions: --version, --help\nEnvironment: PARLEY_ENGINE_FD or "
                  "PARLEY_ENGINE_SOCKET\n" % (name, help))
        return 0 if out is sys.stdout else 2
    try:
        sock = _open_socket()
    except EngineError as error:
        sys.stderr.write("%s: %s\n" % (name, error.message))
        return 2
    hello = {"type": "hello", "protocol": {"min": PROTOCOL_MIN, "max": PROTOCOL_MAX},
             "engine": name, "version": version, "kind": model.kind,
             "runtime": dict(runtime or {}, python=_python_version())}
    outcome = _Session(sock, model, hello).run()
    if outcome is None:
        return 0
    sys.stderr.write("%s: %s: %s\n" % (name, outcome.code, outcome.message))
    return 1
