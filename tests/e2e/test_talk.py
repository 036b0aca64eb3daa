"""A person speaks and is answered: the command line, end to end, with the default models."""
import json
import threading
import wave

import parley
import relay


def talk(server, tmp_path, *questions, extra=()):
    answer = tmp_path / "answer.wav"
    inputs = [part for question in questions for part in ("--in", question)]
    result = server.run("talk", *inputs, "--out", answer, "--json", *extra)
    report = json.loads(result.stdout)
    return report["turns"], answer


def test_a_spoken_question_is_understood_and_answered_intelligibly(server, speak, tmp_path):
    turns, answer = talk(server, tmp_path, speak("What is the capital of France?"))
    assert parley.word_error_rate("What is the capital of France?", turns[0]["transcript"]) <= 0.34
    assert "paris" in parley.words(turns[0]["reply"])
    with wave.open(str(answer)) as wav:
        assert wav.getnframes() / wav.getframerate() > 0.5
    heard = server.run("transcribe", answer).stdout
    assert parley.word_error_rate(turns[0]["reply"], heard) <= 0.35, (turns[0]["reply"], heard)


def test_an_interrupted_reply_is_cut_and_history_holds_only_what_was_heard(server, speak, tmp_path):
    turns, _ = talk(server, tmp_path,
                    speak("Please tell me a long story about a dog and a cat."),
                    speak("Stop. What is the capital of France?"),
                    speak("Thank you, and what is the capital of Italy?"),
                    extra=("--interrupt-after-ms", "700"))
    assert len(turns) == 3
    assert turns[0]["status"] == "cancelled"
    heard, full = parley.words(turns[0]["heard"]), parley.words(turns[0]["reply"])
    assert len(heard) < len(full) or not full
    assert full[:len(heard)] == heard
    assert turns[2]["status"] == "completed"


def test_text_becomes_speech_that_the_recognizer_reads_back(server, tmp_path):
    text = "The quick brown fox jumps over the lazy dog."
    out = tmp_path / "said.wav"
    server.run("say", text, "--out", out)
    assert parley.word_error_rate(text, server.run("transcribe", out).stdout) <= 0.12


def test_a_line_that_drops_is_restored_and_the_conversation_goes_on(server, speak, tmp_path):
    resumed = server.metric("parley_sessions_resumed_total")
    with relay.Relay(server.url) as line:
        seen = line.watch(b"x_parley.resume")
        threading.Thread(target=lambda: seen.wait(60) and line.cut(), daemon=True).start()
        result = server.run("talk", "--in", speak("What is the capital of France?"), "--json",
                            "--url", line.url)
    assert seen.is_set()
    turn = json.loads(result.stdout)["turns"][0]
    assert turn["status"] == "completed" and "paris" in parley.words(turn["reply"]), turn
    assert server.metric("parley_sessions_resumed_total") == resumed + 1
