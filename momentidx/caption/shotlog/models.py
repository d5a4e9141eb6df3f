"""The small networks that the shot log uses when they are installed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec

from momentidx.errors import MomentidxError
from momentidx.models.reading import Reader, can_read
from momentidx.models.store import MODELS, OBJECTS, SCENES, SOUNDS, Store
from momentidx.models.tflite import Objects, Scenes, Sounds

log = logging.getLogger(__name__)


WITHOUT_MODELS = (
    "The shot log works without its small models (12 MB), which would add named things and sounds: "
    "pip install 'momentidx[shotlog]', then momentidx models pull shotlog."
)
WITHOUT_READER = (
    "The shot log works without the extra 'ocr', which would add what is written in the picture "
    "(slates, signs, titles, credits): pip install 'momentidx[ocr]'."
)


@dataclass(frozen=True, slots=True)
class Models:
    """What can be recognised; what is not installed is None."""

    objects: Objects | None = None
    scenes: Scenes | None = None
    sounds: Sounds | None = None
    version: str = ""
    """Changes with the files; empty without any."""


def reader() -> Reader | None:
    """What reads text, where it is installed; says once what it would add where it is not."""
    if can_read():
        return Reader()
    log.info("%s", WITHOUT_READER)
    return None


def installed(store: Store) -> Models:
    """The networks that are installed and can run; all or none.

    Says once what is missing and what it would add. A file that was changed is refused
    (MomentidxError): going on without it would change what is logged without a word.
    """
    model = MODELS["shotlog"]
    missing = store.missing(model)
    if missing:
        log.info("%s", WITHOUT_MODELS)
        return Models()
    if find_spec("ai_edge_litert") is None:
        raise MomentidxError(
            f"The model '{model.name}' is installed, but not what runs it. Run pip install 'momentidx[shotlog]', "
            f"or 'momentidx models remove {model.name}'."
        )
    objects, scenes, sounds = (store.checked(model, file) for file in (OBJECTS, SCENES, SOUNDS))
    return Models(Objects(objects), Scenes(scenes), Sounds(sounds), version=model.version)
