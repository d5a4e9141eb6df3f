"""Several files in work with one captioner: full batches, ends of their own, and nothing lost when the process dies."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from momentidx.caption.batches import Batches
from momentidx.caption.captioner import ChatCaptioner
from momentidx.caption.chat import Reply, Request, Sight
from momentidx.errors import UnusableFootage
from momentidx.events import Event
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import Library, WritableLibrary
from momentidx.media.frames import Frames, FrameSource
from momentidx.media.identity import fingerprint
from momentidx.pipeline import stages
from momentidx.pipeline.tools import Tools
from momentidx.pipeline.worker import Outcome, work
from tests.clips import render
from tests.pipeline.scripted import Scripted


class Dead(BaseException):
    """The process ends here, and nobody tidies up."""


class Counting:
    """A network that tells one event of each clip, can be made to fail, and counts its batches."""

    name, device, relief = "counting", torch.device("cpu"), "Buy more."

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.fails: Callable[[Sequence[Request]], None] = lambda _batch: None

    def answers(self, batch: Sequence[Request]) -> list[Reply]:
        self.batches.append(len(batch))
        self.fails(batch)
        return [Reply(f"0.0 - {request.clip.duration}: Seen from {request.clip.start:.1f} on.") for request in batch]

    def drop(self) -> None: ...


class CountingChat:
    version, step, sight = "1", Fraction(1, 10), Sight(4, width=32, window=Fraction(2), overlap=Fraction(0))

    def __init__(self, at_once: int) -> None:
        self.network = Counting()
        self._batches = Batches(self.network, at_once)

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply | Exception]:
        return self._batches.replies(requests)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return render(tmp_path_factory.mktemp("clip") / "clip.mov", frames=10).read_bytes()


@pytest.fixture
def clips(content: bytes, tmp_path: Path) -> list[Path]:
    """Seven that differ in a box that players pass over, 0.4 s each."""
    paths = [tmp_path / f"clip{number}.mov" for number in range(7)]
    for number, path in enumerate(paths):
        path.write_bytes(content + struct.pack(">I4sI", 12, b"free", number))
    return paths


def asking(tools: Tools, at_once: int) -> tuple[Tools, Counting]:
    chat = CountingChat(at_once)
    return replace(tools, captioners=(ChatCaptioner("scripted", chat),)), chat.network


def index(library: WritableLibrary, tools: Tools, paths: Iterable[Path]) -> list[Outcome]:
    for path in paths:
        library.enqueue(SeenFile.of(path))
    return list(work(library, tools))


def captions(library: Library, path: Path) -> list[str]:
    return [moment.event.caption for moment in library.moments(library.footage_of(path).fingerprint)]


def test_short_clips_fill_batches_and_are_told_of_as_they_are_alone(
    library: WritableLibrary, tools: Tools, clips: list[Path], tmp_path: Path
) -> None:
    long = render(tmp_path / "long.mov", frames=110)  # three windows
    paths = [*clips[:4], long, *clips[4:]]
    together, network = asking(tools, 4)
    outcomes = index(library, together, paths)
    assert [(outcome.path, outcome.reason) for outcome in outcomes] == [(path, None) for path in paths]
    assert network.batches == [4, 4, 2]
    assert captions(library, clips[6]) == ["Seen from 0.0 on."]
    assert captions(library, long) == ["Seen from 0.0 on.", "Seen from 2.0 on.", "Seen from 4.0 on."]
    alone, counted = asking(tools, 1)
    with WritableLibrary.open(tmp_path / "other") as other:
        for path in paths:
            index(other, alone, [path])
        assert counted.batches == [1] * 10
        assert other.dump() == library.dump()


def test_what_goes_wrong_with_one_file_fails_that_one(
    library: WritableLibrary, tools: Tools, clips: list[Path], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    clips[1].write_text("not a film\n" * 100)
    torn, mistaken, refused = (fingerprint(clips[number]) for number in (2, 4, 5))
    together, network = asking(tools, 3)

    class Torn(stages.TellingSource):
        def at(self, pts: Sequence[int], *, width: int) -> Frames:
            if self._footage.fingerprint == torn:
                raise UnusableFootage("torn", "There are no pictures in the middle.")
            return super().at(pts, width=width)

    monkeypatch.setattr(stages, "TellingSource", Torn)

    def picky(batch: Sequence[Request]) -> None:
        for request in batch:
            if request.clip.footage == mistaken:
                raise ZeroDivisionError("a mistake")
            if request.clip.footage == refused and len(batch) == 1:
                raise torch.OutOfMemoryError
            if request.clip.footage == refused:
                raise ValueError("these do not go together")

    network.fails = picky
    outcomes = index(library, together, clips)
    assert [outcome.path for outcome in outcomes] == clips
    assert [outcome.reason is None for outcome in outcomes] == [True, False, False, True, False, False, True]
    codes = {failure.path: failure.code for failure in library.status().failures}
    assert [codes[clips[number]] for number in (1, 2, 4, 5)] == ["not-media", "torn", "unforeseen", "gpu-memory"]
    assert captions(library, clips[6]) == ["Seen from 0.0 on."]
    assert "a mistake" in caplog.text
    assert library.status().jobs["running"] == 0


def test_when_the_device_is_lost_its_batch_waits_and_the_work_goes_on(
    library: WritableLibrary, tools: Tools, clips: list[Path]
) -> None:
    together, network = asking(tools, 3)

    def lost(_batch: Sequence[Request]) -> None:
        if len(network.batches) == 2:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    network.fails = lost
    outcomes = index(library, together, clips)
    assert [outcome.reason is None for outcome in outcomes] == [True] * 3 + [False] * 3 + [True]
    assert {(failure.code, failure.passing) for failure in library.status().failures} == {("device-lost", True)}


def test_the_process_may_die_and_then_each_file_is_alone_until_it_is_done(
    library: WritableLibrary, tools: Tools, clips: list[Path]
) -> None:
    killer = fingerprint(clips[4])
    together, network = asking(tools, 3)

    def kills(batch: Sequence[Request]) -> None:
        if killer in [request.clip.footage for request in batch]:
            raise Dead

    network.fails = kills
    for path in clips:
        library.enqueue(SeenFile.of(path))
    deaths: list[list[int]] = []
    for _ in range(3):
        with suppress(Dead):
            list(work(library, together))
        deaths.append(network.batches.copy())
        network.batches.clear()
        library._held.close()  # the locks go with the process, and nothing is given back
        library = WritableLibrary.open(library.folder)
    # The first three are stored when the second batch kills; two more then have to be described alone before it.
    assert deaths == [[3, 3], [1, 1], [1]]
    network.fails = lambda _batch: None
    list(work(library, together))
    assert network.batches == [1, 1]
    (failure,) = library.status().failures
    assert (failure.path, failure.code) == (clips[4], "crash-loop")
    assert [captions(library, path) for path in clips if path != clips[4]] == [["Seen from 0.0 on."]] * 6
    library.close()


def test_work_that_is_left_gives_back_all_that_was_taken(
    library: WritableLibrary, tools: Tools, clips: list[Path]
) -> None:
    together, _ = asking(tools, 2)
    for path in clips:
        library.enqueue(SeenFile.of(path))
    going = work(library, together)
    next(going)
    assert library.status().jobs["running"] > 0
    going.close()  # type: ignore[attr-defined]
    assert library.status().jobs["running"] == 0
    assert [outcome.path for outcome in work(library, together)] == clips[1:]


def test_nothing_more_is_taken_when_it_is_time_to_rest_and_what_was_taken_is_finished(
    library: WritableLibrary, tools: Tools, clips: list[Path]
) -> None:
    together, network = asking(tools, 2)
    rounds = deque([True] * 5)
    for path in clips:
        library.enqueue(SeenFile.of(path))
    done = [outcome.path for outcome in work(library, together, more=lambda: bool(rounds) and rounds.popleft())]
    assert done == clips[:5]
    assert network.batches == [2, 2, 1]
    assert library.status().jobs["running"] == 0


@pytest.mark.slow
def test_two_captioners_each_have_their_own_batches(library: WritableLibrary, tools: Tools, clips: list[Path]) -> None:
    (first, one), (second, other) = asking(tools, 3), asking(tools, 2)
    second.captioners[0].name = "second"
    settings = tools.settings.model_copy(update={"captioners": ("scripted", "third", "second")})
    third = Scripted(lambda footage, _frames: [Event(footage.span, "All of it.")], name="third")
    every = replace(tools, settings=settings, captioners=(first.captioners[0], third, second.captioners[0]))
    outcomes = index(library, every, clips)
    assert [(outcome.path, outcome.reason) for outcome in outcomes] == [(path, None) for path in clips]
    assert (one.batches, other.batches) == ([3, 3, 1], [2, 2, 2, 1])
    assert sorted(captions(library, clips[6])) == ["All of it.", "Seen from 0.0 on.", "Seen from 0.0 on."]


class Short:
    """A captioner that tells of the first of several only, and then of no more."""

    name, version = "scripted", "1"

    def __init__(self, ends: Callable[[], None]) -> None:
        self.ends = ends

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        raise NotImplementedError

    def describe_all(self, shown: Iterable[tuple[Footage, FrameSource]]) -> Iterator[Sequence[Event] | Exception]:
        footages = [footage for footage, _ in shown]
        yield [Event(footages[0].span, "All of it.")]
        self.ends()


def broken() -> None:
    raise UnusableFootage("server", "The server is gone.", passing=True)


@pytest.mark.slow
@pytest.mark.parametrize(("ends", "code"), [(lambda: None, "unforeseen"), (broken, "server")])
def test_footage_that_a_captioner_forgets_fails(
    library: WritableLibrary, tools: Tools, clips: list[Path], ends: Callable[[], None], code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("CRITICAL")
    outcomes = index(library, replace(tools, captioners=(Short(ends),)), clips[:3])
    assert [outcome.reason is None for outcome in outcomes] == [True, False, False]
    assert [failure.code for failure in library.status().failures] == [code] * 2
