"""The web page in Chromium, as a person at it would notice: what is seen and what is heard. Whisper
hears and Piper speaks; only what is thought is scripted, so that it is known what must be heard."""
import os
import re
import signal

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import browser
import parley
import relay
import scripted_llm

FRANCE = "What is the capital of France?"
ITALY = "What is the capital of Italy?"
PARIS = "The capital of France is Paris. It lies on a river."
ROME = "The capital of Italy is Rome."
STORY = ("Once upon a time there was a dog who lived with a cat in a small house by the sea. "
         "Every morning they walked along the beach and looked for shells in the sand. "
         "One day they found a bottle with a letter in it, and nobody knew who had written it. ") * 3


@pytest.fixture(scope="module")
def llm():
    with scripted_llm.ScriptedLlm() as scripted:
        yield scripted


@pytest.fixture
def page(scripted_server, chromium):
    return browser.Page(chromium(), scripted_server.url)


def listen(page):
    page.press_talk()
    page.wait_for_state("listening")


def wait_for_answers(page, count):
    parley.wait_for(lambda: len(page.find("li.agent details.turn")) >= count, 90,
                    lambda: f"{count} turns; {page.states}, {page.text('#transcript')!r}, "
                            f"{page.text('#problem')!r}")


def in_order(wanted, states):
    """Whether the states came in this order, whatever came between."""
    rest = iter(states)
    return all(any(state == seen for seen in rest) for state in wanted)


def test_a_question_is_heard_answered_aloud_and_accounted_for(scripted_server, page, llm, speak,
                                                              tmp_path):
    llm.answers = [PARIS]
    listen(page)
    page.say(speak(FRANCE))
    wait_for_answers(page, 1)
    page.wait_for_state("listening")

    assert parley.word_error_rate(FRANCE, page.text("li.user > p")) <= 0.34
    assert page.text("li.agent > p") == PARIS
    states = [state for state, _ in page.states]
    assert in_order(["connecting", "listening", "hearing", "thinking", "speaking", "listening"],
                    states), states
    assert page.loud_ms() > 1000
    heard = scripted_server.run("transcribe", page.record(tmp_path / "heard.wav")).stdout
    assert parley.word_error_rate(PARIS, heard) <= 0.3, heard

    account = scripted_server.turns()[-1]["turn"]
    shown = re.search(r"answered in (\d+) ms", page.text("details.turn summary"))
    assert shown and abs(int(shown[1]) - account["first_frame_ms"]) <= 1, (shown, account)
    page.find("details.turn summary")[0].click()
    stages = page.texts("details.turn tbody th")
    assert stages[0] == "End noticed" and stages[-2:] == ["Sent to you", "In your browser"], stages
    assert all(re.fullmatch(r"\d+ ms", time) for time in page.texts("details.turn td:last-child"))
    assert page.text("#problem") == ""


