"""The clients that others use, unmodified, each in an environment of its own: their scripts under
clients/ say what they exercise, and end with a reason when something is not as their users need it."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import parley
import scripted_llm

CLIENTS = pathlib.Path(__file__).parent / "clients"
LIMIT_S = 150
CITIES = ["Paris", "Rome", "Oslo"]


def answer(request):
    """What clients exercise does not depend on what a small model feels like saying. Asked for the
    weather with tools at hand it calls get_weather for each city it finds, in parallel; given their
    results it reads them out."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        results = [m["content"] for m in request["messages"] if m["role"] == "tool"]
        return " ".join(results[-2:]), []
    text = last.get("content") or ""
    if request.get("tools") and "weather" in text.lower():
        return "", [(f"call_{city.lower()}", "get_weather", json.dumps({"city": city}))
                    for city in CITIES if city in text]
    if text.endswith("Count, please."):
        return "One, two, three, four, five, six, seven, eight, nine, ten. " * 4, []
    return "Hello there, how can I help you today?", []


@pytest.fixture(scope="module")
def llm():
    with scripted_llm.ScriptedLlm(answer) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def question(speak):
    return speak("What is the capital of France?")


def environment(script, *arguments):
    """What a script of scripts/ made for these clients."""
    made = subprocess.run([parley.ROOT / "scripts" / script, *arguments], capture_output=True,
                          text=True, check=True)
    return made.stdout.strip()


def run(*command, env=None):
    """The client's lines, each what it has done."""
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                           timeout=LIMIT_S, env={**os.environ, **(env or {})})
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    assert ended.returncode == 0, f"after {lines}:\n{ended.stderr[-6000:]}"
    return [line["done"] for line in lines]


@pytest.mark.parametrize("name, done", [
    ("livekit", ["spoken exchange", "tools in parallel", "interruption", "context edits"]),
    ("pipecat", ["tools in parallel", "spoken exchange", "items retrieved"])])
def test_a_framework_converses(scripted_server, question, name, done):
    python = environment("python_env", CLIENTS / f"{name}.txt")
    assert run(python, CLIENTS / f"{name}_client.py", scripted_server.url, question) == done


def test_npm_openai_does_all_it_can(llm, question, tmp_path):
    env = pathlib.Path(environment("node_env", CLIENTS / "node", CLIENTS / "node.txt"))
    (tmp_path / "node_modules").symlink_to(env / "node_modules")
    script = shutil.copy(CLIENTS / "node" / "openai_client.mjs", tmp_path)
    running = parley.Parley(*llm.options, env={"PARLEY_GATEWAY_TLS_SELF_SIGNED": "true"})
    try:
        done = run(env / "node", script, running.url, question,
                   env={"NODE_TLS_REJECT_UNAUTHORIZED": "0"})
    finally:
        running.stop()
    assert done == ["rest", "tools in parallel", "spoken exchange with a client secret",
                    "transcription alone"]
