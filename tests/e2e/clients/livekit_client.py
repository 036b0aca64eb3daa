"""livekit-plugins-openai's RealtimeModel, unmodified: python livekit_client.py BASE_URL WAV.
Speaks, is answered, calls tools in parallel, interrupts, edits its context; ends 1 with the reason
when something is not as its users need it. Run by tests/e2e/test_clients.py in an environment of its
own (tests/e2e/clients/livekit.txt)."""
import asyncio
import json
import sys
import wave

import aiohttp
from livekit import rtc
from livekit.agents import function_tool, llm
from livekit.plugins.openai import realtime

RATE_HZ = 24_000
LIMIT_S = 60


def say(what, **more):
    print(json.dumps({"done": what, **more}), flush=True)


@function_tool
async def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"It is sunny in {city}."


async def read_all(generation):
    """(text, samples, calls) of a generation, to its end."""
    text, samples, calls = "", 0, []

    async def messages():
        nonlocal text, samples
        async for message in generation.message_stream:
            async def words():
                nonlocal text
                async for delta in message.text_stream:
                    text += delta

            async def sound():
                nonlocal samples
                async for frame in message.audio_stream:
                    samples += frame.samples_per_channel

            await asyncio.gather(words(), sound())

    async def functions():
        async for call in generation.function_stream:
            calls.append(call)

    await asyncio.gather(messages(), functions())
    return text, samples, calls


async def feed(session, path):
    """The wav as a microphone would give it, and two seconds of silence behind it."""
    with wave.open(path) as wav:
        rate, pcm = wav.getframerate(), wav.readframes(wav.getnframes())
    pcm += bytes(2 * 2 * rate)
    step = rate // 50
    for at in range(0, len(pcm) // 2, step):
        piece = pcm[2 * at:2 * (at + step)]
        session.push_audio(rtc.AudioFrame(piece, rate, 1, len(piece) // 2))
        await asyncio.sleep(0.02)


async def spoken_exchange(session, path):
    created, transcripts, started = asyncio.Queue(), asyncio.Queue(), asyncio.Event()
    session.on("generation_created", created.put_nowait)
    session.on("input_speech_started", lambda _: started.set())
    session.on("input_audio_transcription_completed",
               lambda e: transcripts.put_nowait(e.transcript) if e.is_final else None)
    feeding = asyncio.create_task(feed(session, path))
    generation = await created.get()
    assert not generation.user_initiated
    text, samples, _ = await read_all(generation)
    transcript = await transcripts.get()
    await feeding
    assert started.is_set() and "capital" in transcript.lower(), transcript
    assert text and samples > RATE_HZ / 2, (text, samples)
    session.off("generation_created", created.put_nowait)
    say("spoken exchange", heard=transcript, said=text, samples=samples)


async def tools_in_parallel(session):
    await session.update_tools([get_weather])
    context = session.chat_ctx.copy()
    context.add_message(role="user", content="What is the weather in Paris and in Rome?")
    await session.update_chat_ctx(context)
    generation = await session.generate_reply()
    _, _, calls = await read_all(generation)
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Paris", "Rome"], calls
    context = session.chat_ctx.copy()
    for call in calls:
        context.insert(llm.FunctionCallOutput(
            call_id=call.call_id, name=call.name, is_error=False,
            output=await get_weather(**json.loads(call.arguments))))
    await session.update_chat_ctx(context)
    text, samples, _ = await read_all(await session.generate_reply())
    assert "sunny in Paris" in text and "sunny in Rome" in text, text
    assert samples > RATE_HZ
    say("tools in parallel", said=text)


async def interruption(session):
    context = session.chat_ctx.copy()
    context.add_message(role="user", content="Count, please.")
    await session.update_chat_ctx(context)
    generation = await session.generate_reply(instructions="Do not stop.")
    message = await anext(aiter(generation.message_stream))
    frame = await anext(aiter(message.audio_stream))
    session.interrupt()
    session.truncate(message_id=message.message_id, modalities=["audio"],
                     audio_end_ms=int(frame.duration * 1000))
    async for _ in message.audio_stream:
        pass
    session.interrupt()  # late: must not be taken for a failure
    context = session.chat_ctx.copy()
    context.add_message(role="user", content="Thanks.")
    await session.update_chat_ctx(context)
    text, _, _ = await read_all(await session.generate_reply())
    assert "Hello" in text, text
    say("interruption")


async def context_edits(session):
    context = session.chat_ctx.copy()
    items = len(context.items)
    context.items = context.items[:1] + context.items[2:]
    await session.update_chat_ctx(context)
    assert len(session.chat_ctx.items) == items - 1
    await session.update_instructions("Speak of boats.")
    say("context edits", items=items)


async def main(url, path):
    errors = []
    async with aiohttp.ClientSession() as http:
        model = realtime.RealtimeModel(
            base_url=f"{url}/v1", api_key="any", http_session=http,
            input_audio_transcription=llm_transcription())
        session = model.session()
        session.on("error", lambda error: errors.append(str(error)))
        await spoken_exchange(session, path)
        await tools_in_parallel(session)
        await interruption(session)
        await context_edits(session)
        await session.aclose()
        await model.aclose()
    assert not errors, errors


def llm_transcription():
    from openai.types.realtime import AudioTranscription
    return AudioTranscription(model="whisper-1", language="en")


asyncio.run(asyncio.wait_for(main(*sys.argv[1:3]), LIMIT_S))
