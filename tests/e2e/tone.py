"""Hears what the tone voice says: each byte is two sines at once for 50 ms, then 10 ms of silence
(src/engine/testing/tone_code.h). So a test can tell which words were spoken, and which twice."""
import numpy

STEP_S = 0.001


def symbols(pcm, rate_hz):
    """[(byte, first sample, samples that sound)] of 16-bit samples."""
    sound = numpy.asarray(pcm, dtype=numpy.float64) / 32768
    step = int(rate_hz * STEP_S)
    steps = len(sound) // step
    envelope = numpy.abs(sound[:steps * step]).reshape(steps, step).max(axis=1)
    found, begin = [], None
    for i in range(steps + 1):
        loud = i < steps and envelope[i] > max(1e-3, 0.05 * envelope[max(0, i - 250):i + 250].max())
        if loud and begin is None:
            begin = i
        elif not loud and begin is not None:
            if i - begin >= 6:
                found.append((_byte(sound[begin * step:i * step], rate_hz), begin * step,
                              (i - begin) * step))
            begin = None
    return found


def _byte(sound, rate_hz):
    window = sound * numpy.hanning(len(sound))
    time = numpy.arange(len(sound)) / rate_hz

    def loudest(frequencies):
        powers = [abs(numpy.sum(window * numpy.exp(-2j * numpy.pi * hz * time)))
                  for hz in frequencies]
        return int(numpy.argmax(powers))

    high = loudest([300 + 75 * half for half in range(16)])
    low = loudest([1600 + 100 * half for half in range(16)])
    return high * 16 + low


def text(pcm, rate_hz):
    return bytes(byte for byte, _, _ in symbols(pcm, rate_hz)).decode(errors="replace")
