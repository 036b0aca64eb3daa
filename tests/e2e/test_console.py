"""The console in Chromium beside a conversation: what an operator sees of it while it runs."""
import pytest

import browser
import parley
import scripted_llm

STORY = ("Once upon a time there was a dog who lived with a cat in a small house by the sea. "
         "Every morning they walked along the beach and looked for shells in the sand. ") * 4
ROME = "The capital of Italy is Rome."


@pytest.fixture(scope="module")
def llm():
    with scripted_llm.ScriptedLlm() as scripted:
        yield scripted


def shot(console, tmp_path, name):
    """A picture for people to look at, of the whole page."""
    height = console.driver.execute_script("return document.documentElement.scrollHeight")
    console.driver.set_window_size(1280, max(800, height + 120))
    console.driver.save_screenshot(str(tmp_path / f"{name}.png"))


def test_a_conversation_with_an_interruption_is_seen_as_it_happens(scripted_server, llm, chromium,
                                                                   speak, tmp_path):
    llm.answers = [STORY, ROME]
    console = browser.Page(chromium(), scripted_server.url + "/console", room=False)
    parley.wait_for(lambda: "Nobody is talking" in console.text("#nobody"), 30, "an empty console")
    parley.wait_for(lambda: console.find(".state.ready"), 30, "workers with their models")
    assert "whisper" in console.text("#workers") and "piper" in console.text("#workers")

    page = browser.Page(chromium(), scripted_server.url)
    page.press_talk()
    page.wait_for_state("listening")
    parley.wait_for(lambda: len(console.find(".session")) == 1, 30, "the conversation to appear")
    page.say(speak("Please tell me a long story about a dog and a cat."))
    parley.wait_for(lambda: console.find(".timeline .user.speaking"), 30, "the person's speech")
    parley.wait_for(lambda: page.loud_ms() > 700, 90, "the story's beginning to be heard")
    assert "the agent speaks" in console.text(".status")
    page.say(speak("Stop. What is the capital of Italy?"))
    parley.wait_for(lambda: console.find(".timeline line.stop"), 60, "the mark of the interruption")
    parley.wait_for(lambda: len(console.find(".turns details")) == 2, 90,
                    lambda: f"two turns; {console.text('#sessions')!r}")
    console.find("#hold")[0].click()
    for kind in (".user.speaking", ".user.pausing", ".agent.speaking", ".behind"):
        assert console.find(".timeline " + kind), kind
    pauses = [title.get_attribute("textContent")
              for title in console.find(".timeline .user.pausing title")]
    assert any(" · p 0." in words or " · p 1." in words for words in pauses), pauses
    assert all(" T " in words for words in pauses), pauses
    summaries = console.texts(".turns summary")
    assert "answered in" in summaries[0] and "interrupted" in summaries[1], summaries
    console.find(".turns summary")[0].click()
    assert "End noticed" in console.text(".turns tbody")
    label = console.find(".timeline svg")[0].get_attribute("aria-label")
    assert label.startswith("The last 20 seconds."), label
    shot(console, tmp_path, "light")
    console.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    shot(console, tmp_path, "dark")

    page.press_talk()
    console.find("#hold")[0].click()
    parley.wait_for(lambda: not console.find(".session"), 30, "the conversation to be gone")
    assert console.text("#count") == "0" and console.text("#problem") == ""


def test_the_console_is_for_those_with_the_key(llm, chromium, tmp_path):
    key = tmp_path / "key"
    key.write_text("open-sesame")
    running = parley.Parley(*llm.options, "--api-key-file", key)
    try:
        console = browser.Page(chromium(), running.url + "/console", room=False)
        parley.wait_for(lambda: "access key" in console.text("#problem"), 30, "the key is asked for")
        assert not console.find("#workers tr")
        console.find("#key")[0].send_keys("open-sesame")
        console.find("#key-form button")[0].click()
        parley.wait_for(lambda: console.find("#workers tr"), 30, "the workers")
        assert console.text("#problem") == ""
    finally:
        running.stop()
