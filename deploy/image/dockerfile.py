"""Reads deploy/Dockerfile, so that what is tried and checked without Docker is what stands there."""
import json
import pathlib
import re
import shlex

PATH = pathlib.Path(__file__).resolve().parent.parent / "Dockerfile"


def instructions(text):
    """[(word, rest)] with continued lines joined and comments gone."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


class Stage:
    """What an image is made of and started with, the stages that it stands on included."""

    def __init__(self, parent=None):
        self.env = dict(parent.env) if parent else {}
        self.packages = list(parent.packages) if parent else []  # groups of scripts/packages.txt
        self.copied = list(parent.copied) if parent else []      # folders of the stage build
        self.tried = list(parent.tried) if parent else []        # commands that must succeed in it
        self.entrypoint = parent.entrypoint if parent else []
        self.health = parent.health if parent else None
        self.user = parent.user if parent else "0:0"

    def take(self, word, rest):
        if word == "ENV":
            self.env.update(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "RUN" and "install_packages" in rest:
            self.packages.append(re.search(r"install_packages (\w+)", rest).group(1))
        elif word == "RUN" and rest.startswith("["):
            self.tried.append(json.loads(rest))
        elif word == "COPY" and "--from=build" in rest:
            self.copied.append(rest.split()[1])
        elif word == "ENTRYPOINT":
            self.entrypoint = json.loads(rest)
        elif word == "HEALTHCHECK":
            self.health = rest.split(" CMD ", 1)[1]
        elif word == "USER":
            self.user = rest


def read():
    """({stage: Stage}, {folder of the stage build: parts that deploy/image/stage puts there})."""
    stages, current = {}, None
    text = PATH.read_text()
    for word, rest in instructions(text):
        if word == "FROM":
            base, _, name = rest.split()
            current = stages[name] = Stage(stages.get(base))
        elif current is not None:
            current.take(word, rest)
    joined = " ".join(rest for _, rest in instructions(text))
    parts = {folder: names.split() for folder, names in
             re.findall(r"deploy/image/stage (/images/\S+) ([\w ]+)", joined)}
    return stages, parts
