"""A process beside the daemon that has a library open and answers what is asked over a socket in its folder.

Opening a library and loading the embedder take most of a search; here both are done once. It is a process of its own,
so that indexing in the daemon does not slow it down, and its end ends nothing else. Only the user who owns it is
answered. One question is one line of JSON, one answer another; after that the connection is closed. Whoever gets no
answer, for whatever reason, asks the library itself.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import select
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentidx import __version__
from momentidx.errors import MomentidxError
from momentidx.search.asking import Answers, Wish
from momentidx.search.turns import SHORT_SECONDS, Turns, expected
from momentidx.search.wire import answers_from_json, answers_to_json, wish_from_json, wish_to_json

if TYPE_CHECKING:
    from momentidx.library import Library
    from momentidx.search.keeping import Kept
    from momentidx.search.protocol import Embedder
    from momentidx.search.vectors import Vectors

SOCKET = "find.socket"
LONGEST = 64 * 1024
"""Bytes of a question."""
ASKING_SECONDS = 2.0
"""How long a client may take to ask ..."""
ANSWER_SECONDS = 10.0
"""... and how long it waits for the answer before it looks for itself."""
IDLE_SECONDS = 5.0
"""After a start so long nothing is loaded that nobody asked for; a daemon has other things to do then."""
CLIPS_AHEAD = 100
"""What is told in so many clips is read ahead at once, in some 30 ms."""

log = logging.getLogger(__name__)


def ask(library: Path, words: str, wish: Wish, embedder: str) -> Answers | None:
    """What the process beside the daemon answers; None when there is none, or it does not answer this."""
    question = {"version": __version__, "words": words, "wish": wish_to_json(wish), "embedder": embedder}
    asked = json.dumps(question).encode() + b"\n"
    if wish.like is not None or len(asked) > LONGEST:
        return None
    try:
        with _at(library) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(address)
            connection.sendall(asked)
            with connection.makefile("rb") as answer:
                return answers_from_json(json.loads(answer.readline()))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_answered(library: Path) -> bool:
    """Whether a process has the socket of a library."""
    with suppress(OSError), _at(library) as address, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        return True
    return False


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is kept from one question to the next."""

    embedder: Embedder
    vectors: Vectors
    kept: Kept
    note: str | None


