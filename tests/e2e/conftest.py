"""What the tests share: a running Parley, and spoken questions."""
import pathlib
import subprocess

import pytest

import browser
import parley


def pytest_collection_modifyitems(items):
    models = parley.CACHE / "models"
    needed = ["piper/en_US-joe-medium", "whisper/tiny.en", "llama/smollm2-135m-instruct"]
    absent = [name for name in needed if not (models / name / "model.toml").exists()]
    if absent:
        reason = f"models {', '.join(absent)} are not here; parley models pull brings them"
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def server():
    """One Parley for all tests that leave it as they found it."""
    running = parley.Parley()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def scripted_server(llm):
    """One Parley for a file's tests, which says what the file's `llm` does."""
    running = parley.Parley(*llm.options)
    yield running
    running.stop()


@pytest.fixture
def own_server():
    """A Parley for one test, which may break it."""
    running = parley.Parley()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def speak(tmp_path_factory):
    """speak(text, voice="slt") → path of a wav in which flite says it: the voice of a person that
    nothing in Parley was tuned on."""
    folder = tmp_path_factory.mktemp("spoken")

    def make(text, voice="slt"):
        path = folder / f"{abs(hash((text, voice)))}.wav"
        if not path.exists():
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True)
        return pathlib.Path(path)

    return make


@pytest.fixture
def chromium(tmp_path):
    """chromium(*flags) → a driver; all are closed in the end."""
    started = []

    def start(*flags):
        started.append(browser.start_chromium(tmp_path / f"profile{len(started)}", *flags))
        return started[-1]

    yield start
    for driver in started:
        driver.quit()
