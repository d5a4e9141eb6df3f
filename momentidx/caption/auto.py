"""`auto`: the best captioner that this machine can run now, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from momentidx.config import Settings
from momentidx.errors import MomentidxError

log = logging.getLogger(__name__)

AUTO = "auto"
SEEDS = ("grounded_videollm", "vtimellm", "momentor")
"""Best first, by the figures that their authors give (docs/captioners.md)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A captioner and why it was taken."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"auto takes '{self.name}': {self.why}."


def best(settings: Settings) -> Choice:
    """A server that is set up, else a chat model, else a seed that is installed and fits, else the shot log."""
    if settings.endpoint_model:
        return Choice("endpoint", f"a server is set up ({settings.endpoint_url}, {settings.endpoint_model})")
    from momentidx.models.devices import memory

    may = settings.gpu_memory_gb or memory()
    # A model that is named is taken also without a GPU.
    if not may and not settings.video_model:
        return Choice("shotlog", "there is no GPU, and neither a server nor a 'video_model' is set up")
    refused: list[str] = []
    choices: list[Callable[[Settings], Choice]] = [_chat_model, *(partial(_seed, name, may) for name in SEEDS)]
    for choice in choices:
        try:
            return choice(settings)
        except FileNotFoundError:
            continue
        except (MomentidxError, ImportError) as error:
            refused.append(str(error))  # the sentence says what to do about it
    return Choice("shotlog", " ".join(refused).rstrip("."))


def _chat_model(settings: Settings) -> Choice:
    """Raises MomentidxError when none is here and fits."""
    from momentidx.caption.transformers.folder import chosen
    from momentidx.models.devices import ROOM
    from momentidx.models.store import Store

    folder = chosen(settings, Store.of(settings).folder)
    return Choice("transformers", f"{folder.path} is installed and needs {folder.gigabytes * ROOM:.0f} GB")


def _seed(name: str, may: float, settings: Settings) -> Choice:
    """Raises FileNotFoundError when it is not here, MomentidxError when it is not whole or needs more GB than `may`."""
    from momentidx.models.checkpoints.layout import Converted
    from momentidx.models.devices import ROOM, check_room
    from momentidx.models.store import Store

    folder = Store.of(settings).folder / name
    if not folder.exists():
        raise FileNotFoundError(folder)
    converted = Converted.open(folder, name)
    converted.check_whole()
    check_room(name, converted.gigabytes, may)
    return Choice(name, f"{folder} is installed and needs {converted.gigabytes * ROOM:.0f} GB")


def resolved(settings: Settings) -> Settings:
    """The settings with `auto` replaced by the captioner it stands for, in the library's and in each folder's."""
    named = [settings.captioners, *(folder.captioners or () for folder in settings.folders.values())]
    if not any(AUTO in names for names in named):
        return settings
    choice = best(settings)
    log.info("%s", choice)
    name = choice.name
    folders = {path: own.model_copy(update=_named(own.captioners, name)) for path, own in settings.folders.items()}
    return settings.model_copy(update={**_named(settings.captioners, name), "folders": folders})


def _named(captioners: tuple[str, ...] | None, name: str) -> dict[str, tuple[str, ...]]:
    """Each captioner once, also when `auto` takes one that is named besides."""
    if captioners is None:
        return {}
    return {"captioners": tuple(dict.fromkeys(name if one == AUTO else one for one in captioners))}
