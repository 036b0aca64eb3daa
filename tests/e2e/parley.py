"""Starts Parley as a user would and looks at it from outside. Shared by the tests of this folder."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

BIN = pathlib.Path(os.environ["PARLEY_BIN_DIR"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("PARLEY_CACHE", pathlib.Path.home() / ".cache/parley"))


def wait_for(condition, timeout_s, what):
    """Polls until the condition holds, and says what (text, or a function that makes it then) did
    not come true in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what() if callable(what) else what}")
        time.sleep(0.02)


def processes_below(pid):
    """{pid: command line} of all living descendants."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            stat = (entry / "stat").read_text()
            fields = stat[stat.rindex(")") + 2:].split()
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found, frontier = {}, {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier}
        for child in frontier:
            with contextlib.suppress(OSError):
                found[child] = pathlib.Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def run_cli(*command, timeout_s=300, env=None):
    """One of parley's commands that need no server."""
    return subprocess.run([BIN / "parley", *map(str, command)], capture_output=True, text=True,
                          timeout=timeout_s, env={**os.environ, **(env or {})})


class Parley:
    """One `parley up` on a free port; `url` is its base once everything is warm."""

    def __init__(self, *options, env=None):
        self.dir = tempfile.TemporaryDirectory(prefix="parley-e2e-")
        endpoint = pathlib.Path(self.dir.name) / "endpoint"
        self.log_path = pathlib.Path(self.dir.name) / "log"
        self.log_file = self.log_path.open("wb")
        self.process = subprocess.Popen(
            [BIN / "parley", "up", "--port", "0", "--endpoint-file", endpoint, *options],
            stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})})

        def warm():
            if self.process.poll() is not None:
                raise AssertionError(f"parley up ended with {self.process.returncode}:\n{self.log()}")
            return endpoint.exists() and endpoint.read_text().strip()

        try:
            self.url = wait_for(warm, 60, "parley up ready")
        except BaseException:
            print(self.log()[-8000:])
            self.stop()
            raise

    def log(self):
        return self.log_path.read_text(errors="replace")

    def get(self, path, timeout_s=10):
        """(status, body) of a GET."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout_s) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def metric(self, name):
        """The value of one without labels."""
        found = re.search(rf"^{name} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0

    def turns(self):
        return json.loads(self.get("/v1/admin/turns")[1])["turns"]

    def pids_of(self, program):
        return [pid for pid, line in processes_below(self.process.pid).items()
                if pathlib.Path(line.split(" ")[0]).name == program]

    def run(self, *command, timeout_s=120, check=True):
        """One of parley's own commands against this server."""
        result = subprocess.run([BIN / "parley", *map(str, command)], capture_output=True, text=True,
                                timeout=timeout_s, env={**os.environ, "PARLEY_URL": self.url})
        if check:
            assert result.returncode == 0, (f"parley {command} ended with {result.returncode}:\n"
                                            f"{result.stdout}{result.stderr}\n{self.log()[-4000:]}")
        return result

    def stop(self):
        """Ends it as Ctrl-C does; nothing of it may be left."""
        below = processes_below(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
            finally:
                self.log_file.close()
        wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in below), 5,
                 f"children of parley up gone: {below}")


def words(text):
    """The text as comparable words."""
    return "".join(c.lower() if c.isalnum() or c == "'" else " " for c in text).split()


def word_error_rate(reference, hypothesis):
    """Levenshtein distance over words, as a share of the reference's."""
    ref, hyp = words(reference), words(hypothesis)
    row = list(range(len(hyp) + 1))
    for i, r in enumerate(ref, 1):
        last, row[0] = row[0], i
        for j, h in enumerate(hyp, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (r != h))
    return row[-1] / max(1, len(ref))
