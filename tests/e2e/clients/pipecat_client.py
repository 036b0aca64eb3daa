"""pipecat-ai's OpenAIRealtimeLLMService, unmodified: python pipecat_client.py BASE_URL WAV.
A pipeline with its context aggregators speaks, is answered, calls tools in parallel and retrieves
what was said; ends 1 with the reason when something is not as its users need it. Run by
tests/e2e/test_clients.py in an environment of its own (tests/e2e/clients/pipecat.txt)."""
import asyncio
import json
import sys
import wave

from loguru import logger
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (EndFrame, ErrorFrame, Frame, InputAudioRawFrame,
                                   LLMRunFrame, TranscriptionFrame, TTSAudioRawFrame, TTSStoppedFrame,
                                   TTSTextFrame, UserStartedSpeakingFrame)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (LLMContextAggregatorPair,
                                                                     LLMUserAggregatorParams)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 24_000
LIMIT_S = 60


def say(what, **more):
    print(json.dumps({"done": what, **more}), flush=True)


class Ear(FrameProcessor):
    """Keeps what passes by, and lets others wait for it."""

    def __init__(self):
        super().__init__()
        self.frames = []
        self.more = asyncio.Condition()

    async def process_frame(self, frame: Frame, direction: FrameDirection):
        await super().process_frame(frame, direction)
        async with self.more:
            self.frames.append(frame)
            self.more.notify_all()
        await self.push_frame(frame, direction)

    async def until(self, condition):
        async with self.more:
            await self.more.wait_for(condition)

    def text(self):
        return " ".join(f.text.strip() for f in self.frames if isinstance(f, TTSTextFrame))

    def seconds(self):
        return sum(len(f.audio) for f in self.frames if isinstance(f, TTSAudioRawFrame)) / 2 / RATE_HZ

    def of(self, kind):
        return [f for f in self.frames if isinstance(f, kind)]


async def feed(worker, path):
    """The wav as a microphone would give it, and two seconds of silence behind it."""
    with wave.open(path) as wav:
        rate, pcm = wav.getframerate(), wav.readframes(wav.getnframes())
    pcm += bytes(2 * 2 * rate)
    step = rate // 50
    for at in range(0, len(pcm) // 2, step):
        await worker.queue_frame(InputAudioRawFrame(pcm[2 * at:2 * (at + step)], rate, 1))
        await asyncio.sleep(0.02)


async def converse(worker, before, ear, service, items, path):
    await worker.queue_frame(LLMRunFrame())
    await ear.until(lambda: "sunny in Paris" in ear.text() and "sunny in Rome" in ear.text())
    await ear.until(lambda: ear.of(TTSStoppedFrame))
    say("tools in parallel", said=ear.text(), seconds=ear.seconds())
    ear.frames.clear()
    feeding = asyncio.create_task(feed(worker, path))
    # What the service hears it tells those before it.
    await before.until(lambda: before.of(TranscriptionFrame))
    transcript = before.of(TranscriptionFrame)[0].text
    assert "capital" in transcript.lower(), transcript
    await ear.until(lambda: ear.seconds() > 0.5)
    assert before.of(UserStartedSpeakingFrame)
    await feeding
    say("spoken exchange", heard=transcript, said=ear.text(), seconds=ear.seconds())
    item = await service.retrieve_conversation_item(items[0])
    assert item.id == items[0]
    try:
        await service.retrieve_conversation_item("item_nobody")
    except Exception as error:
        assert "item_nobody" in str(error), error
    else:
        raise AssertionError("an unknown item was retrieved")
    say("items retrieved")


async def main(url, path):
    asked = []

    async def get_weather(params):
        asked.append(params.arguments["city"])
        await params.result_callback(f"It is sunny in {params.arguments['city']}.")

    service = OpenAIRealtimeLLMService(
        api_key="any", base_url=url.replace("http", "ws", 1) + "/v1/realtime",
        settings=OpenAIRealtimeLLMService.Settings(
            system_instruction="Be brief.",
            session_properties=events.SessionProperties(audio=events.AudioConfiguration(
                input=events.AudioInput(
                    transcription=events.InputAudioTranscription(model="whisper-1"),
                    turn_detection=events.SemanticTurnDetection())))))
    service.register_function("get_weather", get_weather)
    items = []

    @service.event_handler("on_conversation_item_created")
    async def on_created(_, item_id, item):
        items.append(item_id)

    context = LLMContext(
        [{"role": "user", "content": "What is the weather in Paris and in Rome?"}],
        ToolsSchema(standard_tools=[FunctionSchema(
            name="get_weather", description="The weather in a city.",
            properties={"city": {"type": "string"}}, required=["city"])]))
    # The server decides when the user has finished.
    pair = LLMContextAggregatorPair(context, user_params=LLMUserAggregatorParams(
        user_turn_strategies=ExternalUserTurnStrategies()))
    before, ear = Ear(), Ear()
    worker = PipelineWorker(
        Pipeline([pair.user(), before, service, ear, pair.assistant()]), cancel_on_idle_timeout=False,
        enable_rtvi=False,
        params=PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ))
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def on_started(*_):
        started.set()

    errors = []

    @worker.event_handler("on_pipeline_error")
    async def on_error(_, frame: ErrorFrame):
        errors.append(str(frame))

    async def drive():
        try:
            await asyncio.wait_for(started.wait(), 10)
            await asyncio.wait_for(converse(worker, before, ear, service, items, path),
                                   LIMIT_S)
        finally:
            await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), drive())
    assert sorted(asked) == ["Paris", "Rome"], asked
    assert not errors, errors


logger.remove()
logger.add(sys.stderr, level="WARNING")
asyncio.run(main(*sys.argv[1:3]))
