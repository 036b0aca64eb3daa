"""Redis, workers with tone voices, and gateways, each a process of its own, as on several machines:
to be killed, stopped and started again by tests."""
import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

import numpy
import websockets.sync.client

import fault_proxy
import parley
import tone

RATE_HZ = 24_000
SENTENCE = ("anna bakes bread before dawn and carries warm loaves down the hill to people who wait "
            "at the little gate near the mill.")


class Process:
    def __init__(self, folder, name, command):
        self.name, self.command = name, [str(word) for word in command]
        self.log_path = folder / f"{name}.log"
        self.process = None
        self.start()

    def start(self):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self):
        """As an orchestrator does; returns the exit status."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def alive(self):
        return self.process.poll() is None


class Cluster:
    """With `links`, gateways reach workers and Redis through proxies that can be slow or cut."""

    def __init__(self, workers=2, gateways=1, voice="", script=(SENTENCE,), worker_settings=(),
                 gateway_settings=(), links=False):
        self.folder = tempfile.TemporaryDirectory(prefix="parley-cluster-")
        self.dir = pathlib.Path(self.folder.name)
        pack = self.dir / "models/tone"
        pack.mkdir(parents=True)
        (pack / "model.toml").write_text(
            '[model]\nid = "tone"\nengine = "tone"\nkind = "tts"\n[files]\n[options]\n' + voice)
        self.links = {}
        if links:
            for name in ["redis"] + [f"w{i}" for i in range(1, workers + 1)]:
                self.links[name] = fault_proxy.FaultProxy(self.dir / f"{name}.link",
                                                          self.dir / f"{name}.sock")
        self.url = f"unix://{self.dir}/redis.{'link' if links else 'sock'}"
        self.redis = Process(self.dir, "redis", [
            "redis-server", "--port", "0", "--unixsocket", self.dir / "redis.sock", "--save", "",
            "--dir", self.dir])
        self.settings = ["--set", f"redis.url={self.url}", "--set", "redis.beat_ms=200",
                         "--set", "redis.lease_ms=1000"]
        self.worker_settings = list(worker_settings)
        self.gateway_settings = list(gateway_settings)
        self.workers = {f"w{i}": self.worker(f"w{i}") for i in range(1, workers + 1)}
        config = self.dir / "gateway.toml"
        config.write_text("[llm]\nkind = 'script'\nscript_word_ms = 0\nscript_first_ms = 1\nscript = "
                          + json.dumps(list(script)) + "\n")
        self.gateways = [self.gateway(f"g{i}", config) for i in range(1, gateways + 1)]
        try:
            self.wait_until_ready()
        except BaseException:
            print(self.logs())
            self.stop()
            raise

    def wait_until_ready(self):
        parley.wait_for(lambda: all((self.dir / f"{gateway.name}.url").exists() or
                                    self.fail_if_dead(gateway) for gateway in self.gateways),
                        60, "gateways listen")
        for number in range(len(self.gateways)):
            parley.wait_for(lambda n=number: self.ready(n) == set(self.workers), 60,
                            "every gateway sees every worker ready")

    def worker(self, name):
        return Process(self.dir, name, [
            parley.BIN / "parley-worker", "--listen", f"unix:{self.dir}/{name}.sock",
            "--models-dir", self.dir / "models", "--set", f"worker.id={name}",
            "--set", "worker.default_voice=tone", "--set", "worker.default_recognizer=",
            "--set", "worker.default_llm=", *self.settings, *self.worker_settings,
            *(["--set", f"worker.advertise=unix:{self.dir}/{name}.link"] if self.links else [])])

    def gateway(self, name, config):
        return Process(self.dir, name, [
            parley.BIN / "parley-gateway", "--config", config, "--port", "0",
            "--set", f"gateway.address_file={self.dir}/{name}.url", *self.settings,
            *self.gateway_settings])

    def fail_if_dead(self, process):
        if not process.alive():
            raise AssertionError(f"{process.name} ended:\n{process.log_path.read_text()[-4000:]}")
        return False

    def base(self, gateway=0):
        return (self.dir / f"{self.gateways[gateway].name}.url").read_text().strip()

    def get(self, path, gateway=0):
        with urllib.request.urlopen(self.base(gateway) + path, timeout=10) as response:
            return response.read().decode()

    def view(self, gateway=0):
        return json.loads(self.get("/v1/admin/workers", gateway))

    def ready(self, gateway=0):
        try:
            return {worker["name"] for worker in self.view(gateway)["workers"]
                    if worker["state"] == "ready" and worker["models"]}
        except OSError:
            return set()

    def busy(self, gateway=0):
        """The names of workers with streams of this gateway."""
        return [worker["name"] for worker in self.view(gateway)["workers"] if worker["in_flight"]]

    def keys(self):
        answer = subprocess.run(["redis-cli", "-s", self.dir / "redis.sock", "keys", "*"],
                                capture_output=True, text=True, check=True)
        return answer.stdout.split()

    def run(self, *command, gateway=0, timeout_s=60):
        return subprocess.run([parley.BIN / "parley", *map(str, command)], capture_output=True,
                              text=True, timeout=timeout_s,
                              env={**os.environ, "PARLEY_URL": self.base(gateway)})

    def logs(self):
        parts = []
        for path in sorted(self.dir.glob("*.log")):
            parts.append(f"---- {path.name}\n{path.read_text(errors='replace')[-3000:]}")
        return "\n".join(parts)

    def stop(self):
        for process in [*self.gateways, *self.workers.values(), self.redis]:
            if process.alive():
                process.stop()
        for link in self.links.values():
            link.stop()
        self.folder.cleanup()


class Reply:
    """One spoken reply, heard by a client on a thread: its samples, when each came, and its end."""

    def __init__(self, cluster, gateway=0, text="Speak."):
        self.pcm, self.came, self.status, self.events, self.error = [], [], None, [], None
        self.url = cluster.base(gateway).replace("http", "ws") + "/v1/realtime?model=gpt-realtime"
        self.text = text
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            with websockets.sync.client.connect(self.url, max_size=None) as socket:
                self._converse(socket)
        except Exception as error:  # what the test then shows
            self.error = error
        self.begun.set()

    def _converse(self, socket):
        def send(event):
            socket.send(json.dumps(event))

        send({"type": "session.update", "session": {
            "type": "realtime", "output_modalities": ["audio"],
            "audio": {"input": {"turn_detection": None}}}})
        send({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": self.text}]}})
        send({"type": "response.create"})
        while True:
            event = json.loads(socket.recv(timeout=60))
            self.events.append(event["type"])
            if event["type"] == "response.output_audio.delta":
                samples = numpy.frombuffer(base64.b64decode(event["delta"]), dtype="<i2")
                self.came.append((time.monotonic(), sum(map(len, self.pcm))))
                self.pcm.append(samples)
                self.begun.set()
            elif event["type"] == "error":
                raise AssertionError(event)
            elif event["type"] == "response.done":
                self.status = event["response"]["status"]
                return

    def heard_ms(self):
        return sum(map(len, self.pcm)) * 1000 / RATE_HZ

    def wait_for_ms(self, ms):
        parley.wait_for(lambda: self.heard_ms() >= ms or self.status or self.error, 30,
                        f"{ms} ms of sound")

    def end(self, timeout_s=60):
        self.thread.join(timeout_s)
        assert not self.thread.is_alive(), "the reply does not end"
        if self.error:
            raise self.error
        return self

    def letters(self):
        """What was spoken, without the spaces: between two utterances none is heard."""
        return "".join(parley.words(tone.text(numpy.concatenate(self.pcm), RATE_HZ)))

    def begun_again(self):
        """How many words were begun, cut and then said whole, as a person cut off would; None if
        any word is lost, repeated or out of order."""
        def prefixes(word):
            return "|".join(word[:length] for length in range(len(word) - 1, 0, -1))

        spoken = "".join(f"({prefixes(word)})?{word}" if len(word) > 1 else word
                         for word in parley.words(SENTENCE))
        found = re.fullmatch(spoken, self.letters())
        return None if found is None else sum(group is not None for group in found.groups())

    def gap_ms(self):
        """The longest silence of a client that plays what comes as soon as it has come."""
        plays_until = self.came[0][0]
        gap = 0.0
        for (at, _), samples in zip(self.came, self.pcm):
            gap = max(gap, at - plays_until)
            plays_until = max(plays_until, at) + len(samples) / RATE_HZ
        return gap * 1000
