"""CosyVoice 2 as users have it, with a small model whose weights are made up: what it says is noise,
but all of it is said, by the paths that the real one takes."""
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import wave

import numpy
import pytest

import cluster
import parley

MODEL = "cosyvoice2/made-up"
TRANSCRIPT = "The birch canoe slid on the smooth planks, and the crew sat down to rest."


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cosyvoice2") / "models/cosyvoice2/made-up"
    subprocess.run([parley.BIN / "parley-engine-cosyvoice2", "make-test-pack", "--size", "tiny",
                    "--seed", "1", "--max-token-text-ratio", "3", folder], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def models(pack):
    """A models folder with the pack, and what else a conversation needs."""
    folder = pack.parents[1]
    for name in ["whisper", "vad", "endpoint"]:
        (folder / name).symlink_to(parley.CACHE / "models" / name)
    return folder


@pytest.fixture(scope="module")
def server(models):
    settings = [f"models.dir={models}", "llm.kind=script", f"worker.default_voice={MODEL}",
                "worker.default_llm=", "worker.check_ms=200"]
    running = parley.Parley(*(word for setting in settings for word in ("--set", setting)))
    yield running
    running.stop()


@contextlib.contextmanager
def worker(env, *settings):
    """A worker by itself, configured as deployments of CosyVoice have always been."""
    with tempfile.TemporaryDirectory(prefix="parley-worker-") as name:
        folder = pathlib.Path(name)
        address = folder / "address"
        os.environ.update(env)
        try:
            process = cluster.Process(folder, "worker", [
                parley.BIN / "parley-worker", "--listen", f"unix:{folder}/socket",
                "--models-dir", folder / "none", "--set", f"worker.address_file={address}",
                "--set", "worker.default_recognizer=", "--set", "worker.default_llm=", *settings])
        finally:
            for variable in env:
                del os.environ[variable]
        try:
            parley.wait_for(lambda: "worker_ready ready=true" in process.log_path.read_text()
                            or not process.alive(), 30, "it is ready")
            yield address.read_text().strip()
        except BaseException:
            print(process.log_path.read_text()[-8000:])
            raise
        finally:
            process.stop()


def write_wav(path, samples, rate_hz=16_000, channels=1):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((numpy.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def read_wav(path):
    with wave.open(str(path)) as recording:
        pcm = numpy.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2")
        return pcm.astype(numpy.float32) / 32768, recording.getframerate()


def voice(models, *words):
    return parley.run_cli("voice", *words, env={"PARLEY_MODELS_DIR": str(models)})


def expect_kept(report, passed_min):
    failed = {check["name"]: check["reason"] for check in report["checks"]
              if check["outcome"] == "failed"}
    assert failed == {} and report["passed"]
    passed = [check["name"] for check in report["checks"] if check["outcome"] == "passed"]
    assert len(passed) >= passed_min, passed


def test_the_engine_keeps_the_protocol(models):
    report = json.loads(parley.run_cli("engine", "check", "cosyvoice2", "--json",
                                       env={"PARLEY_MODELS_DIR": str(models)}).stdout)
    expect_kept(report, 24)


def test_a_worker_of_an_old_deployment_keeps_its_contract(pack, tmp_path):
    env = {"COSYVOICE_MODEL_PATH": str(pack), "ENABLE_PROFILING": "true",
           "DEFAULT_EMOTION": "neutral", "PARLEY_WORKER_PROFILE_DIR": str(tmp_path)}
    with worker(env) as address:
        result = parley.run_cli("worker", "check", address, "--json")
        expect_kept(json.loads(result.stdout), 12)
    spans = {event["name"] for path in tmp_path.iterdir()
             for event in json.loads(path.read_text())}
    assert spans >= {"tokenize", "lm", "encoder", "cfm step", "vocoder"}


def test_a_conversation_has_this_voice(server, speak, tmp_path):
    answer = tmp_path / "answer.wav"
    result = server.run("talk", "--in", speak("What is the capital of France?"), "--out", answer,
                        "--json")
    turn, = json.loads(result.stdout)["turns"]
    print(json.dumps(turn, indent=1))
    assert turn["status"] == "completed"
    assert parley.words(turn["reply"]) == "this is the first line of the script".split()
    samples, rate_hz = read_wav(answer)
    assert len(samples) / rate_hz > 0.5 and numpy.abs(samples).max() > 0.01


def test_a_recording_becomes_a_voice_that_a_running_server_has(server, models, speak, tmp_path):
    samples, rate_hz = read_wav(speak(TRANSCRIPT))
    stereo = write_wav(tmp_path / "stereo.wav", numpy.repeat(samples, 2), rate_hz, channels=2)
    added = voice(models, "add", "anna", "--audio", stereo, "--text", TRANSCRIPT)
    assert added.returncode == 0, added.stderr
    assert "anna: " in added.stdout
    listed = {one["name"]: one for one in json.loads(voice(models, "list", "--json").stdout)}
    assert listed["anna"]["mode"] == "zero-shot" and listed["anna"]["transcript"] == TRANSCRIPT

    def said():
        out = tmp_path / "said.wav"
        return server.run("say", "Good morning.", "--voice", f"{MODEL}#anna", "--out", out,
                          check=False).returncode == 0 and out.stat().st_size > 10_000

    parley.wait_for(said, 30, "the server has the voice")
    assert voice(models, "rm", "anna").returncode == 0
    assert "anna" not in voice(models, "list").stdout
    assert voice(models, "rm", "anna").returncode == 3


@pytest.mark.parametrize("samples, rate_hz, why", [
    ([], 16_000, "no sound"),
    (numpy.zeros(4 * 16_000), 16_000, "as good as silence"),
    (0.3 * numpy.sin(numpy.arange(60 * 16_000) / 20), 16_000, "60000 ms of speech"),
    (0.3 * numpy.sin(numpy.arange(4 * 8_000) / 10), 8_000, "8000 Hz"),
])
def test_a_recording_that_makes_no_voice_is_refused(models, tmp_path, samples, rate_hz, why):
    path = write_wav(tmp_path / "recording.wav", numpy.asarray(samples), rate_hz)
    result = voice(models, "add", "bert", "--audio", path, "--text", TRANSCRIPT)
    assert result.returncode == 2 and why in result.stderr, result.stderr
    assert "bert" not in voice(models, "list").stdout
