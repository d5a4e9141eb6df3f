"""How captioners, embedders, timeline writers and detectors come in: one hook each, ours and yours alike.

A plug-in is a module with functions marked `@hookimpl`, named by an entry point of the group
`momentidx` in its package. A hook returns offers: a name, a sentence, and a function that makes the
thing. Heavy imports belong into that function, so that listing the plug-ins stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Filter

if TYPE_CHECKING:
    from momentidx.caption.detector import Detector
    from momentidx.caption.protocol import Captioner
    from momentidx.config import Settings
    from momentidx.search.protocol import Embedder
    from momentidx.timeline.protocol import TimelineWriter

GROUP = "momentidx"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)

T = TypeVar("T")


@dataclass(frozen=True)
class Offer(Generic[T]):
    """One thing a plug-in provides."""

    name: str
    """What users type: `shotlog`, `minilm`, `otio`."""
    summary: str
    """One sentence for `momentidx plugins`."""
    make: Callable[[Settings], T]
    """Builds it; may import and load whatever it needs, and raises MomentidxError when it cannot."""
    filters: Mapping[str, Filter] = field(default_factory=dict)
    """Of a captioner: what of its events can be asked for by name. Here, so that asking need not build it."""
    model: str = ""
    """Of a captioner that has several models: the setting that names one. `NAME:MODEL` stands for another."""


class Hooks:
    """The hooks. Each returns a list of offers."""

    @hookspec
    def captioners(self) -> list[Offer[Captioner]]:  # type: ignore[empty-body]
        """Things that describe footage (see `caption/protocol.py`)."""

    @hookspec
    def detectors(self) -> list[Offer[Detector]]:  # type: ignore[empty-body]
        """Things that find things in pictures, for training data (see `caption/detector.py`)."""

    @hookspec
    def embedders(self) -> list[Offer[Embedder]]:  # type: ignore[empty-body]
        """Things that turn sentences into vectors (see `search/protocol.py`)."""

    @hookspec
    def timeline_writers(self) -> list[Offer[TimelineWriter]]:  # type: ignore[empty-body]
        """Things that write a timeline to a file (see `timeline/protocol.py`)."""


KINDS = ("captioners", "embedders", "timeline_writers", "detectors")


@dataclass(frozen=True)
class Provided:
    """An offer and the package it comes from."""

    kind: str
    offer: Offer[Any]
    package: str


@cache
def plugins() -> tuple[Provided, ...]:
    """Everything that installed packages provide, in the order of kind and name."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    try:
        manager.load_setuptools_entrypoints(GROUP)
    except Exception as error:  # a broken plug-in of somebody else's; say which instead of dying in it
        raise MomentidxError(f"A plug-in cannot be loaded: {error!r}. Update or uninstall its package.") from error
    packages = {plugin: dist.project_name for plugin, dist in manager.list_plugin_distinfo()}
    found = [
        Provided(kind, offer, packages[implementation.plugin])
        for kind in KINDS
        for implementation in getattr(manager.hook, kind).get_hookimpls()
        for offer in implementation.function()
    ]
    return tuple(sorted(found, key=lambda item: (KINDS.index(item.kind), item.offer.name)))


def choose(kind: str, name: str) -> Offer[Any]:
    """The offer of that kind and name, or `NAME:MODEL`. Raises WrongUse with the names that exist."""
    base, with_model, model = name.partition(":")
    offers = {item.offer.name: item.offer for item in plugins() if item.kind == kind}
    if base not in offers:
        known = ", ".join(offers) or "none"
        raise WrongUse(f"There is no '{name}' among the {kind.replace('_', ' ')} (installed: {known}).")
    offer = offers[base]
    if not with_model:
        return offer
    if not offer.model or not model:
        several = ", ".join(each.name for each in offers.values() if each.model) or "none"
        raise WrongUse(f"'{name}' names no model. With a model can be written: {several}.")
    return replace(offer, name=name, make=partial(_with_model, offer, name, model))


def _with_model(offer: Offer[Any], name: str, model: str, settings: Settings) -> Any:
    made = offer.make(settings.model_copy(update={offer.model: model}))
    made.name = name  # what it tells lies beside what the same captioner told with another model
    return made
