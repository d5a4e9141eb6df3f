"""Every captioner there is, ready to be asked, for the suite that holds for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from momentidx.caption.protocol import Captioner
from momentidx.config import Settings
from momentidx.hooks import choose


@contextmanager
def shotlog(folder: Path) -> Iterator[Captioner]:
    yield made("shotlog", models_folder=folder)  # and no models are there


@contextmanager
def auto(folder: Path) -> Iterator[Captioner]:
    yield made("auto", models_folder=folder)


@contextmanager
def scripted(folder: Path) -> Iterator[Captioner]:
    lines = [
        {"start": 0, "end": 1.5, "caption": "A red ball rolls in"},
        {"start": 1, "end": 700, "caption": "It is quiet."},
    ]
    (folder / "script.json").write_text(json.dumps({"events": lines, "answers": {"What is it?": "A ball."}}))
    yield made("scripted", scripted_answers=folder / "script.json")


def made(name: str, **settings: object) -> Captioner:
    captioner: Captioner = choose("captioners", name).make(Settings.model_validate(settings))
    return captioner


CAPTIONERS: dict[str, Callable[[Path], AbstractContextManager[Captioner]]] = {
    "shotlog": shotlog,
    "auto": auto,
    "scripted": scripted,
}
