"""The web page in Chromium, in a room (room.js) where the test speaks and listens: a question is
asked once the page says that it listens, so that none is lost however slow the machine is."""
import base64
import pathlib
import wave

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

import parley

ROOM = (pathlib.Path(__file__).parent / "room.js").read_text()
QUIET_DBFS = -60  # below: silence
LOUD_DBFS = -40  # above: somebody speaks
BLOCK_MS = 20


def start_chromium(profile, *flags):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
                 "disable-background-networking", "disable-component-update", "disable-sync",
                 "autoplay-policy=no-user-gesture-required", "window-size=1100,800",
                 "lang=en-US", f"user-data-dir={profile}", *flags):
        options.add_argument("--" + flag)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


class Page:
    def __init__(self, driver, url, room=True):
        self.driver = driver
        if room:
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": ROOM})
        driver.get(url)

    def find(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return " ".join(element.text for element in self.find(selector)).strip()

    def texts(self, selector):
        return [element.text for element in self.find(selector)]

    @property
    def state(self):
        return self.driver.execute_script("return document.body.dataset.state")

    @property
    def states(self):
        """[(state, ms of sound that had left the loudspeaker by then)]."""
        return [(one["state"], one["heard"] * BLOCK_MS)
                for one in self.driver.execute_script("return room.states")]

    def press_talk(self):
        self.find("#talk")[0].click()

    def wait_for_state(self, state, timeout_s=60):
        parley.wait_for(lambda: self.state == state, timeout_s,
                        lambda: f"{state}; the page says {self.text('#state')!r}, "
                                f"{self.text('#problem')!r}")

    def say(self, wav):
        """Begins to speak into the microphone."""
        self.driver.execute_script("room.say(arguments[0])",
                                   base64.b64encode(pathlib.Path(wav).read_bytes()).decode())

    def levels(self):
        """dBFS of each 20 ms that left the loudspeaker."""
        return self.driver.execute_script("return room.levels()")

    def loud_ms(self):
        return BLOCK_MS * sum(level > LOUD_DBFS for level in self.levels())

    def record(self, path):
        """What left the loudspeaker, as a wav."""
        pcm = base64.b64decode(self.driver.execute_script("return room.recording()"))
        with wave.open(str(path), "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(24000)
            wav.writeframes(pcm)
        return path
