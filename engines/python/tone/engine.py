#!/usr/bin/env python3
"""The tone voice in Python: an example of an engine, and a test instrument. Its sound is that of
parley-engine-tone (src/engine/testing/tone_code.h says how it encodes its text). Options of the
load: sample_rate, slots, rtf, delay_ms, load_ms, fail_load."""
import array
import functools
import math
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import parley_engine  # noqa: E402

SYMBOL_S, SOUNDING_S, EDGE_S, AMPLITUDE = 0.060, 0.050, 0.004, 0.3
OPTIONS = {"sample_rate": 24000, "slots": 4, "rtf": 0.0, "delay_ms": 0, "load_ms": 0,
           "fail_load": ""}


@functools.lru_cache(maxsize=1024)
def tone_of(byte, sample_rate, speed):
    """The sound of one byte: two sines with soft edges, then silence."""
    def samples(seconds):
        return int(seconds * sample_rate / speed + 0.5)

    sounding, edge = samples(SOUNDING_S), samples(EDGE_S)
    high = 2 * math.pi * (300 + 75 * (byte >> 4)) / sample_rate
    low = 2 * math.pi * (1600 + 100 * (byte & 15)) / sample_rate
    sound = array.array("f", bytes(4 * samples(SYMBOL_S)))
    for i in range(sounding):
        distance = min(i, sounding - 1 - i)
        gain = 1.0
        if distance < edge:
            gain = 0.5 - 0.5 * math.cos(math.pi * (distance + 0.5) / edge)
        sound[i] = AMPLITUDE * gain * (math.sin(high * i) + math.sin(low * i))
    return sound


class Tone(parley_engine.TtsModel):
    def load(self, load, progress):
        load.check_options(OPTIONS)
        self.options = {name: load.option(name, default) for name, default in OPTIONS.items()}
        for step in range(10 if self.options["load_ms"] else 0):
            progress.report(step / 10, "tuning")
            time.sleep(self.options["load_ms"] / 10000)
        if self.options["fail_load"]:
            raise parley_engine.EngineError("failed_precondition", self.options["fail_load"])
        return parley_engine.Loaded(sample_rate=self.options["sample_rate"],
                                    slots=self.options["slots"], voices=["tone"],
                                    capabilities=["marks", "streaming", "seed", "speed", "prompt"])

    def speak(self, start, stream):
        if start.get("voice", "") not in ("", "tone"):
            raise parley_engine.EngineError("not_found", 'no voice "%s": there is only "tone"'
                                            % start["voice"])
        for text in stream.texts():
            time.sleep(self.options["delay_ms"] / 1000)
            data = text.text.encode("utf-8")
            sample = 0
            for index, byte in enumerate(data):
                sound = tone_of(byte, self.options["sample_rate"], start.get("speed", 1.0))
                sample += len(sound)
                if byte != 32 and data[index + 1:index + 2] in (b"", b" "):
                    stream.mark(index + 1, sample)
                time.sleep(self.options["rtf"] * len(sound) / self.options["sample_rate"])
                if not stream.audio(sound):
                    return


if __name__ == "__main__":
    sys.exit(parley_engine.run(Tone(), name="tone-python", version="1.0.0", help=__doc__))
