"""Times the official shapes in PyTorch, fp32 on the CPU, and prints JSON; bench/cosyvoice2_compare
runs it. The streaming figures recompute the whole prefix at each hop, as the official code does."""
import json
import resource
import sys
import time

import torch

import official_shapes

PROMPT_TOKENS, TOKENS, SPEECH_S = 67, 250, 10.0
HELD_FRAMES = 8  # of the vocoder, decoded again with the next hop


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work, times=1):
    """The best of so many, in ms."""
    best = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        work()
        best = min(best, (time.perf_counter() - begin) * 1000)
    return best


def hops():
    """Frames of the whole prefix at each hop of the official schedule, and new ones."""
    pad = -PROMPT_TOKENS % 25
    at, hop, done = 25 + pad, 25, []
    while at + 3 <= TOKENS:
        done.append(at)
        hop = min(100, 2 * hop)
        at += hop
    return done + [TOKENS]


def flow_of(flow, tokens, streaming):
    with torch.inference_mode():
        flow(torch.randint(0, 6561, (1, tokens)), streaming)


def streamed(flow, hift):
    """Cost of the flow and the vocoder of ten seconds, streamed, and of the first sound."""
    begun, before, first_ms, costs = time.perf_counter(), 0, 0, []
    for end in hops():
        start = time.perf_counter()
        last = end == TOKENS
        flow_of(flow, PROMPT_TOKENS + end + (0 if last else 3), streaming=not last)
        with torch.inference_mode():
            hift(torch.randn(1, 80, 2 * (end - before) + (HELD_FRAMES if before else 0)))
        costs.append({"tokens": end - before, "ms": (time.perf_counter() - start) * 1000})
        first_ms = first_ms or (time.perf_counter() - begun) * 1000
        before = end
    return {"ms": (time.perf_counter() - begun) * 1000, "first_ms": first_ms, "hops": costs}


def main():
    threads = int(sys.argv[1])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    base_mb = peak_mb()
    report = {"torch": torch.__version__, "threads": threads,
              "cpu": torch.backends.cpu.get_cpu_capability()}
    with torch.inference_mode():
        llm = official_shapes.Llm().eval()
        report["lm_prefill_112_ms"] = timed(lambda: llm(torch.randn(1, 112, 896)), 2)
        _, past = llm(torch.randn(1, 120, 896))
        report["lm_token_ms"] = timed(lambda: llm(torch.randn(1, 1, 896), past), 15)
        flow, hift = official_shapes.Flow().eval(), official_shapes.Hift().eval()
        hift(torch.randn(1, 80, 20))
        report["vocoder_second_ms"] = timed(lambda: hift(torch.randn(1, 80, 50)), 3)
        report["vocoder_offline_ms"] = timed(lambda: hift(torch.randn(1, 80, 2 * TOKENS)))
    report["flow_offline_ms"] = timed(lambda: flow_of(flow, PROMPT_TOKENS + TOKENS, False))
    report["streamed"] = streamed(flow, hift)
    weights = sum(one.numel() for model in (llm, flow, hift) for one in model.parameters()) * 4
    report["weights_mb"] = weights / 2**20
    report["peak_mb"] = peak_mb() - base_mb
    report["speech_s"] = SPEECH_S
    json.dump(report, sys.stdout)


main()
