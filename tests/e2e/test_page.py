"""The web page in Chromium, with a fake microphone that asks a question aloud."""
import array
import pathlib
import wave

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

import parley


@pytest.fixture
def browser(speak, tmp_path):
    """Chromium whose microphone hears two seconds of nothing, the question, and nothing more."""
    with wave.open(str(speak("What is the capital of France?"))) as spoken:
        rate = spoken.getframerate()
        samples = array.array("h", spoken.readframes(spoken.getnframes()))
    microphone = tmp_path / "microphone.wav"
    with wave.open(str(microphone), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(bytes(2 * 2 * rate) + samples.tobytes() + bytes(2 * 60 * rate))
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
                 "disable-background-networking", "disable-component-update", "disable-sync",
                 "autoplay-policy=no-user-gesture-required", "use-fake-ui-for-media-stream",
                 "use-fake-device-for-media-stream", "window-size=1100,800",
                 f"use-file-for-fake-audio-capture={microphone}%noloop",
                 f"user-data-dir={tmp_path / 'profile'}"):
        options.add_argument("--" + flag)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def test_a_question_asked_at_the_page_is_heard_and_answered(server, browser, tmp_path):
    browser.get(server.url)
    browser.find_element(By.ID, "talk").click()

    def said(side):
        return " ".join(line.text for line in
                        browser.find_elements(By.CSS_SELECTOR, f"#transcript li.{side}"))

    parley.wait_for(lambda: "france" in said("user").lower(), 40, "the question on the page")
    parley.wait_for(lambda: len(parley.words(said("agent"))) >= 3, 40, "the answer on the page")
    parley.wait_for(lambda: browser.find_elements(By.CSS_SELECTOR, "details.turn"), 40,
                    "the turn's waterfall on the page")
    shot = pathlib.Path(tmp_path / "page.png")
    assert browser.save_screenshot(str(shot)) and shot.stat().st_size > 5000
    assert browser.find_element(By.ID, "problem").text == ""
