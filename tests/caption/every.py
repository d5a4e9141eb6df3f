"""Every captioner there is, ready to be asked, for the suite that holds for all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from momentidx.caption.captioner import ChatCaptioner
from momentidx.caption.protocol import Captioner
from momentidx.caption.transformers.chat import TransformersChat
from momentidx.config import Settings
from momentidx.hooks import choose
from tests.caption.server import MODEL, TOKEN
from tests.caption.toy_seeds import toy

ROOT = Path(__file__).parents[2]


@contextmanager
def shotlog(folder: Path) -> Iterator[Captioner]:
    yield made("shotlog", models_folder=folder)  # and no models are there


@contextmanager
def scripted(folder: Path) -> Iterator[Captioner]:
    lines = [
        {"start": 0, "end": 1.5, "caption": "A red ball rolls in"},
        {"start": 1, "end": 700, "caption": "It is quiet."},
    ]
    (folder / "script.json").write_text(json.dumps({"events": lines, "answers": {"What is it?": "A ball."}}))
    yield made("scripted", scripted_answers=folder / "script.json")


@contextmanager
def endpoint(folder: Path, name: str = "endpoint") -> Iterator[Captioner]:
    address, process = served(folder / "log")
    try:
        yield made(name, endpoint_url=address, endpoint_model=MODEL, endpoint_token=TOKEN)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def transformers(folder: Path) -> Iterator[Captioner]:
    from tests.caption.tiny_models import speaking, write

    model = write(folder / "model", "Qwen3VLForConditionalGeneration")
    captioner = made("transformers", video_model=str(model), video_pictures=8, video_width=64)
    assert isinstance(captioner, ChatCaptioner)
    assert isinstance(captioner.chat, TransformersChat)
    speaking(captioner.chat.network)
    yield captioner


@contextmanager
def vtimellm(folder: Path) -> Iterator[Captioner]:
    toy(folder, "vtimellm")
    yield made("vtimellm", models_folder=folder)


@contextmanager
def momentor(folder: Path) -> Iterator[Captioner]:
    toy(folder, "momentor")
    yield made("momentor", models_folder=folder)


@contextmanager
def grounded_videollm(folder: Path) -> Iterator[Captioner]:
    toy(folder, "grounded_videollm")
    yield made("grounded_videollm", models_folder=folder)


@contextmanager
def tiny(_folder: Path) -> Iterator[Captioner]:
    yield made("tiny")  # with the weights that come with momentidx


def served(log: Path, *faults: str) -> tuple[str, subprocess.Popen[str]]:
    """A server in a process of its own (see `server.py`): its address, and the process to be killed in the end."""
    command = [sys.executable, "-m", "tests.caption.server", str(log), *faults]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process.stdout.readline().strip(), process


def made(name: str, **settings: object) -> Captioner:
    captioner: Captioner = choose("captioners", name).make(Settings.model_validate(settings))
    return captioner


CAPTIONERS: dict[str, Callable[[Path], AbstractContextManager[Captioner]]] = {
    "shotlog": shotlog,
    "auto": partial(endpoint, name="auto"),
    "scripted": scripted,
    "endpoint": endpoint,
    "transformers": transformers,
    "vtimellm": vtimellm,
    "momentor": momentor,
    "grounded_videollm": grounded_videollm,
    "tiny": tiny,
}
