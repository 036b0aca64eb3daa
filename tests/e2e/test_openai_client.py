"""The official `openai` package, unmodified, against Parley: only its base URL is changed."""
import base64
import contextlib
import threading
import time
import wave

import numpy
import openai
import pytest

import parley

RATE_HZ = 24_000


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0, timeout=60)


@contextlib.contextmanager
def realtime(client, limit_s=60):
    """A Realtime connection that is closed from outside when it takes too long, so that no test
    waits for ever for an event."""
    with client.realtime.connect(model="gpt-realtime") as connection:
        watchdog = threading.Timer(limit_s, connection.close)
        watchdog.start()
        try:
            yield connection
        finally:
            watchdog.cancel()


def pcm_24k(path):
    """The wav's samples at the rate of the Realtime protocol, as bytes."""
    with wave.open(str(path)) as wav:
        samples = numpy.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2").astype(float)
        rate = wav.getframerate()
    places = numpy.arange(int(len(samples) * RATE_HZ / rate)) * rate / RATE_HZ
    return numpy.interp(places, numpy.arange(len(samples)), samples).astype("<i2").tobytes()


def feed(connection, pcm):
    """Sends sound as a microphone does: 100 ms every 100 ms."""
    step = RATE_HZ * 2 // 10
    for at in range(0, len(pcm), step):
        connection.input_audio_buffer.append(audio=base64.b64encode(pcm[at:at + step]).decode())
        time.sleep(0.1)


def test_models_are_listed_and_retrieved(client):
    ids = [model.id for model in client.models.list()]
    assert "piper/en_US-joe-medium" in ids and "whisper/tiny.en" in ids
    assert client.models.retrieve("whisper/tiny.en").object == "model"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("nope")
    assert refused.value.code == "model_not_found"


def test_speech_is_mp3_by_default_and_streams(client):
    speech = client.audio.speech.create(model="tts-1", voice="alloy", input="Good morning.")
    assert speech.content[:2] in (b"\xff\xf3", b"\xff\xfb", b"ID") and len(speech.content) > 2000
    with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="verse", response_format="pcm",
            input="This is a longer sentence. And here is another one, to be streamed.") as stream:
        pieces = list(stream.iter_bytes(4096))
    assert len(pieces) > 4
    assert sum(map(len, pieces)) / 2 / RATE_HZ > 2


def test_what_is_spoken_is_transcribed_in_each_format(client):
    text = "The weather is fine today."
    wav = client.audio.speech.create(model="tts-1", voice="nova", input=text,
                                     response_format="wav").content
    answer = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", wav))
    assert parley.word_error_rate(text, answer.text) <= 0.2
    verbose = client.audio.transcriptions.create(
        model="whisper-1", file=("a.wav", wav), response_format="verbose_json",
        timestamp_granularities=["word", "segment"])
    assert verbose.duration > 1 and verbose.words and verbose.segments
    subtitles = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", wav),
                                                   response_format="srt")
    assert "-->" in subtitles
    events = list(client.audio.transcriptions.create(model="gpt-4o-transcribe",
                                                     file=("a.wav", wav), stream=True))
    assert events[-1].type == "transcript.text.done"
    assert "".join(e.delta for e in events if e.type.endswith("delta")) == events[-1].text


@pytest.mark.parametrize("file", [b"", b"RIFF", b"not a sound file", b"ID3" + bytes(100)])
def test_files_that_are_none_are_bad_requests(client, file):
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", file))
    assert refused.value.param == "file"


def test_speech_names_what_is_wrong(client):
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="nope", voice="alloy", input="x")
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.speech.create(model="tts-1", voice="nobody", input="x")
    assert refused.value.param == "voice"
    with pytest.raises(openai.BadRequestError):
        client.audio.speech.create(model="tts-1", voice="alloy", input="x" * 5000)


def test_a_spoken_exchange_over_realtime(client, speak):
    question = pcm_24k(speak("What is the capital of France?")) + bytes(RATE_HZ * 2 * 2)
    with realtime(client) as connection:
        seen, transcript, said, sound = [], "", "", b""
        connection.session.update(session={
            "type": "realtime", "output_modalities": ["audio"],
            "audio": {"input": {"transcription": {"model": "whisper-1"},
                                "turn_detection": {"type": "semantic_vad"}},
                      "output": {"voice": "marin"}}})
        threading.Thread(target=feed, args=(connection, question), daemon=True).start()
        while not seen or seen[-1] != "response.done":
            event = connection.recv()
            assert event.type != "error", event
            seen.append(event.type)
            if event.type == "conversation.item.input_audio_transcription.completed":
                transcript = event.transcript
            elif event.type == "response.output_audio_transcript.delta":
                said += event.delta
            elif event.type == "response.output_audio.delta":
                sound += base64.b64decode(event.delta)
            elif event.type == "response.done":
                assert event.response.status == "completed"
    assert seen[0] == "session.created"
    assert parley.word_error_rate("What is the capital of France?", transcript) <= 0.34
    assert parley.words(said) and len(sound) / 2 / RATE_HZ > 0.5
    samples = numpy.frombuffer(sound, dtype="<i2")
    assert numpy.abs(samples.astype(int)).max() > 1000


def test_text_replies_and_errors_over_realtime(client):
    with realtime(client) as connection:
        connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        connection.conversation.item.create(item={
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Say hello."}]})
        connection.response.create()
        connection.send({"type": "no.such.event", "event_id": "mine"})
        text, refused, done = "", None, False
        while not (done and refused):
            event = connection.recv()
            if event.type == "response.output_text.delta":
                text += event.delta
            elif event.type == "error":
                refused = event.error
            done = done or event.type == "response.done"
    assert text.strip()
    assert refused.code == "invalid_event" or refused.code == "invalid_value"
    assert refused.event_id == "mine"
