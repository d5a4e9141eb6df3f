"""Who puts drafts into words: templates, which need nothing, or a language model on a server or in this process.

What a model answers is kept on disk under what it was asked, so that nothing is asked twice: not when a build was
stopped, nor when another part of it has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Protocol

import numpy as np

from momentidx.caption.chat import Chat, Clip, Reply, Request, Sight, Task
from momentidx.errors import MomentidxError, UnusableFootage
from momentidx.training.checkpoints import write_whole
from momentidx.training.engine import wording
from momentidx.training.engine.instructions import ASKED, Draft, Spoken
from momentidx.training.engine.matrix import Matrix
from momentidx.training.engine.wording import Flaw

if TYPE_CHECKING:
    from momentidx.config import Settings

TEMPLATES, ENDPOINT = "templates", "endpoint"
TOKENS = 1024
"""The longest answer; models that think first need most of it for that."""
NOTHING = Clip(np.zeros((0, 1, 1, 3), np.uint8), (), 0.0)
"""Shown to the model: it is told, and sees no picture."""


class Writer(Protocol):
    """Puts drafts into words."""

    name: str
    """As the report calls it."""
    version: str
    """Changes whenever its words could change."""

    def write(self, drafts: Sequence[Draft], known: Matrix, random: Random) -> Iterator[Spoken | Flaw]:
        """For each draft in its turn, its words or why there are none. `random` draws among wordings.

        Raises UnusableFootage when this footage cannot be written about, MomentidxError when none can.
        """
        ...


class Templates:
    """Words that are always the same; the questions are drawn among a few."""

    name = version = TEMPLATES

    def write(self, drafts: Sequence[Draft], known: Matrix, random: Random) -> Iterator[Spoken | Flaw]:  # noqa: ARG002
        """See `Writer`."""
        for draft in drafts:
            yield Spoken(random.choice(ASKED[draft.task]), draft.answer)


class ModelWriter:
    """A language model, told what the matrix holds. What cannot be used is asked for once more, and then refused."""

    def __init__(self, chat: Chat, name: str, kept: Path) -> None:
        """`kept` is the folder for its answers."""
        self._chat, self._kept, self.name = chat, kept, name
        self.version = f"{chat.version} {wording.version()}"

    def write(self, drafts: Sequence[Draft], known: Matrix, random: Random) -> Iterator[Spoken | Flaw]:
        """See `Writer`."""
        prompts = [wording.prompt(draft, known, random.choice(ASKED[draft.task])) for draft in drafts]
        replies = self._asked(prompts)
        read = [
            wording.read(replies[asked].text, draft, known, whole=replies[asked].whole)
            for draft, asked in zip(drafts, prompts, strict=True)
        ]
        once_more = {
            at: wording.again(prompts[at], replies[prompts[at]].text, flaw)
            for at, flaw in enumerate(read)
            if isinstance(flaw, Flaw)
        }
        replies = self._asked(list(once_more.values()))
        for at, asked in once_more.items():
            read[at] = wording.read(replies[asked].text, drafts[at], known, whole=replies[asked].whole)
        yield from read

    def _asked(self, prompts: Sequence[str]) -> dict[str, Reply]:
        """A reply for each prompt: the kept one, or the model's, which is kept as soon as it is there."""
        replies = {asked: self._before(asked) for asked in prompts}
        absent = [asked for asked, reply in replies.items() if reply is None]
        requests = (Request(NOTHING, Task.ANSWER, "", asked, TOKENS) for asked in absent)
        try:
            for asked, reply in zip(absent, self._chat.replies(requests), strict=True):
                if isinstance(reply, Exception):
                    raise reply
                self._keep(asked, reply)
                replies[asked] = reply
        except UnusableFootage as error:
            if not error.passing:
                raise
            raise MomentidxError(f"{error} What was answered is kept: the same command goes on from there.") from error
        return {asked: reply for asked, reply in replies.items() if reply is not None}

    def _before(self, asked: str) -> Reply | None:
        try:
            told = json.loads(self._place(asked).read_text(encoding="utf-8"))
            return Reply(str(told["text"]), bool(told["whole"]))
        except (OSError, ValueError, KeyError, TypeError):  # not there, or not whole: it is asked again
            return None

    def _keep(self, asked: str, reply: Reply) -> None:
        place = self._place(asked)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, json.dumps(asdict(reply) | {"asked": asked}, ensure_ascii=False, indent=1))

    def _place(self, asked: str) -> Path:
        name = hashlib.sha256(f"{self._chat.version}\n{TOKENS}\n{asked}".encode()).hexdigest()
        return self._kept / name[:2] / f"{name}.json"


def chosen(name: str, settings: Settings, kept: Path) -> Writer:
    """`templates`, `endpoint`, or the language model in a folder or the hub's cache.

    Raises WrongUse for what is none, MomentidxError when it is not here, not whole, or too large.
    """
    if name == TEMPLATES:
        return Templates()
    if name == ENDPOINT:
        try:
            from momentidx.caption.endpoint import EndpointChat, Server
        except ImportError as error:
            raise MomentidxError("The writer 'endpoint' needs httpx2: pip install 'momentidx[endpoint]'.") from error
        server = Server.of(settings)
        return ModelWriter(EndpointChat(server, Sight()), f"{ENDPOINT} {server.model}", kept)
    from momentidx.caption.transformers.chat import TransformersChat
    from momentidx.caption.transformers.folder import language_model

    folder = language_model(name)
    return ModelWriter(TransformersChat.of(folder, settings), folder.path.name, kept)
