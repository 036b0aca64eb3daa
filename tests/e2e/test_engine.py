"""`parley engine`: every engine that Parley brings keeps the protocol with its real model."""
import json

import pytest

import parley


def test_every_engine_starts():
    rows = json.loads(parley.run_cli("engine", "list", "--json").stdout)
    assert {row["name"] for row in rows} >= {"piper", "whisper", "llama", "tone", "tone-python"}
    assert [row["problem"] for row in rows if not row["starts"]] == []


@pytest.mark.parametrize("engine", ["piper", "whisper", "llama", "tone", "tone-python"])
def test_an_engine_keeps_the_protocol(engine):
    report = json.loads(parley.run_cli("engine", "check", engine, "--json").stdout)
    failed = {check["name"]: check["reason"] for check in report["checks"]
              if check["outcome"] == "failed"}
    assert failed == {} and report["passed"]
    assert len(report["checks"]) >= 24
