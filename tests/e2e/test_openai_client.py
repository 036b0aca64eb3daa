"""The official `openai` package, unmodified, against Parley: only its base URL is changed."""
import base64
import contextlib
import threading
import time
import wave

import numpy
import openai
import pytest
import websockets

import parley

RATE_HZ = 24_000


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0, timeout=60)


@contextlib.contextmanager
def realtime(client, limit_s=60, **options):
    """A Realtime connection that is closed from outside when it takes too long, so that no test
    waits for ever for an event."""
    with client.realtime.connect(**{"model": "gpt-realtime", **options}) as connection:
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
    with contextlib.suppress(websockets.ConnectionClosed):  # the test has what it wanted
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


@pytest.mark.parametrize("name, begin", [("opus", b"OggS"), ("aac", b"\xff"), ("flac", b"fLaC")])
def test_speech_is_written_in_every_format(client, name, begin):
    speech = client.audio.speech.create(model="tts-1", voice="alloy", input="Good morning.",
                                        response_format=name)
    assert speech.content.startswith(begin) and len(speech.content) > 2000
    if name != "aac":  # which the recognizer's decoder does not read
        heard = client.audio.transcriptions.create(model="whisper-1",
                                                   file=(f"a.{name}", speech.content))
        assert parley.word_error_rate("Good morning.", heard.text) <= 0.5


def test_a_model_of_english_alone_says_that_it_cannot_translate(client, speak):
    with pytest.raises(openai.APIStatusError) as refused:
        client.audio.translations.create(model="whisper-1", file=speak("Good morning."))
    assert refused.value.status_code == 501 and "translate" in refused.value.message


def test_the_language_model_answers_chats(client):
    chat = client.chat.completions.create(model="gpt-4o", max_tokens=20, messages=[
        {"role": "user", "content": "Say hello."}])
    assert chat.choices[0].message.content and chat.usage.total_tokens > 0
    chunks = list(client.chat.completions.create(
        model="gpt-4o", max_tokens=20, stream=True, stream_options={"include_usage": True},
        messages=[{"role": "user", "content": "Say hello."}]))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert chunks[-1].usage.completion_tokens > 0
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="gpt-4o", n=2,
                                       messages=[{"role": "user", "content": "x"}])
    assert refused.value.param == "n"


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


def test_a_client_secret_opens_the_session_it_was_made_for(client):
    secret = client.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60},
        session={"type": "realtime", "instructions": "Speak of boats."})
    own = openai.OpenAI(base_url=client.base_url, api_key=secret.value, max_retries=0)
    with realtime(own) as connection:
        assert connection.recv().session.instructions == "Speak of boats."
    forged = openai.OpenAI(base_url=client.base_url, api_key="ek_forged", max_retries=0)
    with pytest.raises(Exception, match="401"), realtime(forged):
        pass


def test_a_session_for_transcription_alone_hears_and_never_answers(client, speak):
    question = pcm_24k(speak("What is the capital of France?")) + bytes(RATE_HZ * 2 * 2)
    with realtime(client, model=openai.omit, extra_query={"intent": "transcription"}) as connection:
        connection.session.update(session={
            "type": "transcription",
            "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}})
        threading.Thread(target=feed, args=(connection, question), daemon=True).start()
        deltas, transcript = "", None
        while transcript is None:
            event = connection.recv()
            assert event.type != "error" and not event.type.startswith("response."), event
            if event.type == "conversation.item.input_audio_transcription.delta":
                deltas += event.delta
            elif event.type == "conversation.item.input_audio_transcription.completed":
                transcript = event.transcript
    assert parley.word_error_rate("What is the capital of France?", transcript) <= 0.34
    assert "capital" in deltas


def test_sound_within_an_item_is_heard_and_answered(client, speak):
    sound = base64.b64encode(pcm_24k(speak("What is the capital of France?"))).decode()
    with realtime(client) as connection:
        connection.session.update(session={
            "type": "realtime", "output_modalities": ["text"],
            "audio": {"input": {"transcription": {"model": "whisper-1"}}}})
        connection.conversation.item.create(item={
            "type": "message", "role": "user",
            "content": [{"type": "input_audio", "audio": sound}]})
        connection.response.create()
        seen = []
        while not seen or seen[-1].type != "response.done":
            seen.append(connection.recv())
            assert seen[-1].type != "error", seen[-1]
    types = [event.type for event in seen]
    heard = seen[types.index("conversation.item.input_audio_transcription.completed")]
    assert "capital" in heard.transcript
    assert types.index(heard.type) < types.index("response.created")


def test_the_older_dialect_is_spoken_with_those_who_ask_for_it(client):
    with realtime(client, extra_headers={"OpenAI-Beta": "realtime=v1"}) as connection:
        created = connection.recv()
        assert created.session.modalities == ["audio", "text"]
        assert created.session.input_audio_format == "pcm16"
        connection.send({"type": "session.update", "session": {"modalities": ["text"]}})
        connection.send({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Say hello."}]}})
        connection.send({"type": "response.create"})
        types = []
        while not types or types[-1] != "response.done":
            event = connection.recv()
            assert event.type != "error", event
            types.append(event.type)
    assert "conversation.item.created" in types and "response.text.delta" in types
    assert not any(t.startswith("response.output_text") for t in types)