def test_speaking_into_the_reply_silences_it_at_once(page, llm, speak):
    llm.answers = [STORY, ROME]
    listen(page)
    page.say(speak("Please tell me a long story about a dog and a cat."))
    parley.wait_for(lambda: page.loud_ms() > 700, 90, "the story's beginning to be heard")
    page.say(speak("Stop. " + ITALY))
    wait_for_answers(page, 2)

    assert "interrupted" in page.texts("details.turn summary")[0]
    assert page.texts("li.agent > p")[1] == ROME
    story = page.find("li.agent > p")[0]
    unheard = "".join(span.text for span in story.find_elements(By.CSS_SELECTOR, ".unheard"))
    heard = story.text.removesuffix(unheard).strip()
    assert STORY.startswith(heard) and 1 <= len(parley.words(heard)) < 40, (heard, unheard)
    # The model is told what was heard, not what was written.
    told = [m["content"] for m in llm.asked[-1] if m["role"] == "assistant"]
    assert told == [heard + "—"], (told, heard)

    # Once the page hears the person it falls silent, until it speaks again.
    states = page.states
    began = next(i for i, (state, _) in enumerate(states) if state == "speaking")
    cut = next(i for i in range(began, len(states)) if states[i][0] == "hearing")
    until = next(ms for state, ms in states[cut:] if state == "speaking")
    after = page.levels()[states[cut][1] // browser.BLOCK_MS:until // browser.BLOCK_MS - 3]
    loud = [block for block, level in enumerate(after) if level >= browser.QUIET_DBFS]
    assert not loud or (loud[-1] + 1) * browser.BLOCK_MS <= 300, (loud, states)


def test_a_lost_connection_is_said_restored_and_the_conversation_goes_on(llm, chromium, speak):
    llm.answers = [PARIS, ROME]
    running = parley.Parley(*llm.options)
    try:
        page = browser.Page(chromium(), running.url)
        listen(page)
        page.say(speak(FRANCE))
        wait_for_answers(page, 1)
        os.kill(running.pids_of("parley-gateway")[0], signal.SIGKILL)
        page.wait_for_state("reconnecting")
        assert "connection was lost" in page.text("#problem")
        page.wait_for_state("listening")
        parley.wait_for(running.ready, 60, "warm again")
        assert page.text("#problem") == ""
        page.say(speak(ITALY))
        wait_for_answers(page, 2)
        assert page.texts("li.agent > p") == [PARIS, ROME]
        said = [m["content"] for m in llm.asked[-1] if m["role"] in ("user", "assistant")]
        assert len(said) == 3 and "capital" in said[0] and said[1] == PARIS, said
    finally:
        running.stop()


def test_a_line_that_drops_in_mid_reply_is_restored_and_nothing_is_forgotten(scripted_server, llm,
                                                                             chromium, speak):
    llm.answers = [STORY, ROME]
    resumed = scripted_server.metric("parley_sessions_resumed_total")
    with relay.Relay(scripted_server.url) as line:
        page = browser.Page(chromium(), line.url)
        listen(page)
        page.say(speak("Please tell me a long story about a dog and a cat."))
        parley.wait_for(lambda: page.loud_ms() > 700, 90, "the story's beginning to be heard")
        line.cut()
        page.wait_for_state("reconnecting")
        page.wait_for_state("listening")
        wait_for_answers(page, 1)  # cut short
        page.say(speak(ITALY))
        wait_for_answers(page, 2)
        assert scripted_server.metric("parley_sessions_resumed_total") == resumed + 1
        assert page.text("#problem") == ""
        assert page.texts("li.agent > p")[1] == ROME
        # The server itself knows what was heard: it was told nothing anew.
        said = [m["content"] for m in llm.asked[-1] if m["role"] in ("user", "assistant")]
        assert len(said) == 3 and said[1].endswith("—") and STORY.startswith(said[1][:-1]), said


@pytest.mark.parametrize("flags, message", [
    (("use-fake-device-for-media-stream", "deny-permission-prompts"), "microphone is blocked"),
    (("use-fake-ui-for-media-stream",), "No microphone was found"),
])
def test_without_a_microphone_the_page_says_why_and_can_be_tried_again(scripted_server, chromium,
                                                                       flags, message):
    page = browser.Page(chromium(*flags), scripted_server.url, room=False)
    for _ in range(2):
        page.press_talk()
        parley.wait_for(lambda: message in page.text("#problem"), 30,
                        lambda: f"{message!r}; the page says {page.text('#problem')!r}")
        page.wait_for_state("off")
        page.find("#problem button")[0].click()
        assert page.text("#problem") == ""


def test_the_level_follows_a_microphone_of_the_browser(scripted_server, chromium):
    driver = chromium("use-fake-ui-for-media-stream", "use-fake-device-for-media-stream")
    page = browser.Page(driver, scripted_server.url, room=False)

    def level():
        return float(page.find("#level")[0].get_attribute("value"))

    page.press_talk()
    parley.wait_for(lambda: level() > -40, 30, "the fake device's beeps on the meter")
    page.press_talk()
    page.wait_for_state("off")
    assert level() == -60


def test_everything_can_be_done_from_the_keyboard(page):
    keys = page.find("body")[0]
    keys.send_keys(Keys.SPACE)
    page.wait_for_state("listening")
    keys.send_keys("m")
    assert page.text("#state") == "Muted"
    assert page.find("#mute")[0].get_attribute("aria-pressed") == "true"
    keys.send_keys("m")
    assert page.text("#state") == "Listening"
    keys.send_keys(Keys.SPACE)
    page.wait_for_state("off")
    assert page.find("#announce")[0].get_attribute("textContent") == "The conversation has ended"


def test_an_access_key_is_asked_for_and_then_opens_the_conversation(llm, chromium, tmp_path):
    key = tmp_path / "key"
    key.write_text("open-sesame")
    running = parley.Parley(*llm.options, "--api-key-file", key)
    try:
        page = browser.Page(chromium(), running.url)
        page.press_talk()
        parley.wait_for(lambda: "access key" in page.text("#problem"), 30, "the key is asked for")
        page.find("#settings-open")[0].click()
        page.find("#key")[0].send_keys("open-sesame")
        page.find("#settings button")[0].click()
        listen(page)
    finally:
        running.stop()


@pytest.mark.parametrize("path, words", [("/?lang=de", "Einstellungen"), ("/", "Settings"),
                                         ("/?lang=zh", "设置"), ("/?lang=xx", "Settings")])
def test_the_page_speaks_the_language_that_is_asked_for(scripted_server, chromium, path, words):
    page = browser.Page(chromium(), scripted_server.url + path)
    parley.wait_for(lambda: page.text("#settings-open") == words, 30, words)


def test_the_browsers_language_is_taken(scripted_server, chromium):
    page = browser.Page(chromium("accept-lang=fr-CH,en"), scripted_server.url)
    parley.wait_for(lambda: page.text("#settings-open") == "Réglages", 30, "French")
