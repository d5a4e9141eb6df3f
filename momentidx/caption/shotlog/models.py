"""The small networks that the shot log uses when they are installed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec

from momentidx.errors import MomentidxError
from momentidx.models.store import MODELS, OBJECTS, SCENES, SOUNDS, Store
from momentidx.models.tflite import Objects, Scenes, Sounds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Models:
    """What can be recognised; what is not installed is None."""

    objects: Objects | None = None
    scenes: Scenes | None = None
    sounds: Sounds | None = None
    version: str = ""
    """Changes with the files; empty without any."""


def installed(store: Store) -> Models:
    """The networks that are installed and can run; all or none.

    Says once what is missing and what it would add. A file that was changed is refused
    (MomentidxError): going on without it would change what is logged without a word.
    """
    model = MODELS["shotlog"]
    missing = store.missing(model)
    if missing:
        log.info("The shot log works without %s. 'momentidx models pull %s' adds them.", model.what, model.name)
        return Models()
    if find_spec("ai_edge_litert") is None:
        raise MomentidxError(
            f"The model '{model.name}' is installed, but not what runs it. Run pip install 'momentidx[shotlog]', "
            f"or 'momentidx models remove {model.name}'."
        )
    objects, scenes, sounds = (store.checked(model, file) for file in (OBJECTS, SCENES, SOUNDS))
    return Models(Objects(objects), Scenes(scenes), Sounds(sounds), version=model.version)
