"""A benchmark is run: every query asked once, every answer written as it comes.

The file of answers is JSON Lines. Its first line holds the settings, so that a run that was stopped goes on where it
stopped, and never with other settings.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TextIO

from momentidx.errors import UnusableFootage, WrongUse
from momentidx.evaluation.benchmarks.values import Query, Said
from momentidx.evaluation.reading import read_lines

ANSWERS = "answers.jsonl"
Settings = Mapping[str, Any]


class System(Protocol):
    """What is measured."""

    name: str
    version: str
    """Changes whenever its answers could change."""
    how: str
    """How it answers, as a sentence for the report."""

    def say(self, query: Query, path: Path) -> Said:
        """Its answer to what the benchmark asks. Raises UnusableFootage when it has none for this file."""
        ...


@dataclass(slots=True)
class Run:
    """What was answered, and what could not be asked."""

    answered: list[tuple[Query, Said]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Ids of videos that are not there; their queries are left out."""
    passing: list[str] = field(default_factory=list)
    """Why queries were put off: a run later on may answer them."""


def run(queries: Iterable[Query], system: System, find: Callable[[str], Path | None], journal: Journal) -> Run:
    """Ask what the journal does not hold yet. A file that cannot be used is an answer too, and counts 0."""
    done = Run()
    missing: dict[str, None] = {}
    for query in queries:
        said = journal.known.get(query.id)
        if said is None:
            path = find(query.video)
            if path is None:
                missing[query.video] = None
                continue
            started = time.monotonic()
            try:
                said = system.say(query, path)
            except UnusableFootage as error:
                if error.passing:
                    done.passing.append(str(error))
                    continue
                said = Said(query.id, 0.0, problem=str(error))
            said = replace(said, took=round(time.monotonic() - started, 3))
            journal.write(said)
        done.answered.append((query, said))
    done.missing = list(missing)
    return done


class Journal:
    """The file of answers."""

    def __init__(self, known: dict[str, Said], file: TextIO) -> None:
        self.known = known
        self._file = file

    def write(self, said: Said) -> None:
        self._file.write(json.dumps(asdict(said)) + "\n")
        self._file.flush()


@contextmanager
def open_journal(folder: Path, settings: Settings) -> Iterator[Journal]:
    """The answers in a folder, to be added to.

    Raises WrongUse when they were made with other settings, or when another run is adding to them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ANSWERS
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WrongUse(f"{path}: another run is writing its answers. Wait for it, or give -o.") from error
        _mend(path)
        yield Journal(_known(path, settings) if path.stat().st_size else _begun(file, settings), file)


def _begun(file: TextIO, settings: Settings) -> dict[str, Said]:
    file.write(json.dumps({"settings": settings}) + "\n")
    file.flush()
    return {}


def _known(path: Path, settings: Settings) -> dict[str, Said]:
    first, *rows = read_lines(path)
    before = first.content.get("settings")
    if not isinstance(before, dict):
        raise WrongUse(f"{path} is no file of answers. Give another folder with -o.")
    changes = [
        f"{name} was {before.get(name)}, is {settings.get(name)}"
        for name in dict.fromkeys([*before, *settings])
        if before.get(name) != settings.get(name)
    ]
    if changes:
        raise WrongUse(
            f"{path} was made with other settings: {'; '.join(changes)}. Give another folder with -o, or delete it."
        )
    said = [Said.of(row) for row in rows]
    return {each.query: each for each in said}


def _mend(path: Path) -> None:
    """Takes out a last line that was being written when the run was killed."""
    if end := path.read_bytes().rfind(b"\n") + 1:
        os.truncate(path, end)
