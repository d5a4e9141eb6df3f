"""`auto`: the best captioner that this machine can run now, and why."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from momentidx.config import Settings
from momentidx.errors import MomentidxError

log = logging.getLogger(__name__)

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Choice:
    """A captioner and why it was taken."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"auto takes '{self.name}': {self.why}."


def best(settings: Settings) -> Choice:
    """A server that is set up, else a model that is installed and fits, else the shot log."""
    if settings.endpoint_model:
        return Choice("endpoint", f"a server is set up ({settings.endpoint_url}, {settings.endpoint_model})")
    try:
        # The sentence of an error says what to do about it; a model that is named is taken also without a GPU.
        from momentidx.caption.transformers.folder import ROOM, chosen
        from momentidx.caption.transformers.network import memory
        from momentidx.models.store import Store

        may = settings.gpu_memory_gb or memory()
        if not may and not settings.video_model:
            return Choice("shotlog", "there is no GPU, and neither a server nor a 'video_model' is set up")
        folder = chosen(settings, Store.of(settings).folder)
        return Choice("transformers", f"{folder.path} is installed and needs {folder.gigabytes * ROOM:.0f} GB")
    except (MomentidxError, ImportError) as error:
        return Choice("shotlog", str(error).rstrip("."))


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