class Service:
    """One library, opened at the first question, and what is needed to search it."""

    def __init__(self, folder: Path, embedder: str) -> None:
        self.folder = folder
        self._name = embedder
        self._turns = Turns()
        self._library: Library | None = None
        self._kept: _Ready | None = None

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question, in the form of the wire; raises MomentidxError like a search."""
        if question["version"] != __version__ or question["embedder"] != self._name:
            raise MomentidxError("Asked by another version, or for another embedder.")
        return answers_to_json(self.search(question["words"], wish_from_json(question["wish"])))

    def search(self, words: str | None, wish: Wish) -> Answers:
        """The same as values; for threads of this process."""
        from momentidx.search.find import known_fields, search
        from momentidx.search.parse import parse

        seconds = expected(parse(words, known_fields())) if words else SHORT_SECONDS
        with self._turns.turn(seconds) as step_back:  # two at a time would only be in each other's way
            library, ready = self._ready()
            found = search(
                library, words, wish,
                embedder=ready.embedder, vectors=ready.vectors, kept=ready.kept, step_back=step_back,
            )  # fmt: skip
        return replace(found, notes=(*filter(None, [ready.note]), *found.notes))

    def misses(self, answers: Answers, wish: Wish) -> list[tuple[str, int]]:
        """For each condition of a query that found nothing: its text, and how many there would be without it."""
        from momentidx.search.find import misses

        with self._turns.turn():
            library, ready = self._ready()
            return misses(library, answers, wish, embedder=ready.embedder, vectors=ready.vectors, kept=ready.kept)

    def warm_up(self) -> None:
        """Do before the first question what it would have to wait for."""
        with suppress(MomentidxError), self._turns.turn():
            _, ready = self._ready()
            ready.embedder.embed(["a word"])

    def read_ahead(self) -> None:
        """Read what is told around the newest clips, while nobody asks: some seconds, at most until this is closed."""
        from momentidx.search.surroundings import REMEMBERED

        with suppress(MomentidxError):
            with self._turns.turn():
                library, ready = self._ready()
                clips = library.newest_clips(REMEMBERED // 2)
            for first in range(0, len(clips), CLIPS_AHEAD):
                with self._turns.turn(inf):
                    if self._kept is not ready:  # closed meanwhile
                        return
                    ready.kept.surroundings.learn(clips[first : first + CLIPS_AHEAD])

    def close(self) -> None:
        """Let go of the library; a later question opens what lies in its folder then."""
        with self._turns.last():  # also after those that were begun and have stepped back
            if self._library is not None:
                self._library.close()
            self._library = self._kept = None

    def _ready(self) -> tuple[Library, _Ready]:
        from momentidx.config import load_settings
        from momentidx.hooks import choose
        from momentidx.library import Library
        from momentidx.search.embedding import searchable
        from momentidx.search.keeping import Kept
        from momentidx.search.vectors import open_vectors

        if self._library is None:
            self._library = Library.open(self.folder)
        if self._kept is None or self._kept.note or not self._library.is_embedded_by(self._kept.embedder):
            # An embedder that has caught up takes its predecessor's place.
            settings = load_settings(self.folder, os.environ).settings
            make = lambda name: choose("embedders", name).make(settings)  # noqa: E731
            embedder, note = searchable(self._library, self._name, make)
            vectors = open_vectors(self._library, embedder, gpu=settings.search_gpu)
            self._kept = _Ready(embedder, vectors, Kept(self._library, embedder), note)
        ready = self._kept
        ready.vectors.refresh()
        ready.kept.refresh()
        if ready.vectors.is_behind:
            ready.vectors.fold_beside()
        return self._library, ready


class _Handler(socketserver.StreamRequestHandler):
    timeout = ASKING_SECONDS

    def handle(self) -> None:
        try:
            if _user_of(self.connection) != os.getuid():
                return
            line = self.rfile.readline(LONGEST + 1)
            if not line.endswith(b"\n"):
                return
            told = self.server.service.answer(json.loads(line))  # type: ignore[attr-defined]
            self.connection.settimeout(ANSWER_SECONDS)
            self.wfile.write(json.dumps(told).encode() + b"\n")
        except (MomentidxError, OSError, ValueError, TypeError, KeyError) as error:
            log.debug("not answered: %s", error)  # the client asks the library itself, and is told the same there


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: str, service: Service) -> None:
        self.service = service
        super().__init__(address, _Handler)


@contextmanager
def answering(service: Service) -> Iterator[None]:
    """Answer on the socket in the library's folder, in threads, until the end of the block."""
    file = service.folder / SOCKET
    with _at(service.folder) as address:
        file.unlink(missing_ok=True)  # of a process that was killed
        before = os.umask(0o177)
        try:
            server = _Server(address, service)
        finally:
            os.umask(before)
        threading.Thread(target=server.serve_forever, name="answering", daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            file.unlink(missing_ok=True)
            service.close()


def serve(folder: str, embedder: str) -> None:
    """The process: answers until its standard input ends, which it does with the daemon."""
    service = Service(Path(folder), embedder)
    with suppress(OSError), answering(service):  # a file system without sockets
        if not select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
            service.warm_up()
            settle()
            threading.Thread(target=service.read_ahead, name="reading ahead", daemon=True).start()
        sys.stdin.buffer.read()


def settle() -> None:
    """Of a process that has loaded all it needs: the collector of garbage goes through that no more, which takes a
    tenth of the time of a question."""
    gc.collect()
    gc.freeze()


@contextmanager
def _at(library: Path) -> Iterator[str]:
    """The socket's address: through the open folder, for the path of a socket may have 107 bytes only."""
    folder = os.open(library, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


def _user_of(connection: socket.socket) -> int:
    """Who is at the other end (SO_PEERCRED, socket(7)): numbers of process, user and group."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", told)[1])
