"""kill -9 of each process while it works: what the user notices, and that all is well after."""
import json
import os
import signal
import threading
import urllib.request

import pytest

import parley

LONG = "This sentence goes on for a while, so that there is time to do harm. " * 12


def speak_in_background(server, text):
    """Starts a long /v1/audio/speech request; returns (thread, result) with result["bytes"]."""
    result = {"bytes": 0, "error": None}
    started = threading.Event()

    def run():
        body = json.dumps({"model": "tts-1", "voice": "alloy", "input": text,
                           "response_format": "pcm"}).encode()
        request = urllib.request.Request(server.url + "/v1/audio/speech", body,
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                while block := response.read(4800):
                    result["bytes"] += len(block)
                    started.set()
        except Exception as error:
            result["error"] = error
        started.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(30)
    return thread, result


@pytest.mark.parametrize("program", ["parley-engine-piper", "parley-engine-whisper",
                                     "parley-engine-llama", "parley-worker", "parley-gateway"])
def test_kill_9_while_speaking_is_mended_within_seconds(own_server, program, tmp_path):
    thread, _ = speak_in_background(own_server, LONG)
    victims = own_server.pids_of(program)
    assert victims, f"no {program} among {parley.processes_below(own_server.process.pid)}"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    thread.join(60)
    assert not thread.is_alive()
    parley.wait_for(lambda: own_server.pids_of(program) and
                    not set(own_server.pids_of(program)) & set(victims), 20, f"{program} is back")
    parley.wait_for(own_server.ready, 30, "ready again")
    out = tmp_path / "after.wav"
    text = "The quick brown fox jumps over the lazy dog."
    own_server.run("say", text, "--out", out)
    assert parley.word_error_rate(text, own_server.run("transcribe", out).stdout) <= 0.34


def test_killing_the_voice_ends_the_request_that_it_served_and_no_other(own_server):
    thread, result = speak_in_background(own_server, LONG)
    os.kill(own_server.pids_of("parley-engine-piper")[0], signal.SIGKILL)
    status, _ = own_server.get("/v1/models")
    assert status == 200
    thread.join(60)
    assert result["bytes"] > 0


def test_a_client_that_vanishes_in_mid_reply_leaves_nothing_behind(own_server):
    import http.client
    host = own_server.url.split("//")[1]
    for _ in range(3):
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("POST", "/v1/audio/speech", json.dumps(
            {"model": "tts-1", "voice": "alloy", "input": LONG, "response_format": "pcm"}),
            {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read(4800)
        connection.close()

    def streams():
        lines = own_server.get("/metrics")[1].splitlines()
        return [line for line in lines if line.startswith("parley_streams_active") and
                not line.endswith((" 0", " 0.0"))]

    parley.wait_for(lambda: not streams(), 15, "no stream left active")


def test_ctrl_c_leaves_no_process_behind():
    running = parley.Parley()
    below = parley.processes_below(running.process.pid)
    assert len(below) >= 5, below
    running.stop()


def test_a_killed_supervisor_takes_its_children_along():
    running = parley.Parley()
    below = parley.processes_below(running.process.pid)
    running.process.kill()
    running.process.wait()
    parley.wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below), 10,
                    "children gone with their supervisor")
